"""Proposals as the database keeps them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from registry.deciding.model import Ask, Decision, Proposal, ProposalStatus
from registry.deciding.tables import proposals
from registry.errors import ProposalUnknown
from registry.tables import operator_states
from storage.times import from_ms, to_ms

MAX_NUMBER: Final = 2**53 - 1  # of a leaf; PostgreSQL would refuse to look for a larger one than it can hold
_WAITING: Final = (ProposalStatus.OPEN.value, ProposalStatus.UNCONFIRMED.value)


def load_proposal(connection: Connection, operator_id: str, number: int) -> Proposal:
    """Return one proposal. Raises ProposalUnknown."""
    which = (proposals.c.operator_id == operator_id) & (proposals.c.number == min(number, MAX_NUMBER))
    row = connection.execute(select(proposals).where(which)).first()
    if row is None:
        raise ProposalUnknown("the operator has no proposal of this number")
    return _read(row)


def list_proposals(connection: Connection, operator_id: str) -> tuple[Proposal, ...]:
    """Return an operator's proposals, the newest first."""
    query = select(proposals).where(proposals.c.operator_id == operator_id).order_by(proposals.c.number.desc())
    return tuple(_read(row) for row in connection.execute(query))


def list_waiting(connection: Connection, *, limit: int) -> tuple[Proposal, ...]:
    """Return the proposals of all operators that wait for a second person, the oldest first."""
    query = select(proposals).where(proposals.c.status.in_(_WAITING))
    rows = connection.execute(query.order_by(proposals.c.proposed_at_ms, proposals.c.number).limit(limit))
    return tuple(_read(row) for row in rows)


def insert_proposal(connection: Connection, proposal: Proposal) -> None:
    """Insert a proposal."""
    connection.execute(
        insert(proposals).values(
            operator_id=proposal.operator_id,
            number=proposal.number,
            decision=proposal.ask.decision.value,
            reason=proposal.ask.reason,
            name=proposal.ask.name,
            into_id=proposal.ask.into,
            persons=proposal.persons,
            based_on=proposal.based_on,
            position=proposal.position,
            status=proposal.status.value,
            proposed_by=proposal.proposed_by,
            proposed_at_ms=to_ms(proposal.proposed_at),
            confirmed_by=proposal.confirmed_by,
            closed_by=proposal.closed_by,
            closed_reason=proposal.closed_reason,
            closed_at_ms=None if proposal.closed_at is None else to_ms(proposal.closed_at),
        )
    )


def confirm_proposal(
    connection: Connection, operator_id: str, number: int, *, by: str, at: datetime, position: int | None
) -> None:
    """Note that a second person has confirmed a proposal, and the position it has brought about."""
    done = {
        "status": ProposalStatus.DONE.value,
        "confirmed_by": by,
        "closed_at_ms": to_ms(at),
        "position": position,
    }
    _update(connection, operator_id, number, done)


def close_proposal(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    operator_id: str,
    number: int,
    *,
    status: ProposalStatus,
    by: str,
    reason: str | None,
    at: datetime,
) -> None:
    """Note that a proposal was rejected or withdrawn."""
    closed = {"status": status.value, "closed_by": by, "closed_reason": reason, "closed_at_ms": to_ms(at)}
    _update(connection, operator_id, number, closed)


def overtake_others(connection: Connection, operator_id: str, *, but: int, at: datetime) -> None:
    """Close what else waits about an operator whose state has changed: it was proposed on one that is gone."""
    which = (proposals.c.operator_id == operator_id) & (proposals.c.number != but)
    gone = {"status": ProposalStatus.OVERTAKEN.value, "closed_at_ms": to_ms(at)}
    connection.execute(update(proposals).where(which & proposals.c.status.in_(_WAITING)).values(gone))


def last_position(connection: Connection, operator_id: str) -> int:
    """Return the position of the operator's newest state."""
    newest = select(func.max(operator_states.c.position)).where(operator_states.c.operator_id == operator_id)
    return int(connection.execute(newest).scalar_one())


def _update(connection: Connection, operator_id: str, number: int, values: dict[str, Any]) -> None:
    which = (proposals.c.operator_id == operator_id) & (proposals.c.number == number)
    connection.execute(update(proposals).where(which).values(values))


def _read(row: Row[Any]) -> Proposal:
    return Proposal(
        operator_id=row.operator_id,
        number=row.number,
        ask=Ask(decision=Decision(row.decision), reason=row.reason, name=row.name, into=row.into_id),
        persons=row.persons,
        based_on=row.based_on,
        status=ProposalStatus(row.status),
        proposed_by=row.proposed_by,
        proposed_at=from_ms(row.proposed_at_ms),
        position=row.position,
        confirmed_by=row.confirmed_by,
        closed_by=row.closed_by,
        closed_reason=row.closed_reason,
        closed_at=None if row.closed_at_ms is None else from_ms(row.closed_at_ms),
    )
