"""Asks the company register that fits an operator's identifier; what the answer means is registry.checks' to say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from registry.asking.configured import Clock
from registry.asking.exchange import Answered, Fetch, NoAnswer, Question
from registry.checks import brreg, gleif, vies
from registry.checks.identifiers import Scheme
from registry.checks.outcome import CheckResult, StoredAnswer
from registry.checks.register import OK, Applied, Register, RegisterAnswer, not_answered

ENHETSREGISTERET: Final = "https://data.brreg.no/enhetsregisteret/api"
GLEIF: Final = "https://api.gleif.org/api/v1"
VIES: Final = "https://ec.europa.eu/taxation_customs/vies/rest-api"
_MAX_MEDIA_TYPE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured register: where it is (without a slash at the end) and who carries questions there."""

    base_url: str
    fetch: Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The registers that a deployment has configured; None for one that is not asked."""

    enhetsregisteret: Source | None = None
    gleif: Source | None = None
    vies: Source | None = None


def is_worth_keeping(answered: Answered) -> bool:
    """Tell whether a register's answer may be remembered: status 200, JSON, and no error of VIES."""
    return answered.status == OK and vies.was_processed(answered.body)


def check_in_registers(applied: Applied, *, sources: Sources, now: Clock) -> tuple[CheckResult, ...]:
    """Return one result from each configured register that can say something of the operator, none from others.

    Never raises: whatever goes wrong with a register is in its result. Takes as long as their Fetches allow, one after
    the other.
    """
    identifier = applied.identifier
    results = []
    if sources.enhetsregisteret and identifier.scheme is Scheme.REGISTER and identifier.country == "NO":
        results.append(ask_enhetsregisteret(applied, source=sources.enhetsregisteret, now=now))
    if sources.gleif and gleif.lei_of(applied) is not None:
        results.append(ask_gleif(applied, source=sources.gleif, now=now))
    if sources.vies and vies.can_be_asked(identifier):
        results.append(ask_vies(applied, source=sources.vies, now=now))
    return tuple(results)


def ask_enhetsregisteret(applied: Applied, *, source: Source, now: Clock) -> CheckResult:
    """Return what Enhetsregisteret says of a Norwegian organisation number."""
    url = f"{source.base_url}/enheter/{applied.identifier.reference}"
    question = Question(url=url, headers={"Accept": "application/json"})
    asked = _Asked(register=brreg.ENHETSREGISTERET, question=question, name=url)
    return _ask(asked, source.fetch, now=now, judge=lambda answer: brreg.judge_enhet(answer, applied=applied))


def ask_gleif(applied: Applied, *, source: Source, now: Clock) -> CheckResult:
    """Return what GLEIF says of the operator's LEI, which it must have (`gleif.lei_of`)."""
    url = f"{source.base_url}/lei-records/{gleif.lei_of(applied)}"
    question = Question(url=url, headers={"Accept": "application/vnd.api+json"})
    asked = _Asked(register=gleif.GLEIF, question=question, name=url)
    return _ask(asked, source.fetch, now=now, judge=lambda answer: gleif.judge_lei_record(answer, applied=applied))


def ask_vies(applied: Applied, *, source: Source, now: Clock) -> CheckResult:
    """Return what VIES says of a VAT number. The stored answer's source names the number after a #."""
    identifier = applied.identifier
    url = f"{source.base_url}/check-vat-number"
    question = Question(
        url=url,
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        body=vies.format_question(identifier),
    )
    asked = _Asked(register=vies.VIES, question=question, name=f"{url}#{identifier.text}")
    return _ask(asked, source.fetch, now=now, judge=lambda answer: vies.judge_vat_number(answer, applied=applied))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    register: Register
    question: Question
    name: str


def _ask(asked: _Asked, fetch: Fetch, *, now: Clock, judge: Callable[[RegisterAnswer], CheckResult]) -> CheckResult:
    try:
        answered = fetch(asked.question)
    except NoAnswer as failure:
        return not_answered(asked.register, source=asked.name, why=str(failure), code=failure.code, at=now())
    stored = StoredAnswer(
        source=asked.name,
        media_type=answered.headers.get("content-type", "")[:_MAX_MEDIA_TYPE],
        body=answered.body,
        at=answered.fetched_at or now(),
    )
    return judge(RegisterAnswer(status=answered.status, stored=stored))
