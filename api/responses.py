"""Turning errors into problems: the only place where an exception meets HTTP."""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.current import world
from api.fields import Fault
from api.problems import HTTP_PROBLEMS, INTERNAL, Problem, problem_of
from api.shapes import decision_parts
from registry.errors import AiSystemUnknown, CredentialExpired, CredentialMissing, CredentialUnknown
from settings.discretion import where_raised
from sigill.errors import MalformedAddress, MalformedHtml, NotCanonicalisable, SigillError
from sigill.policy.errors import EnquiryNotInIndustry, FactNotAllowed, UnknownJurisdiction, UnknownScope
from sigill.policy.words import Verdict
from sigill.text.nu1 import HiddenCharacters
from signing.errors import Refused, RequestInvalid

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2
_OUR_MISTAKES: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
_LOGGER: Final = logging.getLogger("sigill.api")
_KEPT_HEADERS: Final = {"allow", "retry-after", "www-authenticate"}
_POINTERS: Final[Mapping[type[SigillError], str]] = {
    EnquiryNotInIndustry: "/enquiry",
    UnknownJurisdiction: "/customer/jurisdiction",
    UnknownScope: "/scope",
    AiSystemUnknown: "/ai/system",
    MalformedAddress: "/recipient",
    MalformedHtml: "/html",
    NotCanonicalisable: "/text",
}


def install_problem_handlers(app: Flask) -> None:
    """Answer every error of the app as a problem; what nobody foresaw is logged without content and answered 500."""
    app.register_error_handler(SigillError, error_problem)
    app.register_error_handler(DatabaseError, _store_unavailable)
    app.register_error_handler(PoolTimeout, _store_unavailable)
    app.register_error_handler(Exception, _unforeseen)


def error_problem(error: SigillError) -> Response:
    """Return the problem for one of our errors."""
    problem = problem_of(error)
    body: dict[str, Any] = {"detail": str(error)}
    faults = list(_faults(error))
    if faults:
        body["errors"] = faults
    if isinstance(error, HiddenCharacters):
        body["findings"] = [
            {
                "kind": item.kind.value,
                "code_point": f"U+{item.code_point:04X}",
                "line": item.line,
                "what": item.description,
            }
            for item in error.findings
        ]
    if isinstance(error, Refused):
        body |= _refusal(error)
    response = problem_response(problem, body)
    if isinstance(error, CredentialMissing | CredentialUnknown | CredentialExpired):
        response.headers["WWW-Authenticate"] = 'Bearer realm="sigill"'
    return response


def http_problem(error: HTTPException) -> Response:
    """Return the problem for an HTTP error of the framework, keeping the headers a client needs."""
    problem = HTTP_PROBLEMS.get(error.code or 500, INTERNAL)
    body: dict[str, Any] = {}
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    if messages:
        body["errors"] = list(field_faults(messages.get("json", messages)))
        body["detail"] = f"{len(body['errors'])} field(s) cannot be as they are"
    response = problem_response(problem, body)
    for name, value in error.get_headers():
        if name.lower() in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def problem_response(problem: Problem, body: Mapping[str, Any]) -> Response:
    """Return one problem as a response; a 503 says when to try again."""
    value = {
        "type": f"{current_app.config['SIGILL_BASE_URL']}/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        **body,
        "next": problem.mend,
    }
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    response = Response(text, problem.status, content_type=PROBLEM_TYPE)
    if problem.status == HTTP_PROBLEMS[503].status:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    return response


def field_faults(messages: object, pointer: str = "") -> Iterator[dict[str, Any]]:
    """Flatten marshmallow's messages into pointers, details and allowed values."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            part = "" if name == "_schema" else "/" + str(name).replace("~", "~0").replace("/", "~1")[:80]
            yield from field_faults(inner, pointer + part)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from field_faults(inner, pointer)
    else:
        fault: dict[str, Any] = {"pointer": pointer, "detail": str(messages)}
        if isinstance(messages, Fault):
            fault["allowed_values"] = list(messages.allowed)
        yield fault


def _faults(error: SigillError) -> Iterator[dict[str, Any]]:
    if isinstance(error, RequestInvalid):
        fault: dict[str, Any] = {"pointer": error.pointer, "detail": str(error)}
        if error.allowed is not None:
            fault["allowed_values"] = list(error.allowed)
        yield fault
        return
    pointer = next((place for kind, place in _POINTERS.items() if isinstance(error, kind)), None)
    if pointer is None:
        return
    fault = {"pointer": pointer, "detail": str(error)}
    if isinstance(error, FactNotAllowed):
        fault["allowed_values"] = list(error.allowed)
    if isinstance(error, AiSystemUnknown):
        fault["allowed_values"] = list(error.registered)
    yield fault


def _refusal(error: Refused) -> dict[str, Any]:
    parts = decision_parts(error.decision, sources=world().signing.policies.policies.vocabulary.sources)
    denying = [rule for rule in error.decision.rules if rule.verdict is Verdict.DENY]
    why = " ".join(f"{rule.why} (rule {rule.id}, basis: {rule.basis.replace('_', ' ')})" for rule in denying)
    return {
        "detail": f"The policy {error.decision.name} denies this message. {why}",
        "decision_id": error.refusal_id,
        "rules": parts["rules"],
        "instead": parts["instead"],
        "policy": parts["policy"],
        "log": {"origin": error.origin, "index": error.index},
    }


def _store_unavailable(error: Exception) -> Response:
    if isinstance(error, _OUR_MISTAKES):
        return _unforeseen(error)
    _LOGGER.warning("the database did not answer %s %s: %s", request.method, request.url_rule, type(error).__name__)
    return problem_response(HTTP_PROBLEMS[503], {"detail": "the database did not answer"})


def _unforeseen(error: Exception) -> Response:
    name, where = type(error).__name__, where_raised(error)
    _LOGGER.error("unforeseen %s at %s %s\n%s", name, request.method, request.url_rule, where)
    return problem_response(INTERNAL, {})
