"""Operators as the database keeps them, and what each may do.

Nothing here is logged: `registry.lifecycle` makes these writes together with their leaf in the operator's own log.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, insert, select, update

from registry.errors import (
    AiSystemUnknown,
    ApplicationInvalid,
    OperatorNotFound,
    OperatorNotVerified,
    OperatorSuspended,
    TransitionRefused,
)
from registry.model import (
    AiSystem,
    Environment,
    Evidence,
    Operator,
    OperatorId,
    StateChange,
)
from registry.operator_parts import (
    insert_ai_system,
    insert_change,
    insert_evidence,
    load_ai_systems,
    load_evidence,
    load_former_names,
    load_history,
    load_successor,
)
from registry.tables import ai_systems, evidence, operator_states, operators
from sigill.report.standing import State
from sigill.vocabulary import Industry
from storage.engine import reading
from storage.times import to_ms

MAX_AI_SYSTEMS: Final = 200
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.APPLIED: frozenset({State.VERIFIED, State.REVOKED}),
    State.VERIFIED: frozenset({State.SUSPENDED, State.REVOKED}),
    State.SUSPENDED: frozenset({State.VERIFIED, State.REVOKED}),
    State.REVOKED: frozenset(),
}
AFTER_APPEAL: Final[Mapping[State, frozenset[State]]] = {**TRANSITIONS, State.REVOKED: frozenset({State.VERIFIED})}
"""The same, where an appeal against a revocation was upheld."""


def load_operator(connection: Connection, operator_id: str) -> Operator:
    """Return one operator with history, evidence and AI systems. Raises OperatorNotFound."""
    if "\x00" in operator_id:
        raise OperatorNotFound("no operator has this id")
    row = connection.execute(select(operators).where(operators.c.id == operator_id)).one_or_none()
    if row is None:
        raise OperatorNotFound("no operator has this id")
    return Operator(
        id=OperatorId(row.id),
        name=row.name,
        identifier=row.identifier,
        industry=Industry(row.industry),
        environment=Environment(row.environment),
        markets=tuple(row.markets),
        flags=tuple(row.flags),
        phone=row.phone,
        wait_minutes=row.wait_minutes,
        website=row.website,
        history=load_history(connection, operator_id),
        evidence=load_evidence(connection, operator_id),
        ai_systems=load_ai_systems(connection, operator_id),
        revision=row.revision,
        former_names=load_former_names(connection, operator_id),
        successor=load_successor(connection, operator_id),
    )


def list_operator_ids(connection: Connection) -> list[OperatorId]:
    """Return the ids of all operators, by name."""
    return [OperatorId(row.id) for row in connection.execute(select(operators.c.id).order_by(operators.c.name))]


def save_operator(connection: Connection, operator: Operator, *, created_at: datetime) -> None:
    """Insert an operator with everything it holds."""
    connection.execute(
        insert(operators).values(
            id=operator.id,
            name=operator.name,
            identifier=operator.identifier,
            industry=operator.industry.value,
            environment=operator.environment.value,
            markets=list(operator.markets),
            flags=list(operator.flags),
            phone=operator.phone,
            wait_minutes=operator.wait_minutes,
            website=operator.website,
            created_at_ms=to_ms(created_at),
        )
    )
    for position, change in enumerate(operator.history):
        insert_change(connection, operator.id, position, change)
    for item in operator.evidence:
        insert_evidence(connection, operator.id, item)
    for system in operator.ai_systems:
        insert_ai_system(connection, operator.id, system, created_at)


def change_state(
    connection: Connection,
    operator_id: str,
    change: StateChange,
    *,
    transitions: Mapping[State, frozenset[State]] = TRANSITIONS,
) -> None:
    """Add one step of the life cycle. Raises OperatorNotFound, TransitionRefused."""
    current = load_operator(connection, operator_id).state
    if change.state not in transitions[current]:
        raise TransitionRefused(f"an operator does not go from {current} to {change.state}")
    if change.state is State.VERIFIED:
        _check_alone(connection, operator_id)
    count = select(func.count()).where(operator_states.c.operator_id == operator_id)
    insert_change(connection, operator_id, connection.execute(count).scalar_one(), change)
    mark_changed(connection, operator_id)


def add_ai_system(connection: Connection, operator_id: str, system: AiSystem, *, at: datetime) -> None:
    """Register one more AI system. Raises OperatorNotFound, ApplicationInvalid (its ref or name is taken)."""
    others = load_operator(connection, operator_id).ai_systems
    if len(others) >= MAX_AI_SYSTEMS:
        raise ApplicationInvalid(f"an operator has at most {MAX_AI_SYSTEMS} AI systems")
    for other in others:
        if other.ref == system.ref or other.name == system.name:
            raise ApplicationInvalid(f"this operator has an AI system {other.ref} called {other.name} already")
    insert_ai_system(connection, operator_id, system, at)
    mark_changed(connection, operator_id)


def end_ai_system(connection: Connection, operator_id: str, ref: str) -> None:
    """Take an AI system out of use."""
    same = (ai_systems.c.operator_id == operator_id) & (ai_systems.c.ref == ref)
    connection.execute(update(ai_systems).where(same).values(active=False))
    mark_changed(connection, operator_id)


def lock_operator(connection: Connection, operator_id: str) -> None:
    """Keep others from locking the operator until the transaction ends (on SQLite it is alone anyway)."""
    connection.execute(select(operators.c.id).where(operators.c.id == operator_id).with_for_update())


def add_evidence(connection: Connection, operator_id: str, item: Evidence) -> None:
    """Add evidence to an operator. The step that says so counts the revision up (`registry.steps`)."""
    insert_evidence(connection, operator_id, item)


def end_evidence(connection: Connection, evidence_ids: Collection[str], *, at: datetime) -> None:
    """End evidence at `at`; what has ended before stays as it is."""
    current = evidence.c.id.in_(evidence_ids) & (evidence.c.valid_until_ms > to_ms(at))
    connection.execute(update(evidence).where(current).values(valid_until_ms=to_ms(at)))


def mark_changed(connection: Connection, operator_id: str) -> None:
    """Count up the operator's revision: with every change of it, in the same transaction."""
    counted = {"revision": operators.c.revision + 1}
    connection.execute(update(operators).where(operators.c.id == operator_id).values(counted))


