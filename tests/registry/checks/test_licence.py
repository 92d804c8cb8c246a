from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from registry.checks.licence import GOOD_FOR, LicenceReason, LicenceRecord, check_licence, needs_licence
from registry.checks.outcome import Outcome
from registry.model import EvidenceKind
from sigill.vocabulary import Industry

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TODAY = NOW.date()
RECORD = LicenceRecord(
    authority="Finansinspektionen",
    number="41004",
    url="https://fi.se/sv/vara-register/foretagsregistret/?id=41004",
    seen_on=TODAY,
)
FAULTS = [
    (replace(RECORD, authority=""), LicenceReason.AUTHORITY_FORM),
    (replace(RECORD, authority="F\nI"), LicenceReason.AUTHORITY_FORM),
    (replace(RECORD, authority="x" * 121), LicenceReason.AUTHORITY_FORM),
    (replace(RECORD, number=""), LicenceReason.NUMBER_FORM),
    (replace(RECORD, number="41004 "), LicenceReason.NUMBER_FORM),
    (replace(RECORD, url="http://fi.se/41004"), LicenceReason.URL_FORM),
    (replace(RECORD, url="https://fi.se@evil.example/"), LicenceReason.URL_FORM),
    (replace(RECORD, url="https://fi.se/" + "x" * 500), LicenceReason.URL_FORM),
    (replace(RECORD, seen_on=TODAY + timedelta(days=1)), LicenceReason.SEEN_IN_FUTURE),
    (replace(RECORD, seen_on=TODAY - timedelta(days=31)), LicenceReason.SEEN_TOO_LONG_AGO),
    (replace(RECORD, seen_on=date.min), LicenceReason.SEEN_TOO_LONG_AGO),
    (replace(RECORD, valid_until=TODAY - timedelta(days=1)), LicenceReason.ENDED),
    (None, LicenceReason.MISSING),
]


@pytest.mark.parametrize(("record", "reason"), FAULTS)
def test_each_fault_fails_for_its_own_reason(record: LicenceRecord | None, reason: LicenceReason) -> None:
    result = check_licence(record, at=NOW)
    assert (result.outcome, result.reason, result.valid_until) == (Outcome.FAILED, reason, None)


def test_a_fresh_record_is_evidence_for_180_days_from_the_look() -> None:
    seen = TODAY - timedelta(days=30)
    result = check_licence(replace(RECORD, seen_on=seen), at=NOW)
    assert (result.kind, result.outcome) == (EvidenceKind.LICENCE, Outcome.PASSED)
    assert result.valid_until == datetime(seen.year, seen.month, seen.day, tzinfo=UTC) + GOOD_FOR
    assert result.facts["authority"] == "Finansinspektionen"


def test_a_licence_holds_to_the_end_of_its_last_day() -> None:
    result = check_licence(replace(RECORD, valid_until=TODAY), at=NOW)
    assert result.valid_until == datetime(2026, 11, 30, tzinfo=UTC)
    assert check_licence(replace(RECORD, valid_until=date.max), at=NOW).outcome is Outcome.PASSED


def test_banks_and_insurers_need_one() -> None:
    assert {industry for industry in Industry if needs_licence(industry)} == {Industry.BANK, Industry.INSURANCE}
