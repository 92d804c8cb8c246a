"""How often an operator may have itself checked: each check asks other people's servers."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from registry.applying.errors import ChecksTooMany
from registry.applying.tables import check_starts
from registry.operators import lock_operator
from sigill.encoding.ulid import format_ulid
from storage.times import to_ms

WITHIN: Final = timedelta(hours=1)
MOST: Final = 30


def begin_check(connection: Connection, operator_id: str, *, at: datetime, random: bytes) -> None:
    """Count a check that an operator asks for, before anybody is asked. Raises ChecksTooMany.

    `random` is ten bytes. What is older than an hour is forgotten.
    """
    lock_operator(connection, operator_id)
    mine = check_starts.c.operator_id == operator_id
    connection.execute(delete(check_starts).where(mine, check_starts.c.started_at_ms <= to_ms(at - WITHIN)))
    begun = connection.execute(select(func.count()).select_from(check_starts).where(mine)).scalar_one()
    if begun >= MOST:
        raise ChecksTooMany(f"an operator has at most {MOST} checks within an hour")
    connection.execute(
        insert(check_starts).values(
            id=format_ulid(at=at, randomness=random), operator_id=operator_id, started_at_ms=to_ms(at)
        )
    )
