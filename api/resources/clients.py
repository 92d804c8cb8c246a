"""/v1/clients: an operator's programs that authenticate with a private key, and their public keys."""

from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.clients import ClientListSchema, ClientSchema, KeySchema, KeyStateSchema, NewClientSchema
from api.shapes import iso
from registry.clients.model import Client, ClientKey
from registry.clients.registration import (
    AskedKey,
    load_own_client,
    register_client,
    register_key,
    revoke_own_client,
    revoke_own_key,
)
from registry.clients.store import list_clients
from registry.model import OperatorId, Scope
from storage.engine import reading

blueprint = ApiBlueprint("clients", __name__, url_prefix="/v1/clients", description="Clients and their public keys")
_client = ClientSchema()
_list = ClientListSchema()
_key = KeyStateSchema()
_EXAMPLES: Final[dict[str, Any]] = {
    "bot": {
        "value": {
            "name": "chat bot",
            "role": "signer",
            "ai": {"system": "saga"},
            "key": {"jwk": {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}, "proof": "eyJhbGciOiJFUzI1NiIs…"},
        }
    }
}


@blueprint.post("")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.arguments(NewClientSchema, examples=_EXAMPLES)
@blueprint.response(201, ClientSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_client(body: dict[str, Any]) -> Response:
    """Register a client of your operator, with its first public key and the proof that you hold the private one.

    With its `client_id` it gets access tokens at `/oauth/token`. A client with an `ai` system can sign only as that
    system, and its seals say so: attestation level B.
    """
    client = register_client(
        operator_id=_whose(),
        name=body["name"],
        role=body["role"],
        ai_system=body["ai"]["system"] if "ai" in body else None,
        key=_asked(body["key"]),
        world=world().registration,
    )
    response = _private(_client.dump(client_shape(client)), 201)
    response.headers["Location"] = f"{world().base_url}/v1/clients/{client.id}"
    return response


@blueprint.get("")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ClientListSchema)
@problem_responses(401, 403, 503)
def get_clients() -> Response:
    """List your operator's clients with their keys, the oldest first, revoked ones too."""
    with reading(world().registration.engine) as connection:
        found = list_clients(connection, operator_id=_whose())
    return _private(_list.dump({"clients": [client_shape(client) for client in found]}))


@blueprint.get("/<string:client_id>")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ClientSchema)
@problem_responses(401, 403, 404, 503)
def get_client(client_id: str) -> Response:
    """Return a client with all its keys."""
    client = load_own_client(client_id, operator_id=_whose(), world=world().registration)
    return _private(_client.dump(client_shape(client)))


@blueprint.delete("/<string:client_id>")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ClientSchema)
@problem_responses(401, 403, 404, 503)
def delete_client(client_id: str) -> Response:
    """Revoke a client with all its keys, for good: within two seconds its tokens open nothing any more."""
    revoked = revoke_own_client(client_id, operator_id=_whose(), world=world().registration)
    return _private(_client.dump(client_shape(revoked)))


@blueprint.post("/<string:client_id>/keys")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.arguments(KeySchema)
@blueprint.response(201, KeyStateSchema)
@problem_responses(400, 401, 403, 404, 413, 415, 422, 503)
def post_key(body: dict[str, Any], client_id: str) -> Response:
    """Register one more key of a client: the others stay good, so that a rotation has an overlap."""
    key = register_key(client_id, _asked(body), operator_id=_whose(), world=world().registration)
    return _private(_key.dump(_key_shape(key)), 201)


@blueprint.delete("/<string:client_id>/keys/<string:thumbprint>")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ClientSchema)
@problem_responses(401, 403, 404, 503)
def delete_key(client_id: str, thumbprint: str) -> Response:
    """Revoke one key, for good: within two seconds tokens given out for it open nothing any more."""
    changed = revoke_own_key(client_id, thumbprint, operator_id=_whose(), world=world().registration)
    return _private(_client.dump(client_shape(changed)))


def client_shape(client: Client) -> dict[str, Any]:
    """Return a client as its operator sees it."""
    return {
        "client_id": client.id,
        "name": client.name,
        "role": client.role.value,
        "ai": None if client.ai_system is None else {"system": client.ai_system},
        "created_at": iso(client.created_at),
        "revoked_at": None if client.revoked_at is None else iso(client.revoked_at),
        "keys": [_key_shape(key) for key in client.keys],
    }


def _key_shape(key: ClientKey) -> dict[str, Any]:
    return {
        "thumbprint": key.key.thumbprint,
        "alg": key.key.algorithms[0],
        "valid_from": iso(key.valid_from),
        "valid_until": iso(key.valid_until),
        "created_at": iso(key.created_at),
        "revoked_at": None if key.revoked_at is None else iso(key.revoked_at),
    }


def _asked(body: dict[str, Any]) -> AskedKey:
    return AskedKey(
        jwk=body["jwk"],
        proof=body["proof"],
        valid_from=body.get("valid_from"),
        valid_until=body.get("valid_until"),
    )


def _whose() -> OperatorId | None:
    operator = caller().operator
    return None if operator is None else operator.id


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
