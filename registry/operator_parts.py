"""What belongs to an operator, row by row: its states, evidence, AI systems, names."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from registry.model import (
    AiSystem,
    Evidence,
    EvidenceKind,
    FormerName,
    OperatorId,
    StateChange,
    Successor,
)
from registry.tables import ai_systems, evidence, former_names, mergers, operator_states, operators
from sigill.report.standing import State
from storage.times import from_ms, to_ms


def load_history(connection: Connection, operator_id: str) -> tuple[StateChange, ...]:
    """Return the states of an operator, the first first."""
    rows = connection.execute(
        select(operator_states).where(operator_states.c.operator_id == operator_id).order_by(operator_states.c.position)
    )
    return tuple(StateChange(state=State(row.state), since=from_ms(row.since_ms), reason=row.reason) for row in rows)


def load_evidence(connection: Connection, operator_id: str) -> tuple[Evidence, ...]:
    """Return an operator's evidence, the oldest first."""
    rows = connection.execute(
        select(evidence).where(evidence.c.operator_id == operator_id).order_by(evidence.c.valid_from_ms, evidence.c.id)
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
        for row in rows
    )


def load_ai_systems(connection: Connection, operator_id: str) -> tuple[AiSystem, ...]:
    """Return an operator's AI systems, by reference."""
    rows = connection.execute(
        select(ai_systems).where(ai_systems.c.operator_id == operator_id).order_by(ai_systems.c.ref)
    )
    return tuple(
        AiSystem(ref=row.ref, name=row.name, provider=row.provider, model=row.model, active=row.active) for row in rows
    )


def load_former_names(connection: Connection, operator_id: str) -> tuple[FormerName, ...]:
    """Return what an operator was called before."""
    query = select(former_names).where(former_names.c.operator_id == operator_id).order_by(former_names.c.until_ms)
    return tuple(FormerName(name=row.name, until=from_ms(row.until_ms)) for row in connection.execute(query))


def load_successor(connection: Connection, operator_id: str) -> Successor | None:
    """Return whom an operator went over into, None for nobody."""
    found = select(operators.c.id, operators.c.name, mergers.c.at_ms)
    joined = found.join(mergers, mergers.c.into_id == operators.c.id)
    row = connection.execute(joined.where(mergers.c.operator_id == operator_id)).first()
    return None if row is None else Successor(id=OperatorId(row.id), name=row.name, since=from_ms(row.at_ms))


def insert_change(connection: Connection, operator_id: str, position: int, change: StateChange) -> None:
    """Insert one step of the life cycle."""
    connection.execute(
        insert(operator_states).values(
            operator_id=operator_id,
            position=position,
            state=change.state.value,
            since_ms=to_ms(change.since),
            reason=change.reason,
        )
    )


def insert_evidence(connection: Connection, operator_id: str, item: Evidence) -> None:
    """Insert one piece of evidence."""
    connection.execute(
        insert(evidence).values(
            id=item.id,
            operator_id=operator_id,
            kind=item.kind.value,
            method=item.method,
            checked_by=item.checked_by,
            valid_from_ms=to_ms(item.valid_from),
            valid_until_ms=to_ms(item.valid_until),
        )
    )


def insert_ai_system(connection: Connection, operator_id: str, system: AiSystem, at: datetime) -> None:
    """Insert one AI system."""
    connection.execute(
        insert(ai_systems).values(
            operator_id=operator_id,
            ref=system.ref,
            name=system.name,
            provider=system.provider,
            model=system.model,
            active=system.active,
            registered_at_ms=to_ms(at),
        )
    )
