"""Clients and their keys as the database keeps them. Nothing is deleted: a key that was used once stays named."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from registry.clients.model import Client, ClientId, ClientKey
from registry.clients.public_key import load_public_key
from registry.errors import ClientKeyRefused, ClientUnknown
from registry.model import OperatorId, Role
from registry.tables import client_keys, clients
from storage.times import from_ms, from_ms_or_none, to_ms

MAX_CLIENTS: Final = 200
MAX_KEYS: Final = 10


def load_client(connection: Connection, client_id: str) -> Client:
    """Return a client with all its keys, those that ended too. Raises ClientUnknown."""
    found = _load(connection, clients.c.id == client_id) if "\x00" not in client_id else ()
    if not found:
        raise ClientUnknown("there is no such client")
    return found[0]


def load_client_of_key(connection: Connection, thumbprint: str) -> Client:
    """Return the client that holds, or held, the key of this name, with all its keys. Raises ClientUnknown."""
    name = thumbprint.replace("\x00", "")
    holder = select(client_keys.c.client_id).where(client_keys.c.thumbprint == name).scalar_subquery()
    found = _load(connection, clients.c.id == holder)
    if not found:
        raise ClientUnknown("no client holds this key")
    return found[0]


def list_clients(connection: Connection, *, operator_id: str | None) -> tuple[Client, ...]:
    """Return an operator's clients (None: those of no operator), the oldest first, revoked ones too."""
    whose = clients.c.operator_id.is_(None) if operator_id is None else clients.c.operator_id == operator_id
    return _load(connection, whose)


def save_client(connection: Connection, client: Client) -> None:
    """Insert a client with its keys. Raises ClientKeyRefused (a key is registered already, or there are too many)."""
    current = [each for each in list_clients(connection, operator_id=client.operator_id) if each.revoked_at is None]
    if len(current) >= MAX_CLIENTS:
        raise ClientKeyRefused(f"there are {MAX_CLIENTS} clients already: revoke those that are not used")
    connection.execute(
        insert(clients).values(
            id=client.id,
            operator_id=client.operator_id,
            name=client.name,
            role=client.role.value,
            ai_system=client.ai_system,
            created_at_ms=to_ms(client.created_at),
            revoked_at_ms=None,
        )
    )
    for key in client.keys:
        _insert_key(connection, client.id, key)


def add_key(connection: Connection, client: Client, key: ClientKey, *, at: datetime) -> None:
    """Register one more key beside those there are. Raises ClientKeyRefused."""
    if client.revoked_at is not None:
        raise ClientKeyRefused("the client is revoked: register another one")
    if sum(not each.is_over(at) for each in client.keys) >= MAX_KEYS:
        raise ClientKeyRefused(f"a client has at most {MAX_KEYS} keys at once: revoke one first")
    _insert_key(connection, client.id, key)


def revoke_client(connection: Connection, client: Client, *, at: datetime) -> None:
    """Revoke a client with all its keys, for good; one that is revoked stays as it is."""
    _revoke(connection, clients, clients.c.id == client.id, at)
    _revoke(connection, client_keys, client_keys.c.client_id == client.id, at)


def revoke_key(connection: Connection, client: Client, thumbprint: str, *, at: datetime) -> None:
    """Revoke one key, for good. Raises ClientUnknown."""
    if client.key(thumbprint) is None:
        raise ClientUnknown("the client has no such key")
    _revoke(connection, client_keys, client_keys.c.thumbprint == thumbprint, at)


def _insert_key(connection: Connection, client_id: ClientId, key: ClientKey) -> None:
    taken = select(client_keys.c.thumbprint).where(client_keys.c.thumbprint == key.key.thumbprint)
    if connection.execute(taken).first() is not None:
        raise ClientKeyRefused("this key was registered before: every client, and every rotation, has a key of its own")
    connection.execute(
        insert(client_keys).values(
            thumbprint=key.key.thumbprint,
            client_id=client_id,
            jwk=key.key.jwk,
            valid_from_ms=to_ms(key.valid_from),
            valid_until_ms=to_ms(key.valid_until),
            created_at_ms=to_ms(key.created_at),
            revoked_at_ms=None,
        )
    )


def _revoke(connection: Connection, table: Any, which: ColumnElement[bool], at: datetime) -> None:  # noqa: ANN401
    current = which & table.c.revoked_at_ms.is_(None)
    connection.execute(update(table).where(current).values(revoked_at_ms=to_ms(at)))


def _load(connection: Connection, which: ColumnElement[bool]) -> tuple[Client, ...]:
    rows = connection.execute(select(clients).where(which).order_by(clients.c.created_at_ms, clients.c.id)).all()
    keyed: dict[str, list[ClientKey]] = {row.id: [] for row in rows}
    query = select(client_keys).join(clients, clients.c.id == client_keys.c.client_id).where(which)
    for row in connection.execute(query.order_by(client_keys.c.created_at_ms, client_keys.c.thumbprint)):
        keyed.setdefault(row.client_id, []).append(_key(row))
    return tuple(_client(row, tuple(keyed[row.id])) for row in rows)


def _client(row: Row[Any], keys: tuple[ClientKey, ...]) -> Client:
    return Client(
        id=ClientId(row.id),
        operator_id=None if row.operator_id is None else OperatorId(row.operator_id),
        name=row.name,
        role=Role(row.role),
        ai_system=row.ai_system,
        created_at=from_ms(row.created_at_ms),
        revoked_at=from_ms_or_none(row.revoked_at_ms),
        keys=keys,
    )


def _key(row: Row[Any]) -> ClientKey:
    return ClientKey(
        key=load_public_key(row.jwk),
        valid_from=from_ms(row.valid_from_ms),
        valid_until=from_ms(row.valid_until_ms),
        created_at=from_ms(row.created_at_ms),
        revoked_at=from_ms_or_none(row.revoked_at_ms),
    )
