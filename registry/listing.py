"""The public list of operators: one line each."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, func, select

from registry.model import OperatorId
from registry.tables import operator_states, operators
from sigill.report.standing import State
from sigill.vocabulary import Industry


@dataclass(frozen=True, slots=True)
class ListedOperator:
    """One line of the public list."""

    id: OperatorId
    name: str
    industry: Industry
    state: State


def list_public_operators(connection: Connection) -> tuple[ListedOperator, ...]:
    """Return the operators that were ever verified, by name: about others nobody has decided anything."""
    states = operator_states.c
    newest = select(states.operator_id, func.max(states.position).label("position")).group_by(states.operator_id)
    last = newest.subquery()
    ever = exists().where(states.operator_id == operators.c.id, states.state == State.VERIFIED.value)
    now = operator_states.alias("now")
    query = (
        select(operators.c.id, operators.c.name, operators.c.industry, now.c.state)
        .join(last, last.c.operator_id == operators.c.id)
        .join(now, and_(now.c.operator_id == operators.c.id, now.c.position == last.c.position))
        .where(ever)
        .order_by(operators.c.name)
    )
    return tuple(
        ListedOperator(OperatorId(row.id), row.name, Industry(row.industry), State(row.state))
        for row in connection.execute(query)
    )
