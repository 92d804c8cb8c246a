"""Registering clients and keys: what was asked, checked and made into the registry's values, then written."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from registry.api_keys import OF_ALL_OPERATORS
from registry.application import check_text
from registry.clients.model import Client, ClientId, ClientKey
from registry.clients.possession import check_possession
from registry.clients.public_key import parse_public_key
from registry.clients.store import add_key, load_client, revoke_client, revoke_key, save_client
from registry.credential_steps import Change, RegistrationWorld, Unchanged, take_step
from registry.errors import ApplicationInvalid, ClientKeyRefused, ClientUnknown
from registry.ids import ID_BYTES, make_id
from registry.model import OperatorId, Role
from registry.operators import find_ai_system, load_operator
from registry.steps import Act
from storage.engine import reading

LASTS: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=1095)
LATEST_BEGIN: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedKey:
    """A key to register: its public JWK, the proof of possession, and when it may be used (None: now, for a year)."""

    jwk: Any
    proof: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def register_client(
    *,
    operator_id: OperatorId | None,
    name: str,
    role: Role,
    ai_system: str | None,
    key: AskedKey,
    world: RegistrationWorld,
) -> Client:
    """Register a client with its first key; it is logged.

    Raises ApplicationInvalid (also for a system that a role other than signer is to be bound to), AiSystemUnknown,
    OperatorNotFound, ClientKeyRefused.
    """
    at = world.now()
    if operator_id is None and role not in OF_ALL_OPERATORS:
        raise ApplicationInvalid(f"a client of role {role} belongs to an operator")
    if operator_id is not None and role is Role.REGISTRAR:
        raise ApplicationInvalid("a registrar belongs to no operator")
    if ai_system is not None and role is not Role.SIGNER:
        raise ApplicationInvalid("only a signer can be bound to an AI system")
    client = Client(
        id=make_client_id(world.random(ID_BYTES)),
        operator_id=operator_id,
        name=check_text("name", name),
        role=role,
        ai_system=ai_system,
        created_at=at,
        keys=(_checked(key, operator_id=operator_id, issuer=world.issuer, at=at),),
    )
    with reading(world.engine) as connection:
        _check_system(connection, client)

    def write(connection: Connection) -> None:
        _check_system(connection, client)
        save_client(connection, client)

    said = {"client": client.id, "role": role.value, "ai_system": ai_system, "key": client.keys[0].key.thumbprint}
    take_step(operator_id, Change(act=Act.CLIENT_ADDED, at=at, said=said, write=write), world=world)
    return client


def register_key(client_id: str, key: AskedKey, *, operator_id: str | None, world: RegistrationWorld) -> ClientKey:
    """Register one more key of an operator's client: the others go on. Raises ClientUnknown, ClientKeyRefused."""
    at = world.now()
    made = _checked(key, operator_id=operator_id, issuer=world.issuer, at=at)
    load_own_client(client_id, operator_id=operator_id, world=world)

    def write(connection: Connection) -> None:
        add_key(connection, load_client(connection, client_id), made, at=at)

    said = {"client": client_id, "key": made.key.thumbprint}
    take_step(operator_id, Change(act=Act.CLIENT_KEY_ADDED, at=at, said=said, write=write), world=world)
    return made


def revoke_own_client(client_id: str, *, operator_id: str | None, world: RegistrationWorld) -> Client:
    """Revoke a client with all its keys, for good, logged once; return it as it is then. Raises ClientUnknown."""
    at = world.now()
    load_own_client(client_id, operator_id=operator_id, world=world)

    def write(connection: Connection) -> None:
        client = load_client(connection, client_id)
        if client.revoked_at is not None:
            raise Unchanged
        revoke_client(connection, client, at=at)

    change = Change(act=Act.CLIENT_REVOKED, at=at, said={"client": client_id}, write=write)
    take_step(operator_id, change, world=world)
    return load_own_client(client_id, operator_id=operator_id, world=world)


def revoke_own_key(client_id: str, thumbprint: str, *, operator_id: str | None, world: RegistrationWorld) -> Client:
    """Revoke one key of a client, for good, logged once; return the client as it is then. Raises ClientUnknown."""
    at = world.now()
    if load_own_client(client_id, operator_id=operator_id, world=world).key(thumbprint) is None:
        raise ClientUnknown("the client has no such key")

    def write(connection: Connection) -> None:
        client = load_client(connection, client_id)
        key = client.key(thumbprint)
        if key is None or key.revoked_at is not None:
            raise Unchanged
        revoke_key(connection, client, thumbprint, at=at)

    said = {"client": client_id, "key": thumbprint}
    take_step(operator_id, Change(act=Act.CLIENT_KEY_REVOKED, at=at, said=said, write=write), world=world)
    return load_own_client(client_id, operator_id=operator_id, world=world)


def load_own_client(client_id: str, *, operator_id: str | None, world: RegistrationWorld) -> Client:
    """Return an operator's client. Raises ClientUnknown."""
    with reading(world.engine) as connection:
        client = load_client(connection, client_id)
    check_owner(client, operator_id)
    return client


def check_owner(client: Client, operator_id: str | None) -> None:
    """Raise ClientUnknown unless the client is this operator's: another's looks like none."""
    if client.operator_id != operator_id:
        raise ClientUnknown("there is no such client")


def make_client_id(randomness: bytes) -> ClientId:
    """Return an id from 20 random bytes: `cl-` and 20 Crockford symbols in lower case."""
    return ClientId(make_id("cl", randomness))


def _check_system(connection: Connection, client: Client) -> None:
    """Raise OperatorNotFound or AiSystemUnknown where a client's operator or AI system is none."""
    if client.operator_id is not None:
        operator = load_operator(connection, client.operator_id)
        if client.ai_system is not None:
            find_ai_system(operator, client.ai_system)


def _checked(asked: AskedKey, *, operator_id: str | None, issuer: str, at: datetime) -> ClientKey:
    key = parse_public_key(asked.jwk)
    begins = asked.valid_from or at
    ends = asked.valid_until or begins + LASTS
    if begins >= ends or ends <= at:
        raise ClientKeyRefused("a key ends after it begins, and not in the past")
    if begins > at + LATEST_BEGIN or ends > begins + LONGEST:
        raise ClientKeyRefused("a key begins within a year, and is good for at most three")
    check_possession(asked.proof, key=key, operator_id=operator_id, issuer=issuer, at=at)
    return ClientKey(key=key, valid_from=begins, valid_until=ends, created_at=at)