def check_may_seal(operator: Operator) -> None:
    """Raise OperatorNotVerified or OperatorSuspended unless the operator stands verified."""
    match operator.state:
        case State.VERIFIED:
            return
        case State.APPLIED:
            raise OperatorNotVerified(f"{operator.name} has applied and is not verified yet")
        case _:
            since = operator.history[-1].since
            raise OperatorSuspended(f"{operator.name} is {operator.state} since {since:%Y-%m-%d}")


def load_sealing_operator(engine: Engine, operator_id: str) -> Operator:
    """Return an operator as it stands now, if it may seal.

    Raises OperatorNotFound, OperatorNotVerified, OperatorSuspended.
    """
    with reading(engine) as connection:
        operator = load_operator(connection, operator_id)
    check_may_seal(operator)
    return operator


def find_ai_system(operator: Operator, ref: str) -> AiSystem:
    """Return the operator's active AI system. Raises AiSystemUnknown listing those there are."""
    active = {system.ref: system for system in operator.ai_systems if system.active}
    if ref not in active:
        raise AiSystemUnknown(ref, sorted(active))
    return active[ref]


def held_by(connection: Connection, identifier: str) -> tuple[OperatorId, ...]:
    """Return who stands verified or suspended under an identifier: one operator, or nobody."""
    rows = connection.execute(
        select(operators.c.id).where(operators.c.identifier == identifier).order_by(operators.c.id)
    )
    ids = [OperatorId(row.id) for row in rows]
    standing = {State.VERIFIED, State.SUSPENDED}
    return tuple(each for each in ids if load_history(connection, each)[-1].state in standing)


def _check_alone(connection: Connection, operator_id: str) -> None:
    """Raise TransitionRefused where another operator stands under the same identifier.

    Both rows are locked in one order, so that of two that are verified at once the second sees the first.
    """
    identifier = select(operators.c.identifier).where(operators.c.id == operator_id).scalar_subquery()
    same = select(operators.c.id).where(operators.c.identifier == identifier).order_by(operators.c.id)
    ids = [row.id for row in connection.execute(same.with_for_update())]
    standing = {State.VERIFIED, State.SUSPENDED}
    for other in ids:
        if other != operator_id and load_history(connection, other)[-1].state in standing:
            raise TransitionRefused(f"{other} stands under the same identifier: an organisation is verified once")
