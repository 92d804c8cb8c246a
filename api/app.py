"""The Flask app of the API: strict bodies, problems for errors, an OpenAPI 3.1 document."""

from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from api.blueprint import MAX_BODY_BYTES, ProblemApi
from api.chunks import expect_broken_chunks
from api.current import EXTENSION
from api.limits import install_limits
from api.resources import (
    ai_systems,
    api_keys,
    appeals,
    applications,
    attestations,
    clients,
    contacts,
    conversations,
    deciding,
    docs,
    erasures,
    health,
    log,
    mandates,
    messages,
    metrics,
    oauth,
    own_operator,
    promises,
    proofs,
    registrar_checks,
    registry,
    search,
    staff,
    status,
    verifications,
    wellknown,
    withdrawals,
)
from api.responses import REPLAYED, install_problem_handlers
from api.world import ApiWorld

VERSION: Final = "0.1.0"
_DESCRIPTION: Final = (
    "Sigill vouches for who sent a customer-service message, and whether a human or an AI wrote it. "
    "Operators sign with an API key or an access token; verifying needs none."
)
_KEYED: Final = (
    "/v1/messages",
    "/v1/conversations",
    "/v1/decisions",
    "/v1/clients",
    "/v1/staff",
    "/v1/ai-systems",
    "/v1/api-keys",
    "/v1/operator",
    "/v1/registry",
    "/v1/attestations/options",
)
_SPEC: Final[dict[str, Any]] = {
    "info": {"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
    "components": {
        "securitySchemes": {
            "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "API key, or access token of /oauth/token"},
            "metricsToken": {"type": "http", "scheme": "bearer", "bearerFormat": "SIGILL_METRICS_TOKEN_FILE"},
        }
    },
}


def make_api(world: ApiWorld) -> Flask:
    """Return the app with every route of the API; the customer's pages are added by `wiring`."""
    app = Flask("sigill", static_folder=None)
    app.config.update(
        API_TITLE="Sigill",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=_SPEC,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES + 1,  # a chunked body is cut here: one more byte tells it from a whole one
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        SIGILL_BASE_URL=world.base_url,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = world
    world.metrics.watch(app, replayed=REPLAYED)
    api = ProblemApi(app, keyed=_KEYED)
    for resource in (
        messages,
        withdrawals,
        erasures,
        proofs,
        attestations,
        conversations,
        verifications,
        clients,
        staff,
        mandates,
        ai_systems,
        deciding,
        appeals,
        api_keys,
        contacts,
        promises,
        oauth,
        applications,
        own_operator,
        registrar_checks,
        registry,
        search,
        log,
        status,
        wellknown,
        health,
        metrics,
        docs,
    ):
        api.register_blueprint(resource.blueprint)
    install_problem_handlers(app)
    app.before_request(_refuse_nul)
    app.after_request(_harden)
    install_limits(app)
    app.wsgi_app = expect_broken_chunks(app.wsgi_app)  # type: ignore[assignment,method-assign]
    return app


def _refuse_nul() -> None:
    """Find nothing at an address with a NUL in it: PostgreSQL cannot even look for such a name."""
    if "\x00" in request.path:
        raise NotFound


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return response
