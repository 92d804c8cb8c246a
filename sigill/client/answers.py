"""The service's answers, read into values: shape checked, nothing believed yet. Raises UnexpectedAnswer throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sigill.client.errors import (
    MAY_BE_SEALED,
    ClientError,
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

MAX_BATCH_ANSWER_BYTES: Final = 64 * 1024 * 1024
_TRY_LATER: Final = frozenset([429, 503])
_LEFT_OPEN: Final = frozenset([500, 502, 504])  # it failed, or a server before it lost its answer
_OWN_FAILURE: Final = 500
_PASSES: Final = frozenset(["idempotency-key-running", "conversation-busy"])  # statuses 409 that mean: in a moment
_CREATED: Final = 201
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
    if (error := _later(answer.status, answer.retry_after)) is not None:
        raise error
    if answer.status >= _ERROR and answer.content_type == "application/problem+json":
        raise _problem(answer.status, _members(answer), retry_after=answer.retry_after)
    raise _not_an_answer(answer.status)


def read_batch(members: Mapping[str, Any], *, count: int) -> list[SealedAnswer | ClientError]:
    """Read the answer of `POST /v1/messages/batch`: for each item what was sealed, or why it was not."""
    results = entries_of(members, "results")
    if len(results) != count:
        raise _unexpected(f"one result for each of the {count} messages")
    return [_read_item(item) for item in results]


def read_sealed(members: Mapping[str, Any]) -> SealedAnswer:
    """Read the answer of `POST /v1/messages`."""
    log = object_of(members, "log")
    index = whole_number_of(log, "index")
    try:
        code = parse_code(text_of(members, "code"))
    except MalformedCode:
        raise _unexpected("code") from None
    return SealedAnswer(
        id=text_of(members, "id"),
        seal=text_of(members, "seal"),
        code=code,
        link=text_of(members, "link"),
        decision=read_decision(object_of(members, "decision")),
        origin=text_of(log, "origin"),
        index=index,
        receipt=text_of(members, "receipt"),
        members=members,
    )


def read_decision(members: Mapping[str, Any]) -> Decision:
    """Read a decision."""
    texts = object_of(members, "texts")
    if not all(isinstance(text, str) for text in texts.values()):
        raise _unexpected("texts")
    return Decision(
        verdict=text_of(members, "verdict"),
        rules=entries_of(members, "rules"),
        obligations=entries_of(members, "obligations"),
        texts=texts,
        instead=entries_of(members, "instead"),
        policy=object_of(members, "policy"),
    )


def read_verdict(members: Mapping[str, Any]) -> Verdict:
    """Read the answer of `POST /v1/verifications`."""
    try:
        answer = Answer(text_of(members, "answer"))
    except ValueError:
        raise _unexpected("answer") from None
    reason, headline, why, following = (text_of(members, name) for name in _WORDS)
    checks = entries_of(members, "checks")
    for check in checks:
        for name in _CHECK_WORDS:
            text_of(check, name)
    return Verdict(answer, reason, headline, why, following, checks, members)


def _read_item(item: Mapping[str, Any]) -> SealedAnswer | ClientError:
    status = item.get("status")
    try:
        if not isinstance(status, int):
            raise _unexpected("status")
        if status == _CREATED:
            return read_sealed(item)
        return _later(status, None) or _problem(status, object_of(item, "problem"), retry_after=None)
    except UnexpectedAnswer as error:
        return error


def _later(status: int, retry_after: float | None) -> ServiceUnavailable | None:
    if status in _TRY_LATER:
        return ServiceUnavailable(
            f"The service cannot answer now (status {status}). Try again later.", retry_after=retry_after
        )
    if status in _LEFT_OPEN:
        return ServiceUnavailable(
            f"The service failed to answer (status {status}). {MAY_BE_SEALED} Try again later.",
            retry_after=retry_after,
            may_pass=status != _OWN_FAILURE,
        )
    return None


def _problem(status: int, members: Mapping[str, Any], *, retry_after: float | None) -> ClientError:
    problem = str(members.get("type", "")).rpartition("/")[2]
    if problem == "policy-refusal":
        return Refused(members)
    errors = members.get("errors")
    faults = [_fault(item) for item in errors if isinstance(item, Mapping)] if isinstance(errors, list) else []
    detail = members.get("detail") or members.get("title") or f"The service refuses the request (status {status})"
    if problem in _PASSES:
        return ServiceUnavailable(f"{str(detail).rstrip('.')}. Try again later.", retry_after=retry_after)
    return RequestRefused(
        problem=problem, status=status, detail=str(detail), errors=faults, advice=str(members.get("next", ""))
    )


def _fault(item: Mapping[str, Any]) -> FieldFault:
    allowed = item.get("allowed_values")
    values = tuple(str(value) for value in allowed) if isinstance(allowed, list) else ()
    return FieldFault(str(item.get("pointer", "")), str(item.get("detail", "")), values)


def _members(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        value = parse_json(answer.body, max_bytes=MAX_BATCH_ANSWER_BYTES)
    except MalformedEncoding as error:
        raise UnexpectedAnswer(
            f"The service's answer cannot be read: {error}. Check that the address is the service's."
        ) from None
    if not isinstance(value, dict):
        raise _unexpected("an object")
    return value


def text_of(members: Mapping[str, Any], name: str) -> str:
    """Return a member that is a text."""
    value = members.get(name)
    if not isinstance(value, str):
        raise _unexpected(name)
    return value


def whole_number_of(members: Mapping[str, Any], name: str) -> int:
    """Return a member that is a whole number."""
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected(name)
    return value


def object_of(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object."""
    value = members.get(name)
    if not isinstance(value, dict):
        raise _unexpected(name)
    return value


def entries_of(members: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """Return a member that is a list of objects."""
    value = members.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _unexpected(name)
    return tuple(value)


def _not_an_answer(status: int) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"The service gave an answer it should not (status {status}). Check that the address is the service's."
    )


def _unexpected(name: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"The service's answer lacks {name}, or has it in another form. Update the client, or check the address."
    )
