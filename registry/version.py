"""The registry's version: a value that changes with whatever changes what a caller may do.

Every change of an operator counts its revision up (`registry.operators.mark_changed`); nothing is deleted, and nobody
who was revoked or has left comes back: so a sum and four counts tell whether anything is other than it was. New keys
and clients need not be told: nobody knows them yet.
"""

from typing import Final

from sqlalchemy import Connection, Select, func, select

from registry.tables import api_keys, client_keys, clients, operators, people

_PARTS: Final = (
    func.coalesce(func.sum(operators.c.revision), 0),
    *(
        func.count(column)
        for column in (
            api_keys.c.revoked_at_ms,
            clients.c.revoked_at_ms,
            client_keys.c.revoked_at_ms,
            people.c.ended_at_ms,
        )
    ),
)
_VERSION: Final[Select[tuple[int, ...]]] = select(*(select(part).scalar_subquery() for part in _PARTS))


def read_version(connection: Connection) -> tuple[int, ...]:
    """Return the version, with one statement."""
    return tuple(int(part) for part in connection.execute(_VERSION).one())
