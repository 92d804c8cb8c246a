"""Which verified operators a sender name or mail domain could be taken for."""

from sqlalchemy import Connection, and_, func, select

from registry.checks.domain_names import registrable_domain
from registry.lookalikes import find_resemblances
from registry.sending.model import ContactKind
from registry.sending.values import ContactValue
from registry.tables import operator_states, operators
from sigill.report.standing import State


def find_resembled(connection: Connection, value: ContactValue, *, operator_id: str) -> str | None:
    """Return the name of the verified operator that this one looks most like, other than its own; None for none.

    Only sender names and mail domains are compared: what else there is, nobody reads as a name.
    """
    match value.kind:
        case ContactKind.SENDER_NAME:
            name = value.value
        case ContactKind.MAIL_DOMAIN:
            name = registrable_domain(value.value).partition(".")[0]
        case _:
            return None
    known = verified_names(connection)
    own = known.pop(operator_id, None)
    others = [each for each in known.values() if each != own]
    if own is not None and name.casefold() == own.casefold():
        return None  # its very name: that was looked at when the operator was verified
    found = find_resemblances(name, others)
    return found[0].known if found else None


def verified_names(connection: Connection) -> dict[str, str]:
    """Return the names of the operators that stand verified now, by id."""
    newest = (
        select(operator_states.c.operator_id, func.max(operator_states.c.position).label("position"))
        .group_by(operator_states.c.operator_id)
        .subquery()
    )
    query = (
        select(operators.c.id, operators.c.name)
        .join(operator_states, operator_states.c.operator_id == operators.c.id)
        .join(
            newest,
            and_(
                newest.c.operator_id == operator_states.c.operator_id,
                newest.c.position == operator_states.c.position,
            ),
        )
        .where(operator_states.c.state == State.VERIFIED.value)
    )
    return {row.id: row.name for row in connection.execute(query)}
