"""GET /registry/operators and /registry/operators/{id}: JSON for programs, a page for people, at one address."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Response, jsonify, make_response
from marshmallow import RAISE

from api.access import open_to_all
from api.blueprint import ApiBlueprint, accepts_html, problem_responses
from api.current import world
from api.cursors import format_cursor, parse_cursor
from api.resources.mandates import mandate_shape
from api.resources.sending_shapes import policy_shape
from api.schemas.registry import BeforeSchema, OperatorListSchema, OperatorSchema, StepListSchema
from api.shapes import iso, successor_shape
from registry.assurance import attained_level, is_demonstration
from registry.listing import list_public_operators
from registry.mandates.store import list_public, names_of
from registry.model import Operator
from registry.operators import load_operator
from registry.sending.public import load_policy
from registry.steps import LoggedStep, list_newest_steps
from storage.engine import reading

blueprint = ApiBlueprint("registry", __name__, url_prefix="/registry", description="Who the operators are")
_operator = OperatorSchema()
_list = OperatorListSchema()
_steps = StepListSchema()
_IN_THE_ANSWER: Final = 20
_ON_THE_PAGE: Final = 200
_A_PAGE: Final = 100


@blueprint.get("/operators")
@open_to_all
@blueprint.response(200, OperatorListSchema)
@problem_responses(429, 503)
def get_operators() -> Response:
    """List the operators that were ever verified, by name."""
    with reading(world().signing.engine) as connection:
        found = list_public_operators(connection)
    lines = [
        {
            "id": operator.id,
            "name": operator.name,
            "industry": operator.industry.value,
            "state": operator.state.value,
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
    for_people = accepts_html()
    limit = _ON_THE_PAGE if for_people else _IN_THE_ANSWER
    with reading(world().signing.engine) as connection:
        operator = load_operator(connection, operator_id)
        policy = load_policy(connection, operator_id, at=world().signing.now())
        steps = list_newest_steps(connection, operator_id, limit=limit)
    if for_people:
        response = make_response(world().operator_page(operator, policy, steps))
    else:
        more = {"mandates": _mandates(operator), "sending": policy_shape(policy)}
        response = jsonify(_operator.dump(operator_shape(operator, steps) | more))
    if not operator.was_verified:
        response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


@blueprint.get("/operators/<string:operator_id>/steps")
@open_to_all
@blueprint.arguments(BeforeSchema, location="query", unknown=RAISE)
@blueprint.response(200, StepListSchema)
@problem_responses(404, 422, 429, 503)
def get_steps(query: dict[str, Any], operator_id: str) -> Response:
    """List what happened to an operator, the newest first, a hundred at a time."""
    before = int(parse_cursor(query["after"], int)[0]) if "after" in query else None
    with reading(world().signing.engine) as connection:
        load_operator(connection, operator_id)
        found = list_newest_steps(connection, operator_id, limit=_A_PAGE + 1, before=before)
    steps = found[:_A_PAGE]
    following = format_cursor(steps[-1].index) if len(found) > _A_PAGE else None
    return jsonify(_steps.dump({"steps": [step_shape(each) for each in steps], "next": following}))


def step_shape(logged: LoggedStep) -> dict[str, Any]:
    """Return a step as everyone may read it."""
    step = logged.step
    return {"index": logged.index, "act": step.act.value, "at": iso(step.at), "by": step.by, "said": dict(step.said)}


def operator_shape(operator: Operator, steps: Sequence[LoggedStep]) -> dict[str, Any]:
    """Return an operator as the public may see it, with its newest steps."""
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
            {"state": change.state, "since": iso(change.since), "reason": change.reason} for change in operator.history
        ],
        "evidence": [
            {
                "kind": item.kind,
                "method": item.method,
                "checked_by": item.checked_by,
                "valid_from": iso(item.valid_from),
                "valid_until": iso(item.valid_until),
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
        "former_names": [{"name": each.name, "until": iso(each.until)} for each in operator.former_names],
        "successor": successor_shape(operator),
        "steps": [step_shape(each) for each in steps],
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
