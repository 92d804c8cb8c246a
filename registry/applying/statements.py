"""Statements given out to be signed with a seal certificate: each has a nonce, which counts once."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from registry.applying.errors import StatementUnknown
from registry.applying.tables import application_statements
from registry.checks.signed_application import MAX_AGE
from registry.operators import lock_operator
from sigill.application.signed import parse_application
from sigill.application.statement import ApplicationStatement, format_statement, parse_statement
from sigill.errors import MalformedEncoding
from storage.times import to_ms
from transparency.errors import GuardFailed

MOST_OPEN: Final = 50
_GRACE: Final = timedelta(days=1)


def give_out(connection: Connection, statement: ApplicationStatement) -> None:
    """Keep a statement that is given out to its operator; those too old to be signed are forgotten.

    Of very many that were not used the oldest is forgotten.
    """
    lock_operator(connection, statement.operator)
    mine = application_statements.c.operator_id == statement.operator
    over = to_ms(statement.signed_at - MAX_AGE - _GRACE)
    unused = application_statements.c.used_at_ms.is_(None)
    connection.execute(
        delete(application_statements).where(mine, unused, application_statements.c.created_at_ms < over)
    )
    is_open = connection.execute(select(func.count()).select_from(application_statements).where(mine, unused))
    if is_open.scalar_one() >= MOST_OPEN:
        oldest = select(func.min(application_statements.c.created_at_ms)).where(mine, unused).scalar_subquery()
        connection.execute(
            delete(application_statements).where(mine, unused, application_statements.c.created_at_ms == oldest)
        )
    connection.execute(
        insert(application_statements).values(
            nonce=statement.nonce,
            operator_id=statement.operator,
            statement=format_statement(statement),
            created_at_ms=to_ms(statement.signed_at),
            used_at_ms=None,
        )
    )


def find_given(connection: Connection, operator_id: str, jws: str) -> ApplicationStatement:
    """Return the statement, as it was given out, that a signed application claims to be of; nothing is verified.

    Raises StatementUnknown: it cannot be read, was given out to nobody or somebody else, or was used.
    """
    try:
        nonce = parse_statement(parse_application(jws).payload).nonce
    except MalformedEncoding as error:
        raise StatementUnknown(f"the signed application cannot be read: {error}") from None
    row = connection.execute(
        select(application_statements.c.statement).where(
            application_statements.c.nonce == nonce,
            application_statements.c.operator_id == operator_id,
            application_statements.c.used_at_ms.is_(None),
        )
    ).first()
    if row is None:
        raise StatementUnknown("this statement was not given out to you, or was used already; ask for a new one")
    return parse_statement(row.statement)


def use_up(connection: Connection, nonce: str, *, at: datetime) -> None:
    """Note that a statement was used. Raises GuardFailed where somebody was faster."""
    unused = (application_statements.c.nonce == nonce) & application_statements.c.used_at_ms.is_(None)
    if connection.execute(update(application_statements).where(unused).values(used_at_ms=to_ms(at))).rowcount != 1:
        raise GuardFailed("this statement was used meanwhile")
