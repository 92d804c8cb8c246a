"""Writing down what came of a check: the check, its answers, its evidence and the step of the log, in one commit."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from registry.applying.kept_checks import (
    Due,
    held_evidence,
    readable_subject,
    save_check,
    schedule,
    unschedule,
)
from registry.applying.world import ApplyingWorld
from registry.checks.conclusion import Checking, Conclusion, conclude
from registry.checks.kept import KeptCheck
from registry.checks.outcome import CheckResult, Outcome
from registry.model import Evidence
from registry.operators import add_evidence, end_evidence, lock_operator
from registry.steps import log_step
from sigill.encoding.ulid import format_ulid
from storage.engine import reading, writing
from transparency.append import Write
from transparency.errors import GuardFailed

_ULID_BYTES: Final = 10
_TRIES: Final = 5
Also = Callable[[Connection], None]
"""Something that is committed with a check that passed; it may raise GuardFailed."""


def record_check(
    operator_id: str, result: CheckResult, checking: Checking, *, world: ApplyingWorld, if_passed: Also | None = None
) -> KeptCheck:
    """Keep a check and do what follows from it (`registry.checks.conclusion`). Returns it as it is kept.

    Whoever checks the same at the same time is waited out: what follows is decided anew. Raises GuardFailed (after
    some tries, or by `if_passed`), LogUnknown, StoreUnavailable.
    """
    for turn in range(_TRIES):
        try:
            return _record_once(operator_id, result, checking, world=world, if_passed=if_passed)
        except GuardFailed:
            if turn == _TRIES - 1:
                raise
    raise AssertionError("the loop returns or raises")  # pragma: no cover


def _record_once(
    operator_id: str, result: CheckResult, checking: Checking, *, world: ApplyingWorld, if_passed: Also | None
) -> KeptCheck:
    at, subject = world.now(), readable_subject(checking.subject)

    def held(connection: Connection) -> tuple[Evidence, ...]:
        return held_evidence(connection, operator_id, kind=result.kind, subject=subject, at=at)

    with reading(world.engine) as connection:
        known = held(connection)
    evidence_id = format_ulid(at=at, randomness=world.random(_ULID_BYTES))
    done = conclude(result, checking, held=known, at=at, evidence_id=evidence_id)
    check = _kept(operator_id, result, checking, done, world=world)

    def guard(connection: Connection) -> None:
        lock_operator(connection, operator_id)
        if held(connection) != known:
            raise GuardFailed("the operator's evidence was changed meanwhile")

    def write(connection: Connection, _index: int) -> None:
        _write(connection, check, result, done)
        if if_passed is not None and result.outcome is Outcome.PASSED:
            if_passed(connection)

    _commit(operator_id, done, guard=guard, write=write, world=world)
    return check


def _commit(
    operator_id: str,
    done: Conclusion,
    *,
    guard: Callable[[Connection], None],
    write: Write,
    world: ApplyingWorld,
) -> None:
    """Commit with a leaf where there is something for the log to say, without one otherwise."""
    if done.step is not None:
        log_step(operator_id, done.step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
        return
    with writing(world.engine) as connection:
        guard(connection)
        write(connection, -1)


def _write(connection: Connection, check: KeptCheck, result: CheckResult, done: Conclusion) -> None:
    if done.adds is not None:
        add_evidence(connection, check.operator_id, done.adds)
    if done.ends and done.step is not None:
        end_evidence(connection, done.ends, at=done.step.at)
    changed = done.step is not None or result.outcome is not Outcome.PASSED
    save_check(connection, check, result.answers, keep_bodies=changed)
    if done.due_at is None:
        unschedule(connection, check.operator_id, kind=check.kind, subject=check.subject)
    else:
        due = Due(
            operator_id=check.operator_id,
            kind=check.kind,
            subject=check.subject,
            due_at=done.due_at,
            tries=done.tries,
        )
        schedule(connection, due)


def _kept(
    operator_id: str, result: CheckResult, checking: Checking, done: Conclusion, *, world: ApplyingWorld
) -> KeptCheck:
    return KeptCheck(
        id=format_ulid(at=world.now(), randomness=world.random(_ULID_BYTES)),
        operator_id=operator_id,
        kind=result.kind,
        subject=readable_subject(checking.subject),
        outcome=result.outcome,
        status=done.status,
        method=result.method,
        reason=str(result.reason),
        detail=result.detail,
        facts=dict(result.facts),
        checked_by=checking.checked_by,
        checked_at=result.checked_at,
        valid_until=result.valid_until,
        evidence_id=None if done.adds is None else done.adds.id,
    )
