"""GET /registry/operators and /registry/operators/{id}: JSON for programs, a page for people, at one address."""

from datetime import datetime
from typing import Any

from flask import Response, jsonify, make_response

from api.access import open_to_all
from api.blueprint import ApiBlueprint, accepts_html, problem_responses
from api.current import world
from api.resources.mandates import mandate_shape
from api.resources.sending_shapes import policy_shape
from api.schemas.registry import OperatorListSchema, OperatorSchema
from registry.assurance import attained_level, is_demonstration
from registry.mandates.store import list_public, names_of
from registry.model import Operator
from registry.operators import list_operator_ids, load_operator
from registry.sending.public import load_policy
from storage.engine import reading

blueprint = ApiBlueprint("registry", __name__, url_prefix="/registry", description="Who the operators are")
_operator = OperatorSchema()
_list = OperatorListSchema()


@blueprint.get("/operators")
@open_to_all
@blueprint.response(200, OperatorListSchema)
@problem_responses(429, 503)
def get_operators() -> Response:
    """List all operators, by name."""
    with reading(world().signing.engine) as connection:
        found = [load_operator(connection, operator_id) for operator_id in list_operator_ids(connection)]
    lines = [
        {
            "id": operator.id,
            "name": operator.name,
            "industry": operator.industry,
            "state": operator.state,
            "url": f"{world().base_url}/registry/operators/{operator.id}",
        }
        for operator in found
    ]
    return jsonify(_list.dump({"operators": lines}))


@blueprint.get("/operators/<string:operator_id>")
@open_to_all
@blueprint.response(200, OperatorSchema)
@problem_responses(404, 429, 503)
def get_operator(operator_id: str) -> Response:
    """Say who an operator is, how and when that was checked, and where its log is. Browsers get a page."""
    with reading(world().signing.engine) as connection:
        operator = load_operator(connection, operator_id)
        policy = load_policy(connection, operator_id, at=world().signing.now())
    if accepts_html():
        response = make_response(world().operator_page(operator, policy))
    else:
        more = {"mandates": _mandates(operator), "sending": policy_shape(policy)}
        response = jsonify(_operator.dump(operator_shape(operator) | more))
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


def operator_shape(operator: Operator) -> dict[str, Any]:
    """Return an operator as the public may see it."""
    log = world().trust().logs.get(operator.id)
    return {
        "id": operator.id,
        "name": operator.name,
        "identifier": operator.identifier,
        "industry": operator.industry,
        "environment": operator.environment,
        "markets": list(operator.markets),
        "state": operator.state,
        "assurance_level": int(attained_level(operator.evidence, at=world().signing.now())),
        "history": [
            {"state": change.state, "since": _iso(change.since), "reason": change.reason} for change in operator.history
        ],
        "evidence": [
            {
                "kind": item.kind,
                "method": item.method,
                "checked_by": item.checked_by,
                "valid_from": _iso(item.valid_from),
                "valid_until": _iso(item.valid_until),
            }
            for item in operator.evidence
        ],
        "ai_systems": [
            {
                "system": item.ref,
                "name": item.name,
                "provider": item.provider,
                "model": item.model,
                "active": item.active,
            }
            for item in operator.ai_systems
        ],
        "website": operator.website,
        "phone": operator.phone,
        "log": None if log is None else {"origin": log.origin, "vkey": log.vkey, "url": log.url},
        "demonstration": is_demonstration(operator),
    }


def _mandates(operator: Operator) -> list[dict[str, Any]]:
    """Return who may seal for the operator and for whom it may, as far as everybody may see it."""
    at = world().signing.now()
    with reading(world().signing.engine) as connection:
        found = list_public(connection, operator_id=operator.id)
        names = names_of(connection, found)
    return [mandate_shape(each, names, at=at) for each in found]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
