"""flask-smorest, made strict: JSON is read by our own parser, and every problem is RFC 9457 in words and in type."""

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

from flask import Flask, Request, Response, current_app, g, json, request
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

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401 - webargs' signature
        """Return the body's JSON value. Raises MalformedEncoding, UnsupportedMediaType, RequestEntityTooLarge."""
        return _read_json(req, schema)


def read_body(schema: Schema) -> Any:  # noqa: ANN401 - what the schema loads
    """Return what `schema` makes of this request's body. Raises as `StrictJsonParser`, and ValidationError.

    For views that are called thousands of times: webargs finds out anew at each call what it is asked for.
    """
    return schema.load(_read_json(request, schema))


def _read_json(req: Request, schema: Schema) -> Any:  # noqa: ANN401 - any JSON value
    """Read a body. A schema may say `max_bytes` for bodies of its own size. The bytes are kept for `api.repeating`."""
    if not req.is_json:
        raise UnsupportedMediaType
    max_bytes = getattr(schema, "max_bytes", MAX_BODY_BYTES)
    req.max_content_length = max_bytes + 1  # a chunked body is cut here: one more byte tells it from a whole one
    data = req.get_data(cache=False)
    if len(data) > max_bytes:
        raise RequestEntityTooLarge
    g.sigill_body = data
    return parse_json(data, max_bytes=max_bytes)


class ApiBlueprint(Blueprint):
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = StrictJsonParser()

    def arguments(self, schema: Any, **options: Any) -> Any:  # noqa: ANN401 - flask-smorest's own
        """Read a view's arguments by `schema`, made once: marshmallow takes long to make one."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)


class ProblemApi(Api):
    """The API: problems instead of error pages, and documented as such.

    `keyed` are the beginnings of the paths that need a key. The document is written when it is first asked for: that
    takes a second of CPU, which a start has no use for.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask, *, keyed: Sequence[str]) -> None:
        self._keyed = tuple(keyed)
        self._undocumented: list[Blueprint] = []
        self._text: str | None = None
        self._writing = Lock()
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Add the routes of `blueprint` to the app, and to the document when it is written."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undocumented.append(blueprint)

    def _openapi_json(self) -> Response:
        with self._writing:
            if self._text is None:
                self._text = self._write_document()
        return current_app.response_class(self._text, mimetype="application/json")

    def _write_document(self) -> str:
        for blueprint in self._undocumented:
            blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
            self.spec.tag({"name": blueprint.name, "description": blueprint.description})
        document: dict[str, Any] = self.spec.to_dict()
        for path, operations in document["paths"].items():
            for operation in operations.values():
                if path.startswith(self._keyed) and isinstance(operation, dict):
                    operation["security"] = [{"apiKey": []}]
        return json.dumps(document, indent=2, sort_keys=False)

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


def documented(*decorators: Any) -> Any:  # noqa: ANN401 - decorators of views of any shape
    """Document a view by flask-smorest's decorators without running it through them: each would cost a call."""

    def decorate(view: Any) -> Any:  # noqa: ANN401
        described = view
        for decorator in reversed(decorators):
            described = decorator(described)
        view._apidoc = described._apidoc  # noqa: SLF001 - where flask-smorest keeps it
        return view

    return decorate


def problem_responses(*statuses: int) -> Any:  # noqa: ANN401 - a decorator of views of any shape
    """Document that a view may answer with problems of these statuses."""
    answers = [
        Blueprint.alt_response(_DOCUMENTER, status, schema=ProblemSchema, content_type=PROBLEM_TYPE)
        for status in reversed(statuses)
    ]
    return documented(*answers)


_DOCUMENTER: Final = ApiBlueprint("documenter", __name__)


def accepts_html() -> bool:
    """Tell whether the client prefers a page over JSON, as a browser does."""
    best: str | None = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    return best == "text/html"
