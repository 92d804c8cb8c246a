"""Appeals as the database keeps them, and what an operator can appeal against now."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from registry.deciding.model import Appeal, AppealStatus, Decision, Proposal, ProposalStatus
from registry.deciding.store import list_proposals
from registry.deciding.tables import appeals
from registry.errors import AppealRefused, AppealUnknown
from registry.model import Operator
from sigill.report.standing import State
from storage.times import from_ms, to_ms

_MAX_NUMBER: Final = 2**53 - 1
_AGAINST: Final = frozenset({State.SUSPENDED, State.REVOKED})


def about_state(position: int) -> str:
    """Return what an appeal against the state at a position of the life cycle is about."""
    return f"state-{position}"


def appealable(connection: Connection, operator: Operator) -> str:
    """Return what the operator can appeal against: its suspension or revocation, or a rejected verification.

    Raises AppealRefused where there is nothing, or it was appealed before.
    """
    about = None
    if operator.state in _AGAINST:
        about = about_state(len(operator.history) - 1)
    elif operator.state is State.APPLIED:
        about = next((f"proposal-{each.number}" for each in list_proposals(connection, operator.id) if _no(each)), None)
    if about is None:
        raise AppealRefused("there is no suspension, revocation or rejection to appeal against")
    if any(each.about == about for each in list_appeals(connection, operator.id)):
        raise AppealRefused("this was appealed against before: once is all there is")
    return about


def deciders(connection: Connection, appeal: Appeal) -> frozenset[str]:
    """Return the persons who made the decision that an appeal is about."""
    made: set[str] = set()
    for each in list_proposals(connection, appeal.operator_id):
        if appeal.about in {f"proposal-{each.number}", f"state-{each.position}"}:
            made |= each.deciders
    return frozenset(made)


def is_upheld(connection: Connection, operator: Operator) -> bool:
    """Tell whether an appeal against the operator's state as it is now was upheld."""
    about = about_state(len(operator.history) - 1)
    upheld = AppealStatus.UPHELD
    return any(each.about == about and each.status is upheld for each in list_appeals(connection, operator.id))


def insert_appeal(connection: Connection, appeal: Appeal) -> None:
    """Insert an appeal."""
    connection.execute(
        insert(appeals).values(
            operator_id=appeal.operator_id,
            number=appeal.number,
            about=appeal.about,
            reason=appeal.reason,
            made_at_ms=to_ms(appeal.made_at),
            status=appeal.status.value,
        )
    )


def load_appeal(connection: Connection, operator_id: str, number: int) -> Appeal:
    """Return one appeal. Raises AppealUnknown."""
    which = (appeals.c.operator_id == operator_id) & (appeals.c.number == min(number, _MAX_NUMBER))
    row = connection.execute(select(appeals).where(which)).first()
    if row is None:
        raise AppealUnknown("the operator has no appeal of this number")
    return _read(row)


def list_appeals(connection: Connection, operator_id: str) -> tuple[Appeal, ...]:
    """Return an operator's appeals, the newest first."""
    query = select(appeals).where(appeals.c.operator_id == operator_id).order_by(appeals.c.number.desc())
    return tuple(_read(row) for row in connection.execute(query))


def list_open_appeals(connection: Connection, *, limit: int) -> tuple[Appeal, ...]:
    """Return the appeals that nobody has answered, the oldest first."""
    query = select(appeals).where(appeals.c.status == AppealStatus.OPEN.value)
    rows = connection.execute(query.order_by(appeals.c.made_at_ms, appeals.c.number).limit(limit))
    return tuple(_read(row) for row in rows)


def close_appeal(connection: Connection, appeal: Appeal, *, upheld: bool, by: str, answer: str, at: datetime) -> None:
    """Note how an appeal was answered. Raises AppealRefused if it was answered before."""
    if load_appeal(connection, appeal.operator_id, appeal.number).status is not AppealStatus.OPEN:
        raise AppealRefused("the appeal was answered before")
    status = AppealStatus.UPHELD if upheld else AppealStatus.DISMISSED
    closed = {"status": status.value, "answered_by": by, "answer": answer, "answered_at_ms": to_ms(at)}
    which = (appeals.c.operator_id == appeal.operator_id) & (appeals.c.number == appeal.number)
    connection.execute(update(appeals).where(which).values(closed))


def _no(proposal: Proposal) -> bool:
    return proposal.ask.decision is Decision.VERIFY and proposal.status is ProposalStatus.REJECTED


def _read(row: Row[Any]) -> Appeal:
    return Appeal(
        operator_id=row.operator_id,
        number=row.number,
        about=row.about,
        reason=row.reason,
        made_at=from_ms(row.made_at_ms),
        status=AppealStatus(row.status),
        answered_by=row.answered_by,
        answer=row.answer,
        answered_at=None if row.answered_at_ms is None else from_ms(row.answered_at_ms),
    )
