"""The guard of a seal's commit: who stood verified when the message was decided on still does, with the same system."""

from collections.abc import Callable

from sqlalchemy import Connection, select

from registry.model import Operator
from registry.tables import ai_systems, operator_states
from sigill.report.standing import State
from transparency.errors import GuardFailed


def still_verified(operator: Operator, *, system: str | None) -> Callable[[Connection], None]:
    """Return the guard that raises GuardFailed unless `operator` still stands verified by the same history.

    `system` is the AI system that took part, if any: it must still be active. Whoever is stopped loads the operator
    anew, and learns there why.
    """
    latest = (
        select(operator_states.c.position, operator_states.c.state)
        .where(operator_states.c.operator_id == operator.id)
        .order_by(operator_states.c.position.desc())
        .limit(1)
    )
    active = select(ai_systems.c.active).where(ai_systems.c.operator_id == operator.id, ai_systems.c.ref == system)
    seen = (len(operator.history) - 1, State.VERIFIED.value)

    def check(connection: Connection) -> None:
        row = connection.execute(latest).one_or_none()
        if row is None or (row.position, row.state) != seen:
            raise GuardFailed("the operator's standing changed meanwhile")
        if system is not None and not connection.execute(active).scalar_one_or_none():
            raise GuardFailed("the AI system was taken out of use meanwhile")

    return check
