"""What the checks against all company registers share: what was asked for, what came, how it ends.

Only an answer about the very number that was asked for, in the register's own form, makes a check pass or fail. All
else (no answer, too many questions, an error page, nonsense) leaves it unchecked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from registry.checks.identifiers import Identifier
from registry.checks.names import same_name
from registry.checks.outcome import CheckResult, Outcome, StoredAnswer
from registry.model import EvidenceKind

GOOD_FOR: Final = timedelta(days=90)
OK: Final = 200
NOT_FOUND: Final = 404
GONE: Final = 410
TOO_MANY: Final = 429
_REDIRECT: Final = range(300, 400)
_SERVER: Final = range(500, 600)


class Reason(StrEnum):
    """How a check against a register ended, for machines."""

    FOUND = "found"
    # failed: the register says so
    NOT_FOUND = "not_found"
    NOT_VALID = "not_valid"
    DELETED = "deleted"
    BANKRUPT = "bankrupt"
    WINDING_UP = "winding_up"
    INACTIVE = "inactive"
    LAPSED = "lapsed"
    NOT_IN_FORCE = "not_in_force"
    NAME_DIFFERS = "name_differs"
    NUMBER_DIFFERS = "number_differs"
    COUNTRY_DIFFERS = "country_differs"
    # could not be checked
    NO_ANSWER = "no_answer"
    RATE_LIMITED = "rate_limited"
    REDIRECTED = "redirected"
    SOURCE_FAILED = "source_failed"
    SOURCE_BUSY = "source_busy"
    UNREADABLE = "unreadable"
    ANOTHER_NUMBER = "another_number"
    NAME_HIDDEN = "name_hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A register as the checks name it; what it proves is good for `good_for`."""

    name: str
    kind: EvidenceKind
    method: str
    good_for: timedelta = GOOD_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Who the operator says it is. `lei` where it named one beside its identifier."""

    name: str
    identifier: Identifier
    lei: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnswer:
    """A register's answer: its status, and what is stored of it, with the time it was really fetched."""

    status: int
    stored: StoredAnswer

    @property
    def body(self) -> bytes:
        """What came."""
        return self.stored.body


def passed(
    register: Register, answer: RegisterAnswer, *, facts: Mapping[str, str], until: datetime | None = None
) -> CheckResult:
    """Return that the register knows the operator under its number and its name.

    Good from when the answer was fetched, for the register's time, at most until `until`.
    """
    name = facts.get("name", "")
    latest = answer.stored.at + register.good_for
    return _result(
        register,
        answer,
        (Outcome.PASSED, Reason.FOUND, f"{register.name} has {name} under this number, active."),
        facts=facts,
        valid_until=latest if until is None else min(latest, until),
    )


def failed(
    register: Register, answer: RegisterAnswer, reason: Reason, detail: str, *, facts: Mapping[str, str] | None = None
) -> CheckResult:
    """Return that the register says something else than the operator does."""
    return _result(register, answer, (Outcome.FAILED, reason, detail), facts=facts or {})


def unchecked(
    register: Register, answer: RegisterAnswer, reason: Reason, detail: str, *, facts: Mapping[str, str] | None = None
) -> CheckResult:
    """Return that the answer settles nothing; it is kept all the same."""
    return _result(register, answer, (Outcome.COULD_NOT_BE_CHECKED, reason, detail), facts=facts or {})


def not_answered(register: Register, *, source: str, why: str, code: str, at: datetime) -> CheckResult:
    """Return that no answer came; `why` says so in a sentence, `code` in a word."""
    return CheckResult(
        kind=register.kind,
        outcome=Outcome.COULD_NOT_BE_CHECKED,
        method=register.method,
        reason=Reason.NO_ANSWER,
        detail=f"{register.name} could not be asked: {why} It is asked again later; nothing has to be done.",
        checked_at=at,
        facts={"source": source, "cause": code},
    )


def unusable(register: Register, answer: RegisterAnswer) -> CheckResult:
    """Return what a status means that says nothing of a company."""
    if answer.status == TOO_MANY:
        reason, why = Reason.RATE_LIMITED, "has been asked too often"
    elif answer.status in _REDIRECT:
        reason, why = Reason.REDIRECTED, "points to another address, which is not followed; look at its configured one"
    elif answer.status in _SERVER:
        reason, why = Reason.SOURCE_FAILED, f"failed (status {answer.status})"
    else:
        return unreadable(register, answer, f"status {answer.status}")
    return unchecked(register, answer, reason, f"{register.name} {why}. It is asked again later.")


def unreadable(register: Register, answer: RegisterAnswer, what: str) -> CheckResult:
    """Return that the answer is not of the register's form."""
    return unchecked(
        register,
        answer,
        Reason.UNREADABLE,
        f"{register.name} gave an answer that is not of its form ({what[:80]}). It is asked again later; if this goes "
        "on, the guarantor looks at the configured address.",
    )


def another_number(register: Register, answer: RegisterAnswer) -> CheckResult:
    """Return that the answer is about a number that nobody asked for."""
    return unchecked(
        register,
        answer,
        Reason.ANOTHER_NUMBER,
        f"{register.name} answered about another number than it was asked for, so its answer counts for nothing.",
    )


def compare_name(
    register: Register, answer: RegisterAnswer, *, applied: Applied, names: tuple[str, ...], facts: Mapping[str, str]
) -> CheckResult | None:
    """Return that the register has another name for the number, or None if one of its `names` is the applied one."""
    if any(same_name(applied.name, name) for name in names):
        return None
    return failed(
        register,
        answer,
        Reason.NAME_DIFFERS,
        f"{register.name} has this number under the name “{names[0]}”; the application says “{applied.name[:120]}”. "
        "If both are one company, a registrar can say so; otherwise correct the name or the number.",
        facts=facts,
    )


def _result(
    register: Register,
    answer: RegisterAnswer,
    ending: tuple[Outcome, Reason, str],
    *,
    facts: Mapping[str, str],
    valid_until: datetime | None = None,
) -> CheckResult:
    outcome, reason, detail = ending
    return CheckResult(
        kind=register.kind,
        outcome=outcome,
        method=register.method,
        reason=reason,
        detail=detail,
        checked_at=answer.stored.at,
        valid_until=valid_until,
        facts=dict(facts),
        answers=(answer.stored,),
    )
