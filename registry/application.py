"""What may be entered into the registry: words as somebody typed them, read strictly into the registry's values."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from registry.errors import ApplicationInvalid
from registry.model import AiSystem, Environment, Operator, OperatorId, StateChange
from sigill.policy.jurisdictions import reach
from sigill.policy.words import OperatorFlag
from sigill.report.standing import State
from sigill.report.trust import GUARANTOR, ROOT
from sigill.vocabulary import Industry

MAX_NAME: Final = 120
MAX_REASON: Final = 500
RESERVED: Final = frozenset({ROOT, GUARANTOR})
_ID: Final = re.compile(r"[a-z0-9-]{2,63}\Z")
_IDENTIFIER: Final = re.compile(r"(?:VAT|NTR|PSD|LEI|[A-Z]{2}:)[A-Z]{2}-[0-9A-Za-z.:/_-]{1,100}\Z")
_WEBSITE: Final = re.compile(r"https://[0-9A-Za-z.-]+(?::[0-9]{1,5})?(?:/[0-9A-Za-z./~%?=&_-]*)?\Z")
_MAX_WEBSITE: Final = 200
_PHONE: Final = re.compile(r"\+[1-9][0-9 ()-]{5,30}\Z")
_REASON: Final = "has applied"
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An operator as it was typed; `read_application` checks it."""

    id: str
    name: str
    identifier: str
    industry: str
    markets: tuple[str, ...]
    flags: tuple[str, ...] = ()
    environment: str = Environment.LIVE.value
    website: str | None = None
    phone: str | None = None


def read_application(application: Application, *, at: datetime) -> Operator:
    """Return the operator that applies at `at`: no evidence and no AI system yet.

    The identifier is of EN 319 412-1 section 5.1.4, such as NTRSE-5560000001. Raises ApplicationInvalid,
    UnknownJurisdiction.
    """
    reach(application.markets)
    if application.website is not None:
        _check_form("website", application.website[: _MAX_WEBSITE + 1], _WEBSITE, "https://host/path, 200 characters")
        check_text("website", application.website, at_most=_MAX_WEBSITE)
    if application.phone is not None:
        _check_form("phone", application.phone, _PHONE, "a number in international form, such as +46 8 465 004 00")
    return Operator(
        id=OperatorId(_check_free(_check_form("id", application.id, _ID, "2 to 63 of a-z, 0-9 and -"))),
        name=check_text("name", application.name),
        identifier=_check_form("identifier", application.identifier, _IDENTIFIER, "such as NTRSE-5560000001"),
        industry=_read_word("industry", application.industry, Industry),
        environment=_read_word("environment", application.environment, Environment),
        markets=tuple(dict.fromkeys(application.markets)),
        flags=tuple(sorted({_read_word("flag", flag, OperatorFlag).value for flag in application.flags})),
        phone=application.phone,
        wait_minutes=None,
        website=application.website,
        history=(StateChange(state=State.APPLIED, since=at, reason=_REASON),),
        evidence=(),
        ai_systems=(),
    )


def read_ai_system(*, ref: str, name: str, provider: str | None, model: str | None) -> AiSystem:
    """Return an AI system in use. Raises ApplicationInvalid."""
    return AiSystem(
        ref=_check_form("ref", ref, _ID, "2 to 63 of a-z, 0-9 and -"),
        name=check_text("name", name),
        provider=None if provider is None else check_text("provider", provider),
        model=None if model is None else check_text("model", model),
        active=True,
    )


def check_text(what: str, text: str, *, at_most: int = MAX_NAME) -> str:
    """Return `text`: one printable line without blanks at its ends. Raises ApplicationInvalid."""
    if not 0 < len(text) <= at_most or not text.isprintable() or text != text.strip():
        raise ApplicationInvalid(f"{what} is one line of 1 to {at_most} printable characters, no blanks at its ends")
    return text


def _check_form(what: str, text: str, form: re.Pattern[str], like: str) -> str:
    if not form.match(text):
        raise ApplicationInvalid(f"{what} cannot be {text[:80]!r}: it is {like}")
    return text


def _check_free(operator_id: str) -> str:
    if operator_id in RESERVED:
        raise ApplicationInvalid(f"id cannot be {operator_id!r}: the guarantor's own log is called that")
    return operator_id


def _read_word(what: str, text: str, words: type[Word]) -> Word:
    try:
        return words(text)
    except ValueError:
        raise ApplicationInvalid(f"{what} cannot be {text[:80]!r}: it is one of {', '.join(words)}") from None
