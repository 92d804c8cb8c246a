"""Checks and their answers as the database keeps them, and when each is due again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select

from registry.applying.errors import CheckUnknown
from registry.applying.tables import check_answers, check_schedule, checks
from registry.checks.conclusion import digest_of
from registry.checks.kept import CheckStatus, KeptCheck
from registry.checks.outcome import Outcome, StoredAnswer
from registry.model import Evidence, EvidenceKind
from registry.tables import evidence
from storage.times import from_ms, to_ms

MAX_KEPT_BODY: Final = 4 * 1024 * 1024
"""The longest answer that is kept: a revocation list of 4 MiB; of a longer one its hash and size are kept."""

LISTED: Final = 200
_MAX_SOURCE: Final = 2200
_MAX_TYPE: Final = 100
_MAX_SUBJECT: Final = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it is kept; `body` is None where only its hash (base64url) and size are."""

    source: str
    media_type: str
    sha256: str
    size: int
    body: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A check that is to be made again, and how often in a row it could not be."""

    operator_id: str
    kind: EvidenceKind
    subject: str
    due_at: datetime
    tries: int


def save_check(connection: Connection, check: KeptCheck, answers: Sequence[StoredAnswer], *, keep_bodies: bool) -> None:
    """Insert a check with what was answered; without `keep_bodies` only the answers' hashes."""
    connection.execute(
        insert(checks).values(
            id=check.id,
            operator_id=check.operator_id,
            kind=check.kind.value,
            subject=check.subject,
            outcome=check.outcome.value,
            status=check.status.value,
            method=check.method[:200],
            reason=check.reason[:40],
            detail=_storable(check.detail),
            facts={name: _storable(value) for name, value in check.facts.items()},
            checked_by=check.checked_by,
            checked_at_ms=to_ms(check.checked_at),
            valid_until_ms=None if check.valid_until is None else to_ms(check.valid_until),
            evidence_id=check.evidence_id,
        )
    )
    for position, answer in enumerate(answers):
        kept = keep_bodies and len(answer.body) <= MAX_KEPT_BODY
        connection.execute(
            insert(check_answers).values(
                check_id=check.id,
                position=position,
                source=_storable(answer.source)[:_MAX_SOURCE],
                media_type=_storable(answer.media_type)[:_MAX_TYPE],
                sha256=digest_of(answer.body),
                size=len(answer.body),
                body=answer.body if kept else None,
                at_ms=to_ms(answer.at),
            )
        )


def list_checks(connection: Connection, operator_id: str, *, limit: int = LISTED) -> tuple[KeptCheck, ...]:
    """Return an operator's checks, the newest first."""
    return _select(connection, checks.c.operator_id == operator_id, limit)


def list_alarms(connection: Connection, *, limit: int = LISTED) -> tuple[KeptCheck, ...]:
    """Return the checks that a registrar has to look at, of all operators, the newest first."""
    return _select(connection, checks.c.status == CheckStatus.ALARM.value, limit)


def find_passed(connection: Connection, operator_id: str, *, kind: EvidenceKind, subject: str) -> KeptCheck | None:
    """Return the newest check of a subject that added evidence: its answers are kept whole."""
    found = _select(connection, _about(checks, operator_id, kind, subject) & checks.c.evidence_id.is_not(None), 1)
    return found[0] if found else None


def load_check(connection: Connection, check_id: str) -> KeptCheck:
    """Return one check. Raises CheckUnknown."""
    found = () if "\x00" in check_id else _select(connection, checks.c.id == check_id, 1)
    if not found:
        raise CheckUnknown("no check has this id")
    return found[0]


def load_answers(connection: Connection, check_id: str) -> tuple[KeptAnswer, ...]:
    """Return what was answered in a check, in the order it was asked."""
    query = select(check_answers).where(check_answers.c.check_id == check_id).order_by(check_answers.c.position)
    return tuple(
        KeptAnswer(
            source=row.source,
            media_type=row.media_type,
            sha256=row.sha256,
            size=row.size,
            body=row.body,
            at=from_ms(row.at_ms),
        )
        for row in connection.execute(query)
    )


