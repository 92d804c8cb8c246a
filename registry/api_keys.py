"""API keys: `sigill_<prefix>_<secret>`, shown once, stored as a hash of the secret.

The prefix (8 symbols) names the key in lists and logs; the secret has 256 random bits, so a plain SHA-256 is enough:
there is nothing to guess. Comparison takes the same time whatever differs.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from registry.errors import ApiKeyUnknown, CredentialExpired, CredentialMissing, CredentialUnknown, ScopeMissing
from registry.model import Credential, OperatorId, Role, Scope
from registry.tables import api_keys
from sigill.encoding.base64url import format_base64url
from sigill.encoding.ulid import CROCKFORD
from storage.times import from_ms, to_ms

_FORM: Final = re.compile(r"sigill_([0-9a-z]{8})_([A-Za-z0-9_-]{43})\Z")
_PREFIX_SYMBOLS: Final = 8
_RANDOM_BYTES: Final = 40
_NOBODYS_HASH: Final = "-" * 43  # as long as a hash, so that an unknown prefix takes as long as a wrong secret
OF_ALL_OPERATORS: Final = frozenset({Role.AUDITOR, Role.REGISTRAR})

SCOPES: Final = {
    Role.SIGNER: frozenset({Scope.MESSAGES_SIGN, Scope.MESSAGES_READ, Scope.DECISIONS_ASK}),
    Role.ADMIN: frozenset(
        {
            Scope.MESSAGES_READ,
            Scope.MESSAGES_ERASE,
            Scope.DECISIONS_ASK,
            Scope.CLIENTS_MANAGE,
            Scope.OPERATOR_MANAGE,
            Scope.STAFF_MANAGE,
        }
    ),
    Role.AUDITOR: frozenset({Scope.MESSAGES_READ, Scope.LOG_READ_ENTRIES}),
    Role.REGISTRAR: frozenset({Scope.REGISTRY_DECIDE}),
}


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made: `text` is shown once, the rest is kept."""

    text: str
    prefix: str
    secret_hash: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as it is listed: never its secret."""

    credential: Credential
    created_at: datetime


def make_api_key(randomness: bytes) -> NewApiKey:
    """Make a key from 40 random bytes."""
    if len(randomness) != _RANDOM_BYTES:
        raise ValueError("an API key takes 40 random bytes")
    prefix = "".join(CROCKFORD[byte & 31] for byte in randomness[:_PREFIX_SYMBOLS]).lower()
    secret = format_base64url(randomness[_PREFIX_SYMBOLS:])
    return NewApiKey(f"sigill_{prefix}_{secret}", prefix, _hash(secret))


def save_api_key(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    key: NewApiKey,
    *,
    name: str,
    role: Role,
    operator_id: OperatorId | None,
    created_at: datetime,
    expires_at: datetime,
    person: str | None = None,
) -> None:
    """Keep a new key's hash. Raises ValueError for a key of no operator whose role acts for one.

    `person` is the id of the one who alone holds it; None for a program's key.
    """
    if operator_id is None and role not in OF_ALL_OPERATORS:
        raise ValueError(f"a key with the role {role} belongs to an operator")
    connection.execute(
        insert(api_keys).values(
            prefix=key.prefix,
            secret_hash=key.secret_hash,
            operator_id=operator_id,
            name=name,
            role=role.value,
            created_at_ms=to_ms(created_at),
            expires_at_ms=to_ms(expires_at),
            revoked_at_ms=None,
            person_id=person,
        )
    )


def authenticate(connection: Connection, text: str | None, *, at: datetime) -> Credential:
    """Return who holds the key `text`. Raises CredentialMissing, CredentialUnknown, CredentialExpired."""
    if not text:
        raise CredentialMissing("no API key was given")
    match = _FORM.match(text)
    if match is None:
        raise CredentialUnknown("not an API key; one looks like sigill_<8 symbols>_<43 symbols>")
    prefix, secret = match.groups()
    row = connection.execute(select(api_keys).where(api_keys.c.prefix == prefix)).one_or_none()
    expected = row.secret_hash if row is not None else _NOBODYS_HASH
    if not hmac.compare_digest(_hash(secret), expected) or row is None:
        raise CredentialUnknown("no such API key")
    credential = _credential(row)
    check_current(credential, at)
    return credential


def list_api_keys(connection: Connection, *, operator_id: str) -> tuple[ListedKey, ...]:
    """Return an operator's keys, the oldest first, those that ended too; nobody can return their secrets."""
    query = select(api_keys).where(api_keys.c.operator_id == operator_id)
    rows = connection.execute(query.order_by(api_keys.c.created_at_ms, api_keys.c.prefix))
    return tuple(ListedKey(_credential(row), from_ms(row.created_at_ms)) for row in rows)


def load_listed_key(connection: Connection, prefix: str) -> ListedKey:
    """Return a key by its prefix, whosever it is. Raises ApiKeyUnknown."""
    known = (
        None if "\x00" in prefix else connection.execute(select(api_keys).where(api_keys.c.prefix == prefix)).first()
    )
    if known is None:
        raise ApiKeyUnknown("there is no such key")
    return ListedKey(_credential(known), from_ms(known.created_at_ms))


def check_scope(credential: Credential, scope: Scope) -> None:
    """Raise ScopeMissing unless the credential's role has `scope`, and the credential was not narrowed to others."""
    allowed = SCOPES[credential.role]
    if credential.scopes is not None:
        allowed &= credential.scopes
    if scope not in allowed:
        told = ", ".join(sorted(allowed)) or "nothing here"
        raise ScopeMissing(f"this {credential.kind} of role {credential.role} allows {told}; this call needs {scope}")


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        prefix=row.prefix,
        name=row.name,
        role=Role(row.role),
        operator_id=OperatorId(row.operator_id) if row.operator_id is not None else None,
        expires_at=from_ms(row.expires_at_ms),
        revoked_at=None if row.revoked_at_ms is None else from_ms(row.revoked_at_ms),
        person=row.person_id,
    )


def check_current(credential: Credential, at: datetime) -> None:
    """Raise CredentialExpired if the credential was revoked or has run out at `at`."""
    if credential.revoked_at is not None:
        revoked = f"was revoked on {credential.revoked_at:%Y-%m-%d}"
        raise CredentialExpired(f"the {credential.kind} {credential.prefix} {revoked}")
    if at >= credential.expires_at:
        ended = f"was valid until {credential.expires_at:%Y-%m-%d}"
        raise CredentialExpired(f"the {credential.kind} {credential.prefix} {ended}")


def _hash(secret: str) -> str:
    return format_base64url(hashlib.sha256(secret.encode("ascii")).digest())
