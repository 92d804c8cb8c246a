"""/v1/ai-systems: the AI systems an operator has registered; each that comes or goes is a leaf of its log."""

from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.ai_systems import NewSystemSchema, SystemListSchema
from api.schemas.registry import SystemSchema
from registry.ai_systems import register_ai_system, retire_ai_system
from registry.application import read_ai_system
from registry.model import AiSystem, Scope
from registry.operators import load_operator
from storage.engine import reading

blueprint = ApiBlueprint("ai_systems", __name__, url_prefix="/v1/ai-systems", description="AI systems of an operator")
_system = SystemSchema()
_list = SystemListSchema()
_BY: Final = "the operator"
_EXAMPLES: Final[dict[str, Any]] = {
    "bot": {"value": {"system": "saga", "name": "Saga", "provider": "Exempel AI", "model": "saga-1"}}
}


@blueprint.get("")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, SystemListSchema)
@problem_responses(401, 403, 429, 503)
def get_systems() -> Response:
    """List your operator's AI systems, those out of use too."""
    return _private(_list.dump({"ai_systems": [system_shape(each) for each in _systems(calling_operator().id)]}))


@blueprint.post("")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(NewSystemSchema, examples=_EXAMPLES)
@blueprint.response(201, SystemSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 429, 503)
def post_system(body: dict[str, Any]) -> Response:
    """Register an AI system of your operator: from then on messages it wrote can be sealed, and say so."""
    system = read_ai_system(
        ref=body["system"], name=body["name"], provider=body.get("provider"), model=body.get("model")
    )
    signing = world().signing
    register_ai_system(calling_operator().id, system, by=_BY, at=signing.now(), log=signing.log, random=signing.random)
    return _private(_system.dump(system_shape(system)), 201)


@blueprint.delete("/<string:ref>")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, SystemSchema)
@problem_responses(401, 403, 404, 429, 503)
def delete_system(ref: str) -> Response:
    """Take an AI system out of use, for good: no seal names it any more, and its name is not given again.

    One that is out of use already stays so.
    """
    operator_id, signing = calling_operator().id, world().signing
    before = {system.ref: system for system in _systems(operator_id)}
    if ref not in before or before[ref].active:
        retire_ai_system(operator_id, ref, by=_BY, at=signing.now(), log=signing.log, random=signing.random)
    ended = next(system for system in _systems(operator_id) if system.ref == ref)
    return _private(_system.dump(system_shape(ended)))


def system_shape(system: AiSystem) -> dict[str, Any]:
    """Return an AI system as the API shows it."""
    return {
        "system": system.ref,
        "name": system.name,
        "provider": system.provider,
        "model": system.model,
        "active": system.active,
    }


def _systems(operator_id: str) -> tuple[AiSystem, ...]:
    with reading(world().signing.engine) as connection:
        return load_operator(connection, operator_id).ai_systems


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
