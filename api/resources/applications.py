"""POST /v1/applications: enter the registry, in the test environment at once, or as one who applies to live."""

from contextlib import suppress
from typing import Any, Final

from flask import Response, jsonify, request

from api.access import decides_itself
from api.applying_shapes import challenge_shape, missing_shape, next_steps
from api.auth import authenticate_caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.applications import AppliedSchema, NewApplicationSchema
from registry.applying.apply import Applied, Asked, apply
from registry.checks.needed import missing_evidence
from registry.deciding.looking import look_at_operator
from registry.model import Operator, Scope
from transparency.errors import TransparencyError

blueprint = ApiBlueprint("applications", __name__, description="Enter the registry")
_applied = AppliedSchema()
_KEY: Final = {"jwk": {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}, "proof": "eyJhbGciOiJFUzI1NiIs…"}
_EXAMPLES: Final[dict[str, Any]] = {
    "test": {
        "value": {
            "name": "Exempelbanken",
            "environment": "test",
            "industry": "bank",
            "markets": ["SE"],
            "key": _KEY,
        }
    },
    "live": {
        "value": {
            "name": "Exempelbanken AB",
            "environment": "live",
            "industry": "bank",
            "markets": ["SE"],
            "identifier": "NTRSE-5560360793",
            "lei": "EXEMPELBANKENAB00039",
            "domains": ["exempelbanken.se"],
            "key": _KEY,
        }
    },
}


@blueprint.post("/v1/applications")
@blueprint.doc(security=[{}, {"apiKey": []}])
@decides_itself("a test operator goes live with its administrator's credential")
@blueprint.arguments(NewApplicationSchema, examples=_EXAMPLES)
@blueprint.response(201, AppliedSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503)
def post_application(body: dict[str, Any]) -> Response:
    """Apply. In the `test` environment you are in at once: nothing is checked, and the seals say that they are tests.

    To `live` you show who you are (`missing`, `next`), and a registrar decides. The API keys are shown this once; the
    key you apply with gets access tokens as the client `client_id`, and your domains are bound to it. A key applies
    once: the same application sent again is refused (409), and names what there is.
    """
    done = apply(_asked(body, test_operator=_calling()), world=world().applying)
    with suppress(TransparencyError):  # the keys are shown this once; it is looked for again before the decision
        look_at_operator(done.operator.id, world=world().deciding)
    response = jsonify(_applied.dump(_shape(done)))
    response.status_code = 201
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Location"] = f"{world().base_url}/v1/operator"
    return response


def _calling() -> Operator | None:
    """Return the operator whose administrator applies, None where no credential is shown."""
    if request.headers.get("Authorization") is None:
        return None
    return authenticate_caller(Scope.OPERATOR_MANAGE).operator


def _asked(body: dict[str, Any], *, test_operator: Operator | None) -> Asked:
    return Asked(
        name=body["name"],
        industry=body["industry"].value,
        markets=tuple(body["markets"]),
        environment=body["environment"],
        jwk=body["key"]["jwk"],
        proof=body["key"]["proof"],
        id=body.get("id"),
        identifier=body.get("identifier"),
        website=body.get("website"),
        phone=body.get("phone"),
        lei=body.get("lei"),
        domains=tuple(body.get("domains", ())),
        test_operator=test_operator,
    )


def _shape(done: Applied) -> dict[str, Any]:
    operator, base_url = done.operator, world().base_url
    missing = missing_evidence(operator, (), at=world().applying.now())
    return {
        "operator": operator.id,
        "identifier": operator.identifier,
        "environment": operator.environment.value,
        "state": operator.state.value,
        "client_id": done.client_id,
        "api_keys": {"admin": done.admin_key, "signer": done.signer_key},
        "domains": [challenge_shape(each, proven=()) for each in done.challenges],
        "missing": [missing_shape(each) for each in missing],
        "next": next_steps(operator, missing, base_url=base_url),
        "links": {
            "state": f"{base_url}/v1/operator",
            "domains": f"{base_url}/v1/operator/domains",
            "register_check": f"{base_url}/v1/operator/register-check",
            "statement": f"{base_url}/v1/operator/application-statement",
            "page": f"{base_url}/registry/operators/{operator.id}",
        },
    }
