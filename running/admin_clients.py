"""The commands of `python -m running.admin` for clients: programs that prove who they are with a private key."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.access import format_matrix, list_routes
from registry.clients.registration import (
    AskedKey,
    register_client,
    register_key,
    revoke_own_client,
    revoke_own_key,
)
from registry.clients.store import list_clients
from registry.credential_steps import BY_GUARANTOR, RegistrationWorld
from registry.errors import ApplicationInvalid
from registry.model import OperatorId, Role
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding
from storage.engine import reading
from wiring import Services, build_app, now
from wiring.clients import OPEN_PAGES, registration_world

_ROLES: Final = [Role.SIGNER.value, Role.ADMIN.value, Role.AUDITOR.value]
_KEY: Final = 'a JSON file {"jwk": …, "proof": …}; the proof is less than five minutes old (docs/access.md)'
_MAX_BYTES: Final = 16_384
Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands to a parser."""
    client = add("client", _client, "Register a client with its first public key; its id is printed.", "id")
    client.add_argument("--role", required=True, choices=_ROLES)
    client.add_argument("--name", required=True)
    client.add_argument("--ai-system", help="the only AI system it can sign as (attestation level B)")
    key = add("client-key", _client_key, "Register one more key of a client; the others stay good.", "id", "client")
    for each in (client, key):
        each.add_argument("--key", required=True, type=Path, metavar="FILE", help=_KEY)
    add("clients", _clients, "List an operator's clients and their keys.", "id")
    add("revoke-client", _revoke_client, "Revoke a client with all its keys, for good.", "id", "client")
    add("revoke-client-key", _revoke_client_key, "Revoke one key, for good.", "id", "client", "thumbprint")
    add("access", _access, "Print which role may call what.")


def _client(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    made = register_client(
        operator_id=OperatorId(asked.id),
        name=asked.name,
        role=Role(asked.role),
        ai_system=asked.ai_system,
        key=_key(asked),
        world=registration_of(services),
    )
    yield made.id


def _client_key(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    made = register_key(asked.client, _key(asked), operator_id=asked.id, world=registration_of(services))
    yield f"The client {asked.client} has the key {made.key.thumbprint} now, until {made.valid_until:%Y-%m-%d}."


def _clients(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    with reading(services.engine) as connection:
        found = list_clients(connection, operator_id=asked.id)
    yield "client\tname\trole\tai system\tkey\tfrom\tuntil\trevoked"
    for client in found:
        for each in client.keys:
            revoked = each.revoked_at or client.revoked_at
            cells = [client.id, client.name, client.role, client.ai_system or "-", each.key.thumbprint]
            cells += [f"{each.valid_from:%Y-%m-%d}", f"{each.valid_until:%Y-%m-%d}"]
            yield "\t".join([*cells, "-" if revoked is None else f"{revoked:%Y-%m-%d}"])


def _revoke_client(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    revoke_own_client(asked.client, operator_id=asked.id, world=registration_of(services))
    yield f"The client {asked.client} is revoked."


def _revoke_client_key(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    world = registration_of(services)
    revoke_own_key(asked.client, asked.thumbprint, operator_id=asked.id, world=world)
    yield f"The key {asked.thumbprint} is revoked."


def _access(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield format_matrix(list_routes(build_app(services), open_endpoints=OPEN_PAGES))


def registration_of(services: Services) -> RegistrationWorld:
    """Return what registering clients and handing out keys needs, where the guarantor does it."""
    world = registration_world(services.identity.issuer, services.engine, services.log, now=now)
    return replace(world, by=BY_GUARANTOR)


def _key(asked: argparse.Namespace) -> AskedKey:
    with asked.key.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    try:
        value = parse_json(data, max_bytes=_MAX_BYTES)
        return AskedKey(jwk=value["jwk"], proof=_text(value["proof"]))
    except (MalformedEncoding, KeyError, TypeError):
        raise ApplicationInvalid('the file of the key is no JSON object {"jwk": …, "proof": …}') from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
