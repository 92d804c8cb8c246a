"""/v1/registry: what a registrar enters and looks at: licences, checks with their answers, alarms."""

from typing import Any

from flask import Response, jsonify

from api.applying_shapes import check_shape, checked_shape
from api.auth import authorized, caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.registrars import deciding_registrar
from api.schemas.applications import (
    AlarmsSchema,
    CheckedSchema,
    IdentityCheckSchema,
    IdentityChecksSchema,
    LicenceSchema,
    RegisterRecordSchema,
)
from api.schemas.deciding import ReasonSchema
from registry.applying.alarms import dismiss_alarm
from registry.applying.checking import enter_licence, enter_register_record
from registry.applying.kept_checks import list_alarms, list_checks, load_answers, load_check
from registry.checks.licence import LicenceRecord
from registry.checks.register_record import RegisterRecord
from registry.model import Scope
from registry.operators import load_operator
from storage.engine import reading

blueprint = ApiBlueprint("registrar", __name__, url_prefix="/v1/registry", description="For registrars")
_check = IdentityCheckSchema()
_checks = IdentityChecksSchema()
_checked = CheckedSchema()
_alarms = AlarmsSchema()
_LICENCE = {
    "authority": "Finansinspektionen",
    "number": "41028",
    "url": "https://www.fi.se/sv/vara-register/foretagsregistret/details?id=41028",
    "seen_on": "2026-11-29",
}


_RECORD = {
    "register": "Bolagsverket",
    "name": "Exempelbutiken AB",
    "number": "556036-0793",
    "url": "https://foretagsinfo.bolagsverket.se/sok-foretagsinformation-web/foretag",
    "seen_on": "2026-11-29",
}


@blueprint.post("/operators/<string:operator_id>/licence")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(LicenceSchema, examples={"seen": {"value": _LICENCE}})
@blueprint.response(200, IdentityCheckSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_licence(body: dict[str, Any], operator_id: str) -> Response:
    """Enter an operator's licence as you saw it in the supervisory authority's register, and the day you did."""
    record = LicenceRecord(
        authority=body["authority"],
        number=body["number"],
        url=body["url"],
        seen_on=body["seen_on"],
        valid_until=body.get("valid_until"),
    )
    done = enter_licence(operator_id, record, by=deciding_registrar(), world=world().applying)
    return _private(_check.dump(check_shape(done)))


@blueprint.post("/operators/<string:operator_id>/register-record")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(RegisterRecordSchema, examples={"seen": {"value": _RECORD}})
@blueprint.response(200, IdentityCheckSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_register_record(body: dict[str, Any], operator_id: str) -> Response:
    """Enter what you saw of an operator in a company register that is not asked by machine, and the day you did.

    The number must be the one it applied with. If the register has another name, you say that both are one.
    """
    done = enter_register_record(operator_id, RegisterRecord(**body), by=deciding_registrar(), world=world().applying)
    return _private(_check.dump(check_shape(done)))


@blueprint.get("/operators/<string:operator_id>/checks")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, IdentityChecksSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_checks(operator_id: str) -> Response:
    """List the newest checks of an operator."""
    with reading(world().applying.engine) as connection:
        load_operator(connection, operator_id)
        found = list_checks(connection, operator_id)
    return _private(_checks.dump({"checks": [check_shape(each) for each in found]}))


@blueprint.get("/checks/<string:check_id>")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, CheckedSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_check(check_id: str) -> Response:
    """Return a check with what was answered, byte for byte: what the evidence rests on."""
    with reading(world().applying.engine) as connection:
        found = load_check(connection, check_id)
        answers = load_answers(connection, found.id)
    return _private(_checked.dump(checked_shape(found, answers)))


@blueprint.get("/alarms")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, AlarmsSchema)
@problem_responses(401, 403, 429, 503)
def get_alarms() -> Response:
    """List the checks that you have to look at: evidence that was lost, or ends because nobody could be asked."""
    with reading(world().applying.engine) as connection:
        found = list_alarms(connection)
    return _private(_alarms.dump({"alarms": [{**check_shape(each), "operator": each.operator_id} for each in found]}))


@blueprint.post("/alarms/<string:check_id>/dismissal")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(ReasonSchema, examples={"seen": {"value": {"reason": "asked them: the domain moved as planned"}}})
@blueprint.response(200, IdentityCheckSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_dismissal(body: dict[str, Any], check_id: str) -> Response:
    """Dismiss an alarm you have looked at. Your reason is public; what was lost stays lost, and can alarm again."""
    person = caller().credential.person
    done = dismiss_alarm(check_id, reason=body["reason"], by=person, world=world().applying)
    return _private(_check.dump(check_shape(done)))


def _private(shape: Any) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.headers["Cache-Control"] = "private, no-store"
    return response
