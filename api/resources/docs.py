"""The API's documentation, served by the app itself with no outside request, and a page for each kind of problem."""

from pathlib import Path
from typing import Final

import flask_swagger_ui
from flask import Response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from api.access import open_to_all
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.problems import all_problems

blueprint = ApiBlueprint(
    "docs",
    __name__,
    template_folder=str(Path(__file__).parent.parent / "templates"),
    description="This documentation, and a page for each kind of problem",
)
_DIST: Final = Path(flask_swagger_ui.__file__).parent / "dist"
_STATIC: Final = Path(__file__).parent.parent / "static"
_FILES: Final = {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = "text/html; charset=utf-8"
_TEXT: Final = {"type": "string"}


@blueprint.get("/docs")
@open_to_all
@blueprint.response(200, _TEXT, content_type=_PAGE)
def get_docs() -> Response:
    """Show the OpenAPI document as a page to read and to try."""
    response = Response(render_template("docs.html", base_url=world().base_url), content_type=_PAGE)
    response.headers["Content-Security-Policy"] = _CSP
    return response


@blueprint.get("/docs/assets/<string:name>")
@open_to_all
@blueprint.response(200, _TEXT, content_type="*/*")
@problem_responses(404, 429)
def get_asset(name: str) -> Response:
    """Serve the few files the documentation page needs."""
    if name == "start.js":
        return send_from_directory(_STATIC, name)
    if name not in _FILES:
        raise NotFound
    return send_from_directory(_DIST, name, max_age=86_400)


@blueprint.get("/problems/<string:slug>")
@open_to_all
@blueprint.response(200, _TEXT, content_type=_PAGE)
@problem_responses(404, 429)
def get_problem(slug: str) -> Response:
    """Explain one kind of problem."""
    if slug not in all_problems():
        raise NotFound
    return world().problem_page(slug)
