"""The service's answers, read into values: shape checked, nothing believed yet. Raises UnexpectedAnswer throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sigill.client.errors import (
    MAY_BE_SEALED,
    FieldFault,
    Refused,
    RequestRefused,
    ServiceUnavailable,
    UnexpectedAnswer,
)
from sigill.client.http import HttpAnswer
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedCode, MalformedEncoding
from sigill.report.answers import Answer
from sigill.text.codes import Code, parse_code

_MAX_BYTES: Final = 8 * 1024 * 1024
_TRY_LATER: Final = frozenset([429, 503])
_LEFT_OPEN: Final = frozenset([500, 502, 504])  # it failed, or a server before it lost its answer
_ERROR: Final = 400
_WORDS: Final = ("reason", "headline", "why", "next")
_CHECK_WORDS: Final = ("check", "outcome", "detail", "words")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says: verdict, the rules behind it, what is owed, the texts to show, what to do instead."""

    verdict: str
    rules: tuple[Mapping[str, Any], ...]
    obligations: tuple[Mapping[str, Any], ...]
    texts: Mapping[str, str]
    instead: tuple[Mapping[str, Any], ...]
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """A sealed message as it came."""

    id: str
    seal: str
    code: Code
    link: str
    decision: Decision
    origin: str
    index: int
    receipt: str
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The service's answer about a message; `members` is the whole report, `checks` its named checks."""

    answer: Answer
    reason: str
    headline: str
    why: str
    next: str
    checks: tuple[Mapping[str, str], ...]
    members: Mapping[str, Any]


def read_success(answer: HttpAnswer, *, status: int) -> Mapping[str, Any]:
    """Return the members of an answer with this status; raise what a problem means."""
    if answer.status == status and answer.content_type == "application/json":
        return _members(answer)
    if answer.status in _TRY_LATER:
        raise ServiceUnavailable(
            f"The service cannot answer now (status {answer.status}). Try again later.", retry_after=answer.retry_after
        )
    if answer.status in _LEFT_OPEN:
        raise ServiceUnavailable(
            f"The service failed to answer (status {answer.status}). {MAY_BE_SEALED} Try again later.",
            retry_after=answer.retry_after,
        )
    if answer.status >= _ERROR and answer.content_type == "application/problem+json":
        _raise_problem(answer.status, _members(answer))
    raise UnexpectedAnswer(
        f"The service gave an answer it should not (status {answer.status}). Check that the address is the service's."
    )


def read_sealed(members: Mapping[str, Any]) -> SealedAnswer:
    """Read the answer of `POST /v1/messages`."""
    log = _object(members, "log")
    index = log.get("index")
    if not isinstance(index, int) or isinstance(index, bool):
        raise _unexpected("index")
    try:
        code = parse_code(_text(members, "code"))
    except MalformedCode:
        raise _unexpected("code") from None
    return SealedAnswer(
        id=_text(members, "id"),
        seal=_text(members, "seal"),
        code=code,
        link=_text(members, "link"),
        decision=read_decision(_object(members, "decision")),
        origin=_text(log, "origin"),
        index=index,
        receipt=_text(members, "receipt"),
        members=members,
    )


def read_decision(members: Mapping[str, Any]) -> Decision:
    """Read a decision."""
    texts = _object(members, "texts")
    if not all(isinstance(text, str) for text in texts.values()):
        raise _unexpected("texts")
    return Decision(
        verdict=_text(members, "verdict"),
        rules=_objects(members, "rules"),
        obligations=_objects(members, "obligations"),
        texts=texts,
        instead=_objects(members, "instead"),
        policy=_object(members, "policy"),
    )


def read_verdict(members: Mapping[str, Any]) -> Verdict:
    """Read the answer of `POST /v1/verifications`."""
    try:
        answer = Answer(_text(members, "answer"))
    except ValueError:
        raise _unexpected("answer") from None
    reason, headline, why, following = (_text(members, name) for name in _WORDS)
    checks = _objects(members, "checks")
    for check in checks:
        for name in _CHECK_WORDS:
            _text(check, name)
    return Verdict(answer, reason, headline, why, following, checks, members)


def _raise_problem(status: int, members: Mapping[str, Any]) -> NoReturn:
    problem = str(members.get("type", "")).rpartition("/")[2]
    if problem == "policy-refusal":
        raise Refused(members)
    errors = members.get("errors")
    faults = [_fault(item) for item in errors if isinstance(item, Mapping)] if isinstance(errors, list) else []
    detail = members.get("detail") or members.get("title") or f"The service refuses the request (status {status})"
    raise RequestRefused(
        problem=problem, status=status, detail=str(detail), errors=faults, advice=str(members.get("next", ""))
    )


def _fault(item: Mapping[str, Any]) -> FieldFault:
    allowed = item.get("allowed_values")
    values = tuple(str(value) for value in allowed) if isinstance(allowed, list) else ()
    return FieldFault(str(item.get("pointer", "")), str(item.get("detail", "")), values)


def _members(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        value = parse_json(answer.body, max_bytes=_MAX_BYTES)
    except MalformedEncoding as error:
        raise UnexpectedAnswer(
            f"The service's answer cannot be read: {error}. Check that the address is the service's."
        ) from None
    if not isinstance(value, dict):
        raise _unexpected("an object")
    return value


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _unexpected(name)
    return value


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise _unexpected(name)
    return value


def _objects(members: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    value = members.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _unexpected(name)
    return tuple(value)


def _unexpected(name: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"The service's answer lacks {name}, or has it in another form. Update the client, or check the address."
    )
