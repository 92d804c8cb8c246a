"""The guarantor's published keys: JWKS for any JOSE library, the trust file for `sigill verify --trust`."""

from flask import Response, jsonify, request

from api.access import open_to_all
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.wellknown import ConfigurationSchema, JwksSchema, TrustSchema
from sigill.keys.jwks import format_jwks
from sigill.report.trust import format_trust
from sigill.seal.claims import audience_of

blueprint = ApiBlueprint(
    "wellknown", __name__, url_prefix="/.well-known", description="Keys, logs and addresses, for programs"
)
_MAX_AGE_S = 300


@blueprint.get("/jwks.json")
@open_to_all
@blueprint.response(200, JwksSchema)
@problem_responses(429, 503)
def get_jwks() -> Response:
    """Publish the P-256 keys, each bound to the token type it may sign."""
    return _public(jsonify(format_jwks(world().trust().keys)))


@blueprint.get("/sigill-trust.json")
@open_to_all
@blueprint.response(200, TrustSchema)
@problem_responses(429, 503)
def get_trust() -> Response:
    """Publish issuer, keys and logs in one file for checking offline."""
    return _public(jsonify(format_trust(world().trust())))


@blueprint.get("/sigill-configuration")
@open_to_all
@blueprint.response(200, ConfigurationSchema)
@problem_responses(429, 503)
def get_configuration() -> Response:
    """Publish where everything is."""
    base = world().base_url
    trust = world().trust()
    return _public(
        jsonify(
            issuer=trust.issuer,
            audience=audience_of(trust.issuer),
            jwks_uri=f"{base}/.well-known/jwks.json",
            trust_uri=f"{base}/.well-known/sigill-trust.json",
            verification_endpoint=f"{base}/v1/verifications",
            operators_uri=f"{base}/registry/operators",
            seal_types_supported=["ai-disclosure+sd-jwt"],
            seal_signing_alg_values_supported=["ES256"],
        )
    )


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_MAX_AGE_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response
