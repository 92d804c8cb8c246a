"""What an authenticator is asked to sign: 48 bytes that only this service makes, for one browser, good for ten minutes.

    milliseconds (8) || random (16) || HMAC-SHA256(secret, purpose 00 milliseconds random binding), its first 24 bytes

Nothing is stored when one is made, so asking for a page writes nothing. When it comes back signed, its hash is stored
beside those of client assertions: whose row is first, in whichever process, wins.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from registry.errors import PasskeyFault, PasskeyRefused
from registry.tables import used_assertions
from storage.times import from_ms, to_ms

LASTS: Final = timedelta(minutes=10)
RANDOM_BYTES: Final = 16
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 24
_LENGTH: Final = _TIME_BYTES + RANDOM_BYTES + _MAC_BYTES
_LATEST_MS: Final = 2**53


class Purpose(StrEnum):
    """What a challenge is for: one is never good for another."""

    SIGN_IN = "sign-in"
    ENROL = "enrol"


def make_challenge(purpose: Purpose, *, binding: str, secret: bytes, at: datetime, randomness: bytes) -> bytes:
    """Return a new challenge from 16 random bytes; `binding` is what only the browser it is for brings back."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError("a challenge takes 16 random bytes")
    head = to_ms(at).to_bytes(_TIME_BYTES, "big") + randomness
    return head + _mac(purpose, head, binding, secret)


def check_challenge(challenge: bytes, purpose: Purpose, *, binding: str, secret: bytes, at: datetime) -> None:
    """Raise PasskeyRefused unless the challenge was made here for this purpose and binding, and is still good."""
    head, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    if len(challenge) != _LENGTH or not hmac.compare_digest(_mac(purpose, head, binding, secret), mac):
        raise PasskeyRefused(PasskeyFault.WRONG_CHALLENGE, "something else was signed than was asked for: try again")
    made_ms = int.from_bytes(head[:_TIME_BYTES], "big")
    if made_ms > _LATEST_MS or not from_ms(made_ms) <= at < from_ms(made_ms) + LASTS:
        raise PasskeyRefused(PasskeyFault.WRONG_CHALLENGE, "the page was open for too long: try again")


def use_challenge(connection: Connection, challenge: bytes, *, at: datetime) -> None:
    """Mark a challenge as used. Raises PasskeyRefused where it was used before."""
    digest = hashlib.sha256(b"sigill/passkey-challenge/v1\0" + challenge).digest()
    row = {"digest": digest, "expires_at_ms": to_ms(at + LASTS)}
    insert: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = insert(used_assertions).values(row).on_conflict_do_nothing().returning(used_assertions.c.expires_at_ms)
    if connection.execute(statement).first() is None:
        raise PasskeyRefused(PasskeyFault.REPLAYED, "this answer was used before: try again")


def _mac(purpose: Purpose, head: bytes, binding: str, secret: bytes) -> bytes:
    message = purpose.encode() + b"\0" + head + binding.encode("utf-8", "surrogatepass")
    return hmac.digest(secret, message, "sha256")[:_MAC_BYTES]
