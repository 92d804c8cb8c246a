"""What a registrar saw in a company register: of this very operator, lately, on a page of that register."""

from datetime import date, timedelta

import pytest

from registry.checks.identifiers import read_identifier
from registry.checks.outcome import Outcome
from registry.checks.register_record import GOOD_FOR, RegisterRecord, check_register_record
from registry.model import EvidenceKind
from tests.builders_deployment import NOW

APPLIED = read_identifier("NTRSE-5560360793")


def record(**changes: object) -> RegisterRecord:
    values: dict[str, object] = {
        "register": "Bolagsverket",
        "name": "Exempelbutiken AB",
        "number": "556036-0793",
        "url": "https://bolagsverket.example/5560360793",
        "seen_on": NOW.date(),
    }
    return RegisterRecord(**(values | changes))  # type: ignore[arg-type]


def test_what_was_seen_today_passes_for_half_a_year() -> None:
    result = check_register_record(record(), name="Exempelbutiken AB", identifier=APPLIED, at=NOW)
    assert (result.kind, result.outcome, result.reason) == (EvidenceKind.REGISTER, Outcome.PASSED, "seen")
    assert result.valid_until is not None
    assert result.valid_until - NOW <= GOOD_FOR < result.valid_until - NOW + timedelta(days=1)
    assert "both are one" not in result.detail


def test_another_name_passes_and_both_are_told() -> None:
    result = check_register_record(record(name="Handel i Norr AB"), name="Exempelbutiken", identifier=APPLIED, at=NOW)
    assert result.outcome is Outcome.PASSED
    assert "“Handel i Norr AB”" in result.detail
    assert "“Exempelbutiken”" in result.detail


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"register": ""}, "register_form"),
        ({"register": "a\nb"}, "register_form"),
        ({"name": " Exempelbutiken"}, "name_form"),
        ({"name": "a" * 121}, "name_form"),
        ({"number": "556036-0794"}, "number_differs"),
        ({"number": ""}, "number_differs"),
        ({"url": "http://bolagsverket.example/1"}, "url_form"),
        ({"url": "javascript:alert(1)"}, "url_form"),
        ({"seen_on": date(2999, 1, 1)}, "seen_in_future"),
        ({"seen_on": NOW.date() - timedelta(days=31)}, "seen_too_long_ago"),
    ],
)
def test_what_is_not_of_this_operator_or_not_lately_seen_fails(changes: dict[str, object], reason: str) -> None:
    result = check_register_record(record(**changes), name="Exempelbutiken", identifier=APPLIED, at=NOW)
    assert (result.outcome, result.reason, result.valid_until) == (Outcome.FAILED, reason, None)


@pytest.mark.parametrize("number", ["5560360793", "556036-0793", "556036 0793", "556036.0793"])
def test_separators_make_no_difference(number: str) -> None:
    seen = record(number=number)
    result = check_register_record(seen, name="Exempelbutiken", identifier=APPLIED, at=NOW)
    assert result.outcome is Outcome.PASSED