def held_evidence(
    connection: Connection, operator_id: str, *, kind: EvidenceKind, subject: str, at: datetime
) -> tuple[Evidence, ...]:
    """Return the evidence that checks of one subject added and that holds at `at`."""
    query = (
        select(evidence)
        .join(checks, checks.c.evidence_id == evidence.c.id)
        .where(_about(checks, operator_id, kind, subject))
        .where(evidence.c.valid_until_ms > to_ms(at))
        .order_by(evidence.c.id)
    )
    return tuple(
        Evidence(
            id=row.id,
            kind=EvidenceKind(row.kind),
            method=row.method,
            checked_by=row.checked_by,
            valid_from=from_ms(row.valid_from_ms),
            valid_until=from_ms(row.valid_until_ms),
        )
        for row in connection.execute(query)
    )


def proven_domains(connection: Connection, operator_id: str, *, at: datetime) -> tuple[str, ...]:
    """Return the domains that an operator has shown to be its own, as of `at`, sorted."""
    query = (
        select(checks.c.subject)
        .distinct()
        .join(evidence, checks.c.evidence_id == evidence.c.id)
        .where(checks.c.operator_id == operator_id, checks.c.kind == EvidenceKind.DOMAIN.value)
        .where(evidence.c.valid_from_ms <= to_ms(at), evidence.c.valid_until_ms > to_ms(at))
        .order_by(checks.c.subject)
    )
    return tuple(row.subject for row in connection.execute(query))


def schedule(connection: Connection, due: Due) -> None:
    """Note when a check is due again, in place of what was noted before."""
    unschedule(connection, due.operator_id, kind=due.kind, subject=due.subject)
    connection.execute(
        insert(check_schedule).values(
            operator_id=due.operator_id,
            kind=due.kind.value,
            subject=due.subject,
            due_at_ms=to_ms(due.due_at),
            tries=due.tries,
        )
    )


def unschedule(connection: Connection, operator_id: str, *, kind: EvidenceKind, subject: str) -> None:
    """Note that a check is not made again by itself."""
    connection.execute(delete(check_schedule).where(_about(check_schedule, operator_id, kind, subject)))


def list_due(connection: Connection, *, at: datetime, limit: int) -> tuple[Due, ...]:
    """Return what is due at `at`, the longest due first."""
    query = select(check_schedule).where(check_schedule.c.due_at_ms <= to_ms(at))
    rows = connection.execute(query.order_by(check_schedule.c.due_at_ms, check_schedule.c.operator_id).limit(limit))
    return tuple(_due(row) for row in rows)


def find_due(connection: Connection, operator_id: str, *, kind: EvidenceKind, subject: str) -> Due | None:
    """Return when a check is due again, None where it is not."""
    row = connection.execute(select(check_schedule).where(_about(check_schedule, operator_id, kind, subject))).first()
    return None if row is None else _due(row)


def readable_subject(subject: str) -> str:
    """Return a subject as the tables take it: bounded."""
    return _storable(subject)[:_MAX_SUBJECT]


def _select(connection: Connection, which: ColumnElement[bool], limit: int) -> tuple[KeptCheck, ...]:
    query = select(checks).where(which).order_by(checks.c.checked_at_ms.desc(), checks.c.id.desc()).limit(limit)
    return tuple(_check(row) for row in connection.execute(query))


def _about(table: Any, operator_id: str, kind: EvidenceKind, subject: str) -> ColumnElement[bool]:  # noqa: ANN401
    found: ColumnElement[bool] = (
        (table.c.operator_id == operator_id) & (table.c.kind == kind.value) & (table.c.subject == subject)
    )
    return found


def _check(row: Row[Any]) -> KeptCheck:
    return KeptCheck(
        id=row.id,
        operator_id=row.operator_id,
        kind=EvidenceKind(row.kind),
        subject=row.subject,
        outcome=Outcome(row.outcome),
        status=CheckStatus(row.status),
        method=row.method,
        reason=row.reason,
        detail=row.detail,
        facts=row.facts,
        checked_by=row.checked_by,
        checked_at=from_ms(row.checked_at_ms),
        valid_until=None if row.valid_until_ms is None else from_ms(row.valid_until_ms),
        evidence_id=row.evidence_id,
    )


def _due(row: Row[Any]) -> Due:
    return Due(
        operator_id=row.operator_id,
        kind=EvidenceKind(row.kind),
        subject=row.subject,
        due_at=from_ms(row.due_at_ms),
        tries=row.tries,
    )


def _storable(text: str) -> str:
    """Return a text from outside without what a database cannot keep: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
