"""Sessions at the desk: a random cookie, kept as a hash, so that a thief of the database has nobody's session.

A session ends after 30 minutes without use, after 12 hours in any case, with its person, and with the passkey that was
shown for it. It is looked up at every request, so each of these counts at once and in every process.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from registry.people.model import Person, PersonId
from registry.people.store import load_person
from registry.tables import desk_sessions, passkeys
from sigill.encoding.base64url import format_base64url
from storage.times import from_ms, to_ms

IDLE: Final = timedelta(minutes=30)
LASTS: Final = timedelta(hours=12)
NOTED_EVERY: Final = timedelta(minutes=1)
TOKEN_BYTES: Final = 32
_MAX_TOKEN: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody signed in. `csrf` is what every form of this session carries; it does not give the cookie away."""

    person: Person
    passkey_id: str | None
    csrf: str
    created_at: datetime
    used_at: datetime


def start_session(
    connection: Connection, person_id: PersonId, *, passkey_id: str | None, at: datetime, randomness: bytes
) -> str:
    """Begin a session from 32 random bytes; return the cookie's value."""
    if len(randomness) != TOKEN_BYTES:
        raise ValueError("a session takes 32 random bytes")
    token = format_base64url(randomness)
    connection.execute(
        insert(desk_sessions).values(
            digest=_digest(token),
            person_id=person_id,
            passkey_id=passkey_id,
            created_at_ms=to_ms(at),
            used_at_ms=to_ms(at),
        )
    )
    return token


def load_session(connection: Connection, token: str, *, at: datetime) -> Session | None:
    """Return the session of a cookie that is good at `at`; None for any other."""
    if not token or len(token) > _MAX_TOKEN:
        return None
    row = connection.execute(select(desk_sessions).where(desk_sessions.c.digest == _digest(token))).first()
    if row is None or _is_over(from_ms(row.created_at_ms), from_ms(row.used_at_ms), at):
        return None
    person = load_person(connection, row.person_id)
    if person.ended_at is not None:
        return None
    if row.passkey_id is not None and not _is_good(connection, row.passkey_id):
        return None
    return Session(
        person=person,
        passkey_id=row.passkey_id,
        csrf=csrf_of(token),
        created_at=from_ms(row.created_at_ms),
        used_at=from_ms(row.used_at_ms),
    )


def note_session_used(connection: Connection, token: str, *, at: datetime) -> None:
    """Remember that a session was used."""
    which = desk_sessions.c.digest == _digest(token)
    connection.execute(update(desk_sessions).where(which).values(used_at_ms=to_ms(at)))


def end_session(connection: Connection, token: str) -> None:
    """Forget one session."""
    connection.execute(delete(desk_sessions).where(desk_sessions.c.digest == _digest(token)))


def end_sessions(connection: Connection, person_id: str) -> int:
    """Forget all sessions of a person; return how many there were."""
    return connection.execute(delete(desk_sessions).where(desk_sessions.c.person_id == person_id)).rowcount


def purge_sessions(connection: Connection, *, at: datetime) -> int:
    """Forget the sessions that are over at `at`; return how many."""
    over = (desk_sessions.c.created_at_ms <= to_ms(at - LASTS)) | (desk_sessions.c.used_at_ms <= to_ms(at - IDLE))
    return connection.execute(delete(desk_sessions).where(over)).rowcount


def csrf_of(token: str) -> str:
    """Return what the forms of a cookie's session carry: made of it by a one-way function."""
    return format_base64url(hashlib.sha256(b"sigill/desk/csrf/v1\0" + token.encode("utf-8", "surrogatepass")).digest())


def _is_over(created_at: datetime, used_at: datetime, at: datetime) -> bool:
    return at >= created_at + LASTS or at >= used_at + IDLE


def _is_good(connection: Connection, passkey_id: str) -> bool:
    query = select(passkeys.c.id).where((passkeys.c.id == passkey_id) & passkeys.c.revoked_at_ms.is_(None))
    return connection.execute(query).first() is not None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
