"""Idempotency keys, claimed inside the sealing commit: two requests with one key make one leaf, in any process.

A claim holds where the answer is to be found, never the answer, the key or the request: the key as an HMAC, and a
fingerprint of the request that is an HMAC too, so that nobody who steals the table can test what was said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select

from storage.bulk import insert_rows
from storage.prepared import Asked, Prepared, PreparedIn
from storage.times import from_ms, to_ms
from transparency.append import Place
from transparency.errors import KeyClaimed
from transparency.tables import idempotency_keys

KEY_LASTS: Final = timedelta(hours=24)
_COLUMNS: Final = idempotency_keys.c
MAC_BYTES: Final = 32
_CLAIM: Final = select(
    _COLUMNS.key_mac, _COLUMNS.fingerprint, _COLUMNS.log_id, _COLUMNS.idx, _COLUMNS.tree_size, _COLUMNS.claimed_at_ms
)
_FIND: Final = PreparedIn(_COLUMNS.key_mac, _CLAIM.where)
_FIND_BETWEEN: Final = Prepared(_CLAIM.where(_COLUMNS.key_mac.between(bindparam("low"), bindparam("high"))))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key was used for: the leaf it made, and the tree size of the receipt that was answered."""

    fingerprint: bytes
    place: Place
    tree_size: int
    claimed_at: datetime

    def is_current(self, at: datetime) -> bool:
        """Tell whether the key is still in use at `at`."""
        return at - self.claimed_at < KEY_LASTS


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """The part that claims a key for the leaf it is appended with.

    `key_mac` is 32 bytes of HMAC over operator, route and key: no two operators share one.
    """

    operator_id: str
    key_mac: bytes
    fingerprint: bytes
    at: datetime

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[KeyClaim]") -> "_Claims":
        """Load the claims there are on these keys, the expired ones too."""
        return _Claims(_FIND.ask(connection, list({part.key_mac for part in parts})))


class _Claims:
    """The keys in use, and those taken by this batch."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._asked = asked
        self._taken: dict[bytes, tuple[KeyClaim, Place]] = {}

    @cached_property
    def _claims(self) -> dict[bytes, Claim]:
        return {bytes(row[0]): _claim(row) for asked in self._asked for row in asked.rows()}

    def check(self, part: KeyClaim) -> None:
        """Raise KeyClaimed if the key is in use; its claim is None where the winner stands in this very batch."""
        if part.key_mac in self._taken:
            raise KeyClaimed(None)
        claim = self._claims.get(part.key_mac)
        if claim is not None and claim.is_current(part.at):
            raise KeyClaimed(claim)

    def take(self, part: KeyClaim, place: Place) -> None:
        """Note the claim."""
        self._taken[part.key_mac] = (part, place)

    def save(self, connection: Connection, tree_sizes: Mapping[str, int]) -> None:
        """Write the claims, in place of the expired ones."""
        expired = [mac for mac in self._taken if mac in self._claims]
        if expired:
            connection.execute(delete(idempotency_keys).where(_COLUMNS.key_mac.in_(expired)))
        insert_rows(
            connection,
            idempotency_keys,
            [
                {
                    "operator_id": part.operator_id,
                    "key_mac": part.key_mac,
                    "fingerprint": part.fingerprint,
                    "log_id": place.log_id,
                    "idx": place.index,
                    "tree_size": tree_sizes[place.log_id],
                    "claimed_at_ms": to_ms(part.at),
                }
                for part, place in self._taken.values()
            ],
        )


def load_claims(connection: Connection, prefix: bytes, *, at: datetime) -> dict[int, Claim]:
    """Return the claims that have not expired at `at` on the keys that begin with `prefix`, by what follows it."""
    low, high = (prefix + end * (MAC_BYTES - len(prefix)) for end in (b"\0", b"\xff"))
    rows = _FIND_BETWEEN.rows(connection, {"low": low, "high": high})
    found = {int.from_bytes(bytes(row[0])[len(prefix) :], "big"): _claim(row) for row in rows}
    return {number: claim for number, claim in found.items() if claim.is_current(at)}


def purge_claims(connection: Connection, *, at: datetime) -> int:
    """Delete the claims that have expired at `at`; return how many."""
    expired = _COLUMNS.claimed_at_ms <= to_ms(at - KEY_LASTS)
    return connection.execute(delete(idempotency_keys).where(expired)).rowcount


def _claim(row: tuple[Any, ...]) -> Claim:
    _, fingerprint, log_id, idx, tree_size, claimed_at_ms = row
    return Claim(bytes(fingerprint), Place(log_id, idx), tree_size, from_ms(claimed_at_ms))
