"""Releases as the database keeps them: for minutes while they wait; their evidence for as long as the message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from registry.ids import make_id
from releases.errors import EvidenceNotFound, ReleaseGiven, ReleaseNotFound, ReleaseUsed
from releases.tables import release_evidence, releases
from sigill.presence.statement import Statement, format_statement, parse_statement
from storage.times import from_ms, to_ms

KEPT_LONGER: Final = timedelta(hours=1)
"""How long an expired release is still known as one, without what it was to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. `shown` is what its page decrypts; `passkey_id` and `evidence` are there once it was given."""

    id: str
    operator_id: str
    statement: Statement
    expires_at: datetime
    shown: bytes | None = field(default=None, repr=False)
    passkey_id: str | None = None
    evidence: bytes | None = field(default=None, repr=False)


def make_release_id(randomness: bytes) -> str:
    """Return an id from 20 random bytes: `re-` and 20 Crockford symbols in lower case."""
    return make_id("re", randomness)


def save_release(connection: Connection, release: Release) -> None:
    """Insert a release that nobody has given yet."""
    connection.execute(
        insert(releases).values(
            id=release.id,
            operator_id=release.operator_id,
            statement=format_statement(release.statement),
            shown=release.shown,
            expires_at_ms=to_ms(release.expires_at),
        )
    )


def load_release(connection: Connection, release_id: str) -> Release:
    """Return a release that waits, expired or not. Raises ReleaseUsed, ReleaseNotFound."""
    name = release_id.replace("\x00", "")
    row = connection.execute(select(releases).where(releases.c.id == name)).first()
    if row is None:
        used = select(release_evidence.c.jti).where(release_evidence.c.release_id == name)
        if connection.execute(used).first() is not None:
            raise ReleaseUsed("a message was sealed with this release already")
        raise ReleaseNotFound("no release has this id")
    return Release(
        id=row.id,
        operator_id=row.operator_id,
        statement=parse_statement(bytes(row.statement)),
        expires_at=from_ms(row.expires_at_ms),
        shown=None if row.shown is None else bytes(row.shown),
        passkey_id=row.passkey_id,
        evidence=None if row.evidence is None else bytes(row.evidence),
    )


def give_release(connection: Connection, release_id: str, *, passkey_id: str, evidence: bytes) -> None:
    """Note that somebody released it; what was shown is forgotten. Raises ReleaseGiven for whoever comes second."""
    waiting = (releases.c.id == release_id) & releases.c.evidence.is_(None)
    given = {"passkey_id": passkey_id, "evidence": evidence, "shown": None}
    if connection.execute(update(releases).where(waiting).values(given)).rowcount != 1:
        raise ReleaseGiven("it was released already")


def purge_releases(connection: Connection, *, at: datetime) -> int:
    """Forget what expired releases were to show, and releases that expired an hour ago; return how many of these."""
    columns = releases.c
    expired = (columns.expires_at_ms <= to_ms(at)) & columns.shown.is_not(None)
    connection.execute(update(releases).where(expired).values(shown=None))
    return connection.execute(delete(releases).where(columns.expires_at_ms <= to_ms(at - KEPT_LONGER))).rowcount


def load_evidence(connection: Connection, jti: str) -> bytes:
    """Return the evidence of a sealed message. Raises EvidenceNotFound."""
    row = connection.execute(select(release_evidence.c.record).where(release_evidence.c.jti == jti)).first()
    if row is None:
        raise EvidenceNotFound("this message was not released at attestation level A")
    return bytes(row.record)


def forget_evidence(connection: Connection, ids: Sequence[str]) -> None:
    """Delete the evidence of these messages."""
    connection.execute(delete(release_evidence).where(release_evidence.c.jti.in_(ids)))
