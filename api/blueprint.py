"""flask-smorest, made strict: JSON is read by our own parser, and every problem is RFC 9457 in words and in type."""

from typing import Any, Final

from flask import Request, Response, request
from flask_smorest import Api, Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from api.responses import PROBLEM_TYPE, http_problem
from api.schemas.problems import ProblemSchema
from sigill.encoding.strict_json import parse_json

MAX_BODY_BYTES: Final = 1_048_576


class StrictJsonParser(FlaskParser):
    """Reads bodies with `sigill.encoding.strict_json`: duplicate members and wrong content types are errors."""

    DEFAULT_VALIDATION_STATUS = 422

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401, ARG002 - webargs' signature
        """Return the body's JSON value. Raises MalformedEncoding, UnsupportedMediaType, RequestEntityTooLarge."""
        if not req.is_json:
            raise UnsupportedMediaType
        data = req.get_data(cache=False)
        if len(data) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        return parse_json(data, max_bytes=MAX_BODY_BYTES)


class ApiBlueprint(Blueprint):
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = StrictJsonParser()


class ProblemApi(Api):
    """The API: problems instead of error pages, and documented as such."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        # Default answers would be documented as application/json; swap the type while they are registered.
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM_TYPE
        try:
            super()._register_responses()
        finally:
            del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer an HTTP error as a problem, with the headers it needs (Allow, Retry-After)."""
        return http_problem(error)


def problem_responses(*statuses: int) -> Any:  # noqa: ANN401 - a decorator of views of any shape
    """Document that a view may answer with problems of these statuses."""

    def decorate(view: Any) -> Any:  # noqa: ANN401
        for status in statuses:
            view = Blueprint.alt_response(_DOCUMENTER, status, schema=ProblemSchema, content_type=PROBLEM_TYPE)(view)
        return view

    return decorate


_DOCUMENTER: Final = ApiBlueprint("documenter", __name__)


def accepts_html() -> bool:
    """Tell whether the client prefers a page over JSON, as a browser does."""
    best: str | None = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    return best == "text/html"
