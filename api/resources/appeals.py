"""POST /v1/operator/appeals: what an operator says against a decision about itself."""

from typing import Any

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.deciding_shapes import appeal_shape
from api.schemas.deciding import AppealSchema, ReasonSchema
from registry.deciding.appealing import appeal
from registry.model import Scope

blueprint = ApiBlueprint("appeals", __name__, url_prefix="/v1/operator", description="Appeal against a decision")
_appeal = AppealSchema()


@blueprint.post("/appeals")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(
    ReasonSchema, examples={"wrong": {"value": {"reason": "our licence was renewed, see the register"}}}
)
@blueprint.response(201, AppealSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503)
def post_appeal(body: dict[str, Any]) -> Response:
    """Appeal against your operator's suspension, revocation or rejected application: once each.

    A registrar who did not make the decision answers. Appeal and answer are public, on your operator's page.
    """
    made = appeal(calling_operator().id, reason=body["reason"], world=world().deciding)
    response = jsonify(_appeal.dump(appeal_shape(made)))
    response.status_code = 201
    response.headers["Cache-Control"] = "private, no-store"
    return response
