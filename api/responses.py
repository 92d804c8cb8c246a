"""Turning errors into problems: the only place where an exception meets HTTP."""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from api.current import world
from api.fields import Fault
from api.problem import Problem
from api.problems import HTTP_PROBLEMS, INTERNAL, problem_of
from api.shapes import decision_parts
from conversations.errors import EditRefused
from limiting.errors import LimitingError, LimitReached
from privacy.errors import RequesterInvalid, RetentionNotOver
from registry.errors import (
    AiSystemUnknown,
    CredentialBound,
    CredentialExpired,
    CredentialMissing,
    CredentialUnknown,
    EvidenceMissing,
    ScopeMissing,
)
from registry.sending.errors import CodesExhausted
from settings.discretion import where_raised
from sigill.errors import MalformedAddress, MalformedHtml, NotCanonicalisable, SigillError
from sigill.policy.errors import EnquiryNotInIndustry, FactNotAllowed, UnknownJurisdiction, UnknownScope
from sigill.policy.words import Verdict
from sigill.text.nu1 import HiddenCharacters
from signing.errors import Refused, RequestInvalid

PROBLEM_TYPE: Final = "application/problem+json"
REPLAYED: Final = "Idempotency-Replayed"
_OUR_MISTAKES: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
_LOGGER: Final = logging.getLogger("sigill.api")
_KEPT_HEADERS: Final = {"allow", "retry-after", "www-authenticate"}
_POINTERS: Final[Mapping[type[SigillError], str]] = {
    EditRefused: "/edits",
    EnquiryNotInIndustry: "/enquiry",
    UnknownJurisdiction: "/customer/jurisdiction",
    UnknownScope: "/scope",
    AiSystemUnknown: "/ai/system",
    MalformedAddress: "/recipient",
    MalformedHtml: "/html",
    NotCanonicalisable: "/text",
    RequesterInvalid: "/requester",
}


class PlainResponse(Response):
    """A response whose headers are sent as they are: nothing in them is an address that has to be made an ASCII one."""

    def get_wsgi_headers(self, environ: Any) -> Headers:  # noqa: ANN401, ARG002 - werkzeug's signature
        """Return the headers."""
        return self.headers


def install_problem_handlers(app: Flask) -> None:
    """Answer every error of the app as a problem; what nobody foresaw is logged without content and answered 500."""
    app.register_error_handler(SigillError, error_problem)
    app.register_error_handler(Exception, _unforeseen)


def error_problem(error: SigillError) -> Response:
    """Return the problem for one of our errors."""
    problem, body = describe_error(error)
    response = problem_response(problem, body)
    challenge = _challenge(error)
    if challenge is not None:
        response.headers["WWW-Authenticate"] = challenge
    if isinstance(error, LimitingError | CodesExhausted):
        response.headers["Retry-After"] = str(error.after_s)
    if isinstance(error, Refused) and error.repeated:
        response.headers[REPLAYED] = "true"
    return response


def _challenge(error: SigillError) -> str | None:
    """Return what RFC 6750 section 3 has a client told: nothing but the realm, where it showed nothing."""
    match error:
        case CredentialMissing():
            return 'Bearer realm="sigill"'
        case CredentialUnknown() | CredentialExpired():
            return 'Bearer realm="sigill", error="invalid_token"'
        case ScopeMissing() | CredentialBound():
            return 'Bearer realm="sigill", error="insufficient_scope"'
        case _:
            return None


def describe_error(error: Exception) -> tuple[Problem, dict[str, Any]]:
    """Return the problem of any error, and what is said of this one; what nobody foresaw is logged without content."""
    if isinstance(error, SigillError):
        return problem_of(error), _describe(error)
    if isinstance(error, DatabaseError | PoolTimeout) and not isinstance(error, _OUR_MISTAKES):
        _LOGGER.warning("the database did not answer %s %s: %s", request.method, request.url_rule, type(error).__name__)
        return HTTP_PROBLEMS[503], {"detail": "the database did not answer"}
    if isinstance(error, ValidationError):
        faults = list(field_faults(error.messages))
        return HTTP_PROBLEMS[422], {"errors": faults, "detail": f"{len(faults)} field(s) cannot be as they are"}
    name, where = type(error).__name__, where_raised(error)
    _LOGGER.error("unforeseen %s at %s %s\n%s", name, request.method, request.url_rule, where)
    return INTERNAL, {}


def _describe(error: SigillError) -> dict[str, Any]:
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
    if isinstance(error, EvidenceMissing):
        body["missing"] = list(error.missing)
    if isinstance(error, LimitReached):
        body["violated-policies"] = [error.standing.quota.name]
    if isinstance(error, RetentionNotOver):
        period = error.period
        body["retention"] = {"rule": period.rule, "basis": period.basis, "sources": list(period.sources)}
        body["ask_again_at"] = error.until.isoformat(timespec="seconds")
    return body


def http_problem(error: HTTPException) -> Response:
    """Return the problem for an HTTP error of the framework, keeping the headers a client needs."""
    problem = HTTP_PROBLEMS.get(error.code or 500, INTERNAL)
    body: dict[str, Any] = {}
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    if messages:
        body["errors"] = list(field_faults(messages.get("json", messages.get("query", messages))))
        body["detail"] = f"{len(body['errors'])} field(s) cannot be as they are"
    response = problem_response(problem, body)
    for name, value in error.get_headers():
        if name.lower() in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def problem_response(problem: Problem, body: Mapping[str, Any]) -> Response:
    """Return one problem as a response; a 503 says when to try again."""
    text = json.dumps(problem_value(problem, body), ensure_ascii=False, indent=1) + "\n"
    response = Response(text, problem.status, content_type=PROBLEM_TYPE)
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response


def problem_value(problem: Problem, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return one problem as the JSON value of RFC 9457; it is counted."""
    world().metrics.problem(problem.slug)
    return {
        "type": f"{current_app.config['SIGILL_BASE_URL']}/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        **body,
        "next": problem.mend,
    }


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
    denying = [rule for rule in error.decision["rules"] if rule["verdict"] == Verdict.DENY]
    why = " ".join(f"{rule['why']} (rule {rule['id']}, basis: {rule['basis'].replace('_', ' ')})" for rule in denying)
    return {
        "detail": f"The policy {error.decision['policy']['name']} denies this message. {why}",
        "decision_id": error.refusal_id,
        "rules": parts["rules"],
        "instead": parts["instead"],
        "policy": parts["policy"],
        "log": {"origin": error.origin, "index": error.index},
    }


def _unforeseen(error: Exception) -> Response:
    return problem_response(*describe_error(error))
