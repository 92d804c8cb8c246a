"""POST /oauth/token: access tokens for clients that show a signed assertion (RFC 6749, RFC 7523); its description.

The one place that does not answer with problems: OAuth has its own form of refusals (RFC 6749 section 5.2).
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from flask import Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from api.access import open_to_all
from api.audit import tell_refusal
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.problems import problem_of
from api.schemas.clients import AuthorizationServerSchema, TokenErrorSchema, TokenSchema
from registry.clients.access_token import LASTS
from registry.clients.compact import ALGORITHMS, MAX_CHARACTERS
from registry.clients.grant import ASSERTION_TYPE, GRANT_TYPE, grant_token
from registry.clients.reasons import Reason
from registry.errors import GrantRefused, OAuthError
from registry.model import Scope

blueprint = ApiBlueprint("oauth", __name__, description="Access tokens for clients with a private key")
MAX_FORM_BYTES: Final = 2 * MAX_CHARACTERS
_MAX_FIELDS: Final = 20
_FORM: Final = "application/x-www-form-urlencoded"
_REFUSED: Final = 400
_MAX_AGE_S: Final = 300
_PARAMETERS: Final[dict[str, Any]] = {
    "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
    "client_assertion_type": {"type": "string", "enum": [ASSERTION_TYPE]},
    "client_assertion": {"type": "string", "maxLength": MAX_CHARACTERS},
    "client_id": {"type": "string"},
    "scope": {"type": "string", "description": "Fewer than the role has; none named: all of them"},
    "resource": {"type": "string", "format": "uri"},
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        _FORM: {
            "schema": {
                "type": "object",
                "properties": _PARAMETERS,
                "required": ["grant_type", "client_assertion_type", "client_assertion"],
            }
        }
    },
}


@blueprint.post("/oauth/token")
@open_to_all
@blueprint.doc(requestBody=_BODY)
@blueprint.response(200, TokenSchema)
@blueprint.alt_response(400, schema=TokenErrorSchema)
@blueprint.alt_response(413, schema=TokenErrorSchema)
@problem_responses(503)
def post_token() -> Response:
    """Give out an access token for ten minutes to a client that shows a signed assertion (`private_key_jwt`).

    The assertion's `aud` is the issuer of this service, as one string; each is taken once.
    """
    try:
        grant = grant_token(_read_form(), world=world().grants)
    except GrantRefused as error:
        world().metrics.problem(problem_of(error).slug)
        tell_refusal("token_refused", error=error.error.value, reason=error.reason, client=error.client_id)
        return _refusal(error)
    response = jsonify(
        access_token=grant.text,
        token_type="Bearer",  # noqa: S106 - a word
        expires_in=int(LASTS.total_seconds()),
        scope=" ".join(sorted(grant.token.scopes)),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/.well-known/oauth-authorization-server")
@open_to_all
@blueprint.response(200, AuthorizationServerSchema)
@problem_responses(503)
def get_metadata() -> Response:
    """Describe this service as an authorization server (RFC 8414)."""
    base = world().base_url
    response = jsonify(
        issuer=world().grants.issuer,
        token_endpoint=f"{base}/oauth/token",
        jwks_uri=f"{base}/.well-known/jwks.json",
        scopes_supported=sorted(scope.value for scope in Scope),
        response_types_supported=[],
        grant_types_supported=[GRANT_TYPE],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=list(ALGORITHMS),
        service_documentation=f"{base}/docs",
    )
    response.headers["Cache-Control"] = f"public, max-age={_MAX_AGE_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _refusal(error: GrantRefused) -> Response:
    response = jsonify(error=error.error.value, error_description=_plain(str(error)))
    response.status_code = 413 if error.reason == Reason.TOO_LONG.value else _REFUSED
    response.headers["Cache-Control"] = "no-store"
    return response


def _read_form() -> dict[str, str]:
    """Return the parameters, each once, those without a value left out (RFC 6749 section 3.2). Raises GrantRefused."""
    if request.mimetype != _FORM:
        raise _wrong(f"send the parameters as {_FORM}")
    request.max_content_length = MAX_FORM_BYTES + 1  # a chunked body is cut here
    try:
        data = request.get_data(cache=False, parse_form_data=False)
    except RequestEntityTooLarge:
        data = b"x" * (MAX_FORM_BYTES + 1)
    if len(data) > MAX_FORM_BYTES:
        raise _wrong(f"a token request has at most {MAX_FORM_BYTES} bytes", reason=Reason.TOO_LONG)
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise _wrong("the body is no form that can be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _wrong("each parameter is sent once", reason=Reason.DUPLICATE_MEMBER)
    return {name: value for name, value in form.items() if value}


def _wrong(says: str, *, reason: Reason = Reason.WRONG_REQUEST) -> GrantRefused:
    return GrantRefused(OAuthError.INVALID_REQUEST, says, reason=reason.value)


def _plain(text: str) -> str:
    """Return a description in the characters that RFC 6749 lets it have."""
    return "".join(each if " " <= each <= "~" and each not in '"\\' else "'" for each in text)
