"""What an operator applied with, beside what the registry shows of it, and which keys speak for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from registry.applying.errors import KeyNeeded
from registry.applying.tables import applications
from registry.clients.store import list_clients
from registry.model import OperatorId
from storage.times import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledApplication:
    """An application as it is kept. `thumbprint` is of the key it applied with, `client_id` the client of that key."""

    operator_id: OperatorId
    thumbprint: str
    client_id: str
    lei: str | None
    test_operator_id: OperatorId | None
    created_at: datetime


def save_filed(connection: Connection, filed: FiledApplication) -> None:
    """Insert an application; its operator, its client and its key's thumbprint must be new (`find_by_key`)."""
    connection.execute(
        insert(applications).values(
            operator_id=filed.operator_id,
            thumbprint=filed.thumbprint,
            client_id=filed.client_id,
            lei=filed.lei,
            test_operator_id=filed.test_operator_id,
            created_at_ms=to_ms(filed.created_at),
        )
    )


def find_filed(connection: Connection, operator_id: str) -> FiledApplication | None:
    """Return what an operator applied with; None for one that was entered by whoever runs the service."""
    row = connection.execute(select(applications).where(applications.c.operator_id == operator_id)).first()
    return None if row is None else _filed(row)


def find_by_key(connection: Connection, thumbprint: str) -> FiledApplication | None:
    """Return the application that was made with a key, None if there is none."""
    row = connection.execute(select(applications).where(applications.c.thumbprint == thumbprint)).first()
    return None if row is None else _filed(row)


def own_keys(connection: Connection, operator_id: str, *, at: datetime) -> tuple[str, ...]:
    """Return the thumbprints of an operator's keys that are good at `at`: that of its application first."""
    filed = find_filed(connection, operator_id)
    current = [
        key.key.thumbprint
        for client in list_clients(connection, operator_id=operator_id)
        if client.revoked_at is None
        for key in client.keys
        if not key.is_over(at)
    ]
    first = [filed.thumbprint] if filed is not None and filed.thumbprint in current else []
    return tuple(dict.fromkeys([*first, *current]))


def binding_key(connection: Connection, operator_id: str, *, at: datetime) -> str:
    """Return the thumbprint of the key that a domain is bound to. Raises KeyNeeded."""
    keys = own_keys(connection, operator_id, at=at)
    if not keys:
        raise KeyNeeded("the operator has no public key; register a client with one at POST /v1/clients")
    return keys[0]


def _filed(row: Row[Any]) -> FiledApplication:
    return FiledApplication(
        operator_id=OperatorId(row.operator_id),
        thumbprint=row.thumbprint,
        client_id=row.client_id,
        lei=row.lei,
        test_operator_id=None if row.test_operator_id is None else OperatorId(row.test_operator_id),
        created_at=from_ms(row.created_at_ms),
    )
