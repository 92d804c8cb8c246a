"""/v1/api-keys: the API keys that an operator hands out to its own programs and people."""

from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.api_keys import ApiKeyListSchema, ApiKeySchema, HandedOutKeySchema, NewApiKeySchema
from api.shapes import iso
from registry.api_key_registration import hand_out_key, revoke_own_api_key
from registry.api_keys import ListedKey, list_api_keys
from registry.model import Scope
from storage.engine import reading

blueprint = ApiBlueprint("api-keys", __name__, url_prefix="/v1/api-keys", description="An operator's API keys")
_key = ApiKeySchema()
_handed_out = HandedOutKeySchema()
_list = ApiKeyListSchema()
_EXAMPLES: Final[dict[str, Any]] = {
    "signer": {"value": {"name": "mail server", "role": "signer", "valid_until": "2027-11-29T00:00:00Z"}}
}


@blueprint.post("")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.arguments(NewApiKeySchema, examples=_EXAMPLES)
@blueprint.response(201, HandedOutKeySchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_key(body: dict[str, Any]) -> Response:
    """Make an API key of your operator. It is shown once, here; that it was made is in your log."""
    made = hand_out_key(
        operator_id=calling_operator().id,
        name=body["name"],
        role=body["role"],
        valid_until=body.get("valid_until"),
        world=world().registration,
    )
    return _private(_handed_out.dump(_shape(made.key) | {"key": made.text}), 201)


@blueprint.get("")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ApiKeyListSchema)
@problem_responses(401, 403, 503)
def get_keys() -> Response:
    """List your operator's API keys, the oldest first, those that ended too; never their secrets."""
    with reading(world().registration.engine) as connection:
        found = list_api_keys(connection, operator_id=calling_operator().id)
    return _private(_list.dump({"api_keys": [_shape(key) for key in found]}))


@blueprint.delete("/<string:prefix>")
@authorized(Scope.CLIENTS_MANAGE)
@blueprint.response(200, ApiKeySchema)
@problem_responses(401, 403, 404, 503)
def delete_key(prefix: str) -> Response:
    """Revoke an API key, for good: within two seconds it opens nothing any more."""
    revoked = revoke_own_api_key(prefix, operator_id=calling_operator().id, world=world().registration)
    return _private(_key.dump(_shape(revoked)))


def _shape(key: ListedKey) -> dict[str, Any]:
    held = key.credential
    return {
        "prefix": held.prefix,
        "name": held.name,
        "role": held.role.value,
        "created_at": iso(key.created_at),
        "valid_until": iso(held.expires_at),
        "revoked_at": None if held.revoked_at is None else iso(held.revoked_at),
    }


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
