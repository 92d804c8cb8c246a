"""What happens to an operator, one step at a time: in its own log, and for everyone to read.

A step that is no change of state (those are `registry.lifecycle`) is a `registry` leaf over a record with a salt of its
own, and a row of the operator's public history; both are committed together with what the step changes, or neither:

    {"act":"evidence_added","at":"2026-11-29T12:00:00Z","by":"registrar","operator":"exempelbanken",
     "said":{"kind":"domain","method":"…"},"salt":"…","t":"registry","v":1}

What is said is public and stands there for ever: never a person's name, an address of a person, or a secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from registry.operators import mark_changed
from registry.tables import operator_steps
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.report.trust import GUARANTOR
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.times import from_ms, to_ms
from transparency.append import Append, Appended, Guard, Write
from transparency.log import TransparencyLog

_SALT_BYTES: Final = 16
_VERSION: Final = 1
_MAX_INDEX: Final = 2**53 - 1  # PostgreSQL would refuse to look for a larger one than it can hold


class Act(StrEnum):
    """What was done."""

    EVIDENCE_ADDED = "evidence_added"
    EVIDENCE_ENDED = "evidence_ended"
    CHECK_FAILED = "check_failed"
    ALARM_DISMISSED = "alarm_dismissed"
    DECIDED = "decided"
    DECISION_PROPOSED = "decision_proposed"
    DECISION_CONFIRMED = "decision_confirmed"
    DECISION_REJECTED = "decision_rejected"
    DECISION_WITHDRAWN = "decision_withdrawn"
    APPEAL_MADE = "appeal_made"
    APPEAL_ANSWERED = "appeal_answered"
    RENAMED = "renamed"
    MERGED = "merged"
    LIKENESS_FOUND = "likeness_found"
    LIKENESS_ACCEPTED = "likeness_accepted"
    LIKENESS_REFUSED = "likeness_refused"
    AI_SYSTEM_ADDED = "ai_system_added"
    AI_SYSTEM_ENDED = "ai_system_ended"
    CLIENT_ADDED = "client_added"
    CLIENT_REVOKED = "client_revoked"
    CLIENT_KEY_ADDED = "client_key_added"
    CLIENT_KEY_REVOKED = "client_key_revoked"
    API_KEY_ADDED = "api_key_added"
    API_KEY_REVOKED = "api_key_revoked"
    PERSON_ADDED = "person_added"
    PERSON_ENDED = "person_ended"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REVOKED = "passkey_revoked"
    SUBJECT_BOUND = "subject_bound"
    SUBJECT_UNBOUND = "subject_unbound"
    CONTACT_DECLARED = "contact_declared"
    CONTACT_CONTESTED = "contact_contested"
    CONTACT_ADDED = "contact_added"
    CONTACT_RENEWED = "contact_renewed"
    CONTACT_REFUSED = "contact_refused"
    CONTACT_ENDED = "contact_ended"
    PROMISE_MADE = "promise_made"
    PROMISE_ENDED = "promise_ended"
    TOTALS_DECLARED = "totals_declared"
    MANDATE_GIVEN = "mandate_given"
    MANDATE_ACCEPTED = "mandate_accepted"
    MANDATE_REVOKED = "mandate_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `by` is who took it, as everyone may read it: `the operator`, `registrar pe-…`, `re-check`.

    `at` is aware, UTC, in whole seconds.
    """

    act: Act
    at: datetime
    by: str
    said: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """A step as the history holds it, with its leaf's index."""

    step: Step
    index: int


def log_step(
    operator_id: str,
    step: Step,
    *,
    log: TransparencyLog,
    random: Callable[[int], bytes],
    guards: tuple[Guard, ...] = (),
    writes: tuple[Write, ...] = (),
) -> Appended:
    """Take a step: its leaf, its row of the history and `writes` are committed together, on the condition `guards`.

    The operator's revision counts up, so that whoever seals learns of it within a second. `operator_id` may be
    GUARANTOR, whose log must exist (`TransparencyLog.create_log`). Raises what `guards` and `writes` raise, LogUnknown,
    StoreUnavailable. Writes may run again after a rollback: they do nothing but use their connection.
    """
    step = Step(act=step.act, at=step.at.astimezone(UTC).replace(microsecond=0), by=step.by, said=step.said)
    record = format_step(operator_id, step, salt=random(_SALT_BYTES))

    def note(connection: Connection, index: int) -> None:
        note_step(connection, operator_id, step, index)
        if operator_id != GUARANTOR:
            mark_changed(connection, operator_id)

    leaf = leaf_of(LeafKind.REGISTRY, record)
    return log.append(Append(operator_id, leaf, record=record, guards=guards, writes=(*writes, note)))


def note_step(connection: Connection, operator_id: str, step: Step, index: int) -> None:
    """Write a step into the public history, in the transaction that appends its leaf at `index`."""
    connection.execute(
        insert(operator_steps).values(
            operator_id=operator_id,
            idx=index,
            act=step.act.value,
            at_ms=to_ms(step.at),
            by=step.by,
            said=dict(step.said),
        )
    )


def format_step(operator_id: str, step: Step, *, salt: bytes) -> bytes:
    """Return the record of a step (RFC 8785): what its leaf holds the SHA-256 of."""
    record: dict[str, Json] = {
        "v": _VERSION,
        "t": LeafKind.REGISTRY.value,
        "salt": format_base64url(salt),
        "operator": operator_id,
        "act": step.act.value,
        "at": f"{step.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "by": step.by,
        "said": dict(step.said),
    }
    return format_canonical_json(record)


def list_steps(connection: Connection, operator_id: str) -> tuple[LoggedStep, ...]:
    """Return an operator's steps, the oldest first."""
    query = select(operator_steps).where(operator_steps.c.operator_id == operator_id)
    return tuple(_read(row) for row in connection.execute(query.order_by(operator_steps.c.idx)))


def list_newest_steps(
    connection: Connection, operator_id: str, *, limit: int, before: int | None = None
) -> tuple[LoggedStep, ...]:
    """Return at most `limit` steps, the newest first: all, or those of leaves before the index `before`."""
    query = select(operator_steps).where(operator_steps.c.operator_id == operator_id)
    if before is not None:
        query = query.where(operator_steps.c.idx < min(max(before, 0), _MAX_INDEX))
    return tuple(_read(row) for row in connection.execute(query.order_by(operator_steps.c.idx.desc()).limit(limit)))


def _read(row: Row[Any]) -> LoggedStep:
    return LoggedStep(Step(act=Act(row.act), at=from_ms(row.at_ms), by=row.by, said=row.said), row.idx)
