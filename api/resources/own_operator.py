"""/v1/operator: where an operator stands, its domains, and the checks it asks for."""

from typing import Any

from flask import Response, jsonify, make_response

from api.applying_shapes import challenge_shape, check_shape, missing_shape, next_steps, state_shape
from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.applications import (
    ChallengeSchema,
    DomainsSchema,
    IdentityCheckSchema,
    IdentityChecksSchema,
    NewDomainSchema,
    OwnStateSchema,
    SignedApplicationSchema,
)
from registry.applying.checking import (
    check_operators_domain,
    check_operators_registers,
    check_seal_certificate,
    make_statement,
)
from registry.applying.domains import list_domains, name_domain
from registry.applying.filed import find_filed
from registry.applying.kept_checks import list_checks, proven_domains
from registry.checks.needed import missing_evidence
from registry.model import Scope
from registry.operators import load_operator
from storage.engine import reading

blueprint = ApiBlueprint("operator", __name__, url_prefix="/v1/operator", description="Your operator, and its checks")
_state = OwnStateSchema()
_challenge = ChallengeSchema()
_domains = DomainsSchema()
_check = IdentityCheckSchema()
_checks = IdentityChecksSchema()


@blueprint.get("")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, OwnStateSchema)
@problem_responses(401, 403, 429, 503)
def get_own_operator() -> Response:
    """Say where your operator stands: its evidence, its newest checks, what is missing, what to do next."""
    applying, whose = world().applying, calling_operator().id
    at = applying.now()
    with reading(applying.engine) as connection:
        operator = load_operator(connection, whose)
        made = list_checks(connection, whose)
        challenges = list_domains(connection, whose)
        proven = proven_domains(connection, whose, at=at)
        filed = find_filed(connection, whose)
    missing = missing_evidence(operator, made, at=at)
    shape = {
        **state_shape(operator, at=at),
        "test_operator": None if filed is None else filed.test_operator_id,
        "checks": [check_shape(each) for each in made],
        "domains": [challenge_shape(each, proven=proven) for each in challenges],
        "missing": [missing_shape(each) for each in missing],
        "next": next_steps(operator, missing, base_url=world().base_url),
    }
    return _private(_state.dump(shape))


@blueprint.post("/domains")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(NewDomainSchema, examples={"domain": {"value": {"domain": "exempelbanken.se"}}})
@blueprint.response(201, ChallengeSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503)
def post_domain(body: dict[str, Any]) -> Response:
    """Name a domain of yours; the answer holds the record and the file, of which you publish one.

    A domain named before keeps its challenge, until it ends soon or your key is another.
    """
    challenge = name_domain(calling_operator().id, body["domain"], world=world().applying)
    return _private(_challenge.dump(challenge_shape(challenge, proven=_proven())), 201)


@blueprint.get("/domains")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, DomainsSchema)
@problem_responses(401, 403, 429, 503)
def get_domains() -> Response:
    """List your domains with their challenges, and whether they are shown to be yours."""
    with reading(world().applying.engine) as connection:
        challenges = list_domains(connection, calling_operator().id)
    proven = _proven()
    return _private(_domains.dump({"domains": [challenge_shape(each, proven=proven) for each in challenges]}))


@blueprint.post("/domains/<string:domain>/check")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, IdentityCheckSchema)
@problem_responses(401, 403, 404, 409, 429, 503)
def post_domain_check(domain: str) -> Response:
    """Check a domain now: the resolvers are asked, then its web server. What failed says what to do.

    `could_not_be_checked` is neither: it is tried again by itself.
    """
    done = check_operators_domain(calling_operator().id, domain, world=world().applying)
    return _private(_check.dump(check_shape(done)))


@blueprint.post("/register-check")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, IdentityChecksSchema)
@problem_responses(401, 403, 409, 429, 503)
def post_register_check() -> Response:
    """Have every register asked that can say something of your identifier or LEI."""
    done = check_operators_registers(calling_operator().id, world=world().applying)
    return _private(_checks.dump({"checks": [check_shape(each) for each in done]}))


@blueprint.get("/application-statement")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, content_type="application/json", description="One line of JSON, to be signed byte for byte")
@problem_responses(401, 403, 429, 503)
def get_application_statement() -> Response:
    """Give the statement to sign with your seal certificate: keep it as it is, every byte counts. It counts once."""
    response = make_response(make_statement(calling_operator().id, world=world().applying))
    response.content_type = "application/json"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/seal-certificate")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(SignedApplicationSchema, examples={"signed": {"value": {"application": "eyJhbGciOiJFUzI1NiIs…"}}})
@blueprint.response(200, IdentityCheckSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503)
def post_seal_certificate(body: dict[str, Any]) -> Response:
    """Send the application that your seal certificate signed (`sigill sign-application`); it is checked at once."""
    done = check_seal_certificate(calling_operator().id, body["application"], world=world().applying)
    return _private(_check.dump(check_shape(done)))


def _proven() -> tuple[str, ...]:
    applying = world().applying
    with reading(applying.engine) as connection:
        return proven_domains(connection, calling_operator().id, at=applying.now())


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
