"""An organisation as a registrar saw it in a company register that no machine asks here, such as Bolagsverket's.

For numbers that no configured register knows, for names that a register hides, and for a firm whose register has
another name than it goes by: then a person has said that both are one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from registry.checks.identifiers import Identifier
from registry.checks.names import same_name
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.seen import MAX_LINE, MAX_URL, is_line, is_page, is_stale, is_to_come
from registry.model import EvidenceKind

GOOD_FOR: Final = timedelta(days=180)
METHOD: Final = "Number and name seen in a company register by a registrar"
_SEPARATORS: Final = str.maketrans("", "", " .-")


class RecordReason(StrEnum):
    """How the look at a record ended, for machines."""

    SEEN = "seen"
    REGISTER_FORM = "register_form"
    NAME_FORM = "name_form"
    NUMBER_DIFFERS = "number_differs"
    URL_FORM = "url_form"
    SEEN_IN_FUTURE = "seen_in_future"
    SEEN_TOO_LONG_AGO = "seen_too_long_ago"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRecord:
    """What a registrar entered: the register, the name and number that stand there, the page, the day of the look."""

    register: str
    name: str
    number: str
    url: str
    seen_on: date


def check_register_record(record: RegisterRecord, *, name: str, identifier: Identifier, at: datetime) -> CheckResult:
    """Return whether a record is whole, fresh at `at` (aware) and of this very operator; days are UTC's.

    The number must be the applied one, separators aside. Another name passes: the registrar says that it is the same
    organisation, and the facts have both. It passes for 180 days from the day it was seen.
    """
    fault = _fault(record, identifier, today=at.astimezone(UTC).date())
    if fault is not None:
        return _result(Outcome.FAILED, *fault, record, at=at)
    where = f"in the register {record.register} on {record.seen_on}"
    detail = f"A registrar saw {record.number} as “{record.name}” {where}."
    if not same_name(record.name, name):
        detail += f" It goes by the name “{name}” here: the registrar says that both are one."
    until = datetime.combine(record.seen_on, time(), tzinfo=UTC) + GOOD_FOR
    return _result(Outcome.PASSED, RecordReason.SEEN, detail, record, at=at, valid_until=until)


def _fault(record: RegisterRecord, identifier: Identifier, *, today: date) -> tuple[RecordReason, str] | None:
    """Return what is wrong with a record first, None if nothing is."""
    seen, applied = (text.translate(_SEPARATORS).upper() for text in (record.number, identifier.reference))
    faults = (
        (not is_line(record.register), RecordReason.REGISTER_FORM, "The register is one printable line, 1 to 120."),
        (not is_line(record.name), RecordReason.NAME_FORM, "The name is one printable line, 1 to 120."),
        (
            seen != applied,
            RecordReason.NUMBER_DIFFERS,
            f"This operator applied as {identifier.text[:MAX_LINE]}: what you saw is another number.",
        ),
        (not is_page(record.url), RecordReason.URL_FORM, "The page is an https address in the register."),
        (
            is_to_come(record.seen_on, today=today),
            RecordReason.SEEN_IN_FUTURE,
            "The day of the look has not come. Enter the real one.",
        ),
        (
            is_stale(record.seen_on, today=today),
            RecordReason.SEEN_TOO_LONG_AGO,
            "Seen over 30 days ago. Look again.",
        ),
    )
    return next(((reason, detail) for is_so, reason, detail in faults if is_so), None)


def _result(
    outcome: Outcome,
    reason: RecordReason,
    detail: str,
    record: RegisterRecord,
    *,
    at: datetime,
    valid_until: datetime | None = None,
) -> CheckResult:
    facts = {
        "register": record.register[:MAX_LINE],
        "name": record.name[:MAX_LINE],
        "number": record.number[:MAX_LINE],
        "url": record.url[:MAX_URL],
        "seen_on": record.seen_on.isoformat(),
    }
    return CheckResult(
        kind=EvidenceKind.REGISTER,
        outcome=outcome,
        method=METHOD,
        reason=reason,
        detail=detail,
        checked_at=at,
        valid_until=valid_until,
        facts=facts,
    )
