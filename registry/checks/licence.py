"""The licence of a bank or an insurer, as a registrar saw it in the register of the authority that watches over it.

No authority's register is asked by machine: a person looks, and enters what stands there, where and when.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from registry.checks.outcome import CheckResult, Outcome
from registry.checks.seen import MAX_LINE, MAX_URL, is_line, is_page, is_stale, is_to_come
from registry.model import EvidenceKind
from sigill.vocabulary import Industry

GOOD_FOR: Final = timedelta(days=180)
METHOD: Final = "Licence seen in the supervisory authority's register by a registrar"
_SUPERVISED: Final = frozenset({Industry.BANK, Industry.INSURANCE})
_DAY: Final = timedelta(days=1)
_NUMBER: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z ./:_-]{0,58}[0-9A-Za-z])?\Z")


class LicenceReason(StrEnum):
    """How the look at a licence record ended, for machines."""

    SEEN = "seen"
    MISSING = "licence_missing"
    AUTHORITY_FORM = "authority_form"
    NUMBER_FORM = "number_form"
    URL_FORM = "url_form"
    SEEN_IN_FUTURE = "seen_in_future"
    SEEN_TOO_LONG_AGO = "seen_too_long_ago"
    ENDED = "licence_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRecord:
    """What a registrar entered: whose licence, its number, the page where it stands, the day it was seen there.

    `valid_until` is the last day of a licence that ends, None where it has no end.
    """

    authority: str
    number: str
    url: str
    seen_on: date
    valid_until: date | None = None


def needs_licence(industry: Industry) -> bool:
    """Tell whether an operator of this industry is verified only with a licence record."""
    return industry in _SUPERVISED


def check_licence(record: LicenceRecord | None, *, at: datetime) -> CheckResult:
    """Return whether a record, None where none was entered, is whole and fresh at `at` (aware); days are UTC's.

    It passes for 180 days from the day it was seen, and at most to the end of the licence's last day.
    """
    fault = (LicenceReason.MISSING, _MISSING) if record is None else _fault(record, today=at.astimezone(UTC).date())
    if record is None or fault is not None:
        reason, detail = fault or (LicenceReason.MISSING, _MISSING)
        return _result(Outcome.FAILED, reason, detail, at=at, facts={} if record is None else _facts(record))
    last_day = record.seen_on + GOOD_FOR - _DAY
    last_day = last_day if record.valid_until is None else min(last_day, record.valid_until)
    detail = f"A registrar saw licence {record.number} in the register of {record.authority} on {record.seen_on}."
    return _result(
        Outcome.PASSED, LicenceReason.SEEN, detail, at=at, facts=_facts(record), valid_until=_midnight(last_day + _DAY)
    )


_MISSING: Final = (
    "Banks and insurers are verified only with a licence record. A registrar looks it up in the register of the "
    "supervisory authority and enters its number, the page and the day."
)


def _fault(record: LicenceRecord, *, today: date) -> tuple[LicenceReason, str] | None:
    """Return what is wrong with a record first, None if nothing is."""
    ended = record.valid_until is not None and record.valid_until < today
    faults = (
        (
            not is_line(record.authority),
            LicenceReason.AUTHORITY_FORM,
            "The authority is one printable line, 1 to 120.",
        ),
        (
            not _NUMBER.match(record.number),
            LicenceReason.NUMBER_FORM,
            "The number is 1 to 60 letters, digits and ./:_-",
        ),
        (not is_page(record.url), LicenceReason.URL_FORM, "The page is an https address in the authority's register."),
        (
            is_to_come(record.seen_on, today=today),
            LicenceReason.SEEN_IN_FUTURE,
            "The day of the look has not come. Enter the real one.",
        ),
        (is_stale(record.seen_on, today=today), LicenceReason.SEEN_TOO_LONG_AGO, "Seen over 30 days ago. Look again."),
        (ended, LicenceReason.ENDED, f"The licence ended on {record.valid_until}. Enter the one that holds now."),
    )
    return next(((reason, detail) for is_so, reason, detail in faults if is_so), None)


def _facts(record: LicenceRecord) -> dict[str, str]:
    facts = {
        "authority": record.authority[:MAX_LINE],
        "number": record.number[:MAX_LINE],
        "url": record.url[:MAX_URL],
        "seen_on": record.seen_on.isoformat(),
    }
    return facts if record.valid_until is None else {**facts, "valid_until": record.valid_until.isoformat()}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _result(
    outcome: Outcome,
    reason: LicenceReason,
    detail: str,
    *,
    at: datetime,
    facts: Mapping[str, str],
    valid_until: datetime | None = None,
) -> CheckResult:
    return CheckResult(
        kind=EvidenceKind.LICENCE,
        outcome=outcome,
        method=METHOD,
        reason=reason,
        detail=detail,
        checked_at=at,
        valid_until=valid_until,
        facts=facts,
    )
