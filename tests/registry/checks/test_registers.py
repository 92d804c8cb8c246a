"""What each register's answer proves: nothing but its own form about the very number makes a check pass or fail."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.checks.brreg import judge_enhet
from registry.checks.gleif import judge_lei_record
from registry.checks.identifiers import read_identifier
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.register import GOOD_FOR, Applied, Reason
from registry.checks.vies import can_be_asked, format_question, judge_vat_number, was_processed
from registry.model import EvidenceKind
from tests.registry.checks.builders_registers import (
    DANONE,
    EFFEKTEN,
    EQUINOR,
    LEI,
    NOW,
    answer,
    deleted_enhet,
    enhet,
    lei_record,
    removed_enhet,
    vat,
    vies_error,
)

PASSED, FAILED, UNCHECKED = Outcome.PASSED, Outcome.FAILED, Outcome.COULD_NOT_BE_CHECKED
NO_UNIT = {"timestamp": "2026-11-29T12:00:00Z", "status": 404, "error": "Not Found"}
NO_LEI = {"errors": [{"status": "404", "title": "Not Found"}]}

ENHETER: list[tuple[Any, int, Outcome, Reason]] = [
    (enhet(), 200, PASSED, Reason.FOUND),
    (enhet(navn="EQUINOR  ASA."), 200, PASSED, Reason.FOUND),
    (enhet(navn="Equinor allmennaksjeselskap"), 200, PASSED, Reason.FOUND),
    (enhet(navn="EQUINOR ENERGY ASA"), 200, FAILED, Reason.NAME_DIFFERS),
    (enhet(konkurs=True), 200, FAILED, Reason.BANKRUPT),
    (enhet(underUtenlandskInsolvensbehandlingDato="2026-01-01"), 200, FAILED, Reason.BANKRUPT),
    (enhet(underAvvikling=True), 200, FAILED, Reason.WINDING_UP),
    (enhet(underTvangsavviklingEllerTvangsopplosning=True), 200, FAILED, Reason.WINDING_UP),
    (deleted_enhet(), 200, FAILED, Reason.DELETED),
    (removed_enhet(), 410, FAILED, Reason.DELETED),
    (b"", 404, FAILED, Reason.NOT_FOUND),
    (NO_UNIT, 404, FAILED, Reason.NOT_FOUND),
    (b"<html>no such page</html>", 404, UNCHECKED, Reason.UNREADABLE),
    (b"gone", 410, UNCHECKED, Reason.UNREADABLE),
    (enhet(organisasjonsnummer="974760673"), 200, UNCHECKED, Reason.ANOTHER_NUMBER),
    (enhet(organisasjonsnummer=923609016), 200, UNCHECKED, Reason.UNREADABLE),
    (enhet(konkurs=None), 200, UNCHECKED, Reason.UNREADABLE),
    (enhet(underAvvikling="false"), 200, UNCHECKED, Reason.UNREADABLE),
    (enhet(navn=None), 200, UNCHECKED, Reason.UNREADABLE),
    (enhet(organisasjonsform="ASA"), 200, UNCHECKED, Reason.UNREADABLE),
    (b'{"organisasjonsnummer": "923609016"', 200, UNCHECKED, Reason.UNREADABLE),
    (b"[" * 100_000, 200, UNCHECKED, Reason.UNREADABLE),
    ([enhet()], 200, UNCHECKED, Reason.UNREADABLE),
    (b"", 429, UNCHECKED, Reason.RATE_LIMITED),
    (enhet(), 500, UNCHECKED, Reason.SOURCE_FAILED),
    (b"", 503, UNCHECKED, Reason.SOURCE_FAILED),
    (b"", 302, UNCHECKED, Reason.REDIRECTED),
    (b"", 403, UNCHECKED, Reason.UNREADABLE),
    (b"", 204, UNCHECKED, Reason.UNREADABLE),
]
RECORDS: list[tuple[Any, int, Outcome, Reason]] = [
    (lei_record(), 200, PASSED, Reason.FOUND),
    (lei_record(registration={"status": "PENDING_TRANSFER"}), 200, PASSED, Reason.FOUND),
    (lei_record(registration={"nextRenewalDate": None}), 200, PASSED, Reason.FOUND),
    (lei_record(registration={"status": "LAPSED"}), 200, FAILED, Reason.LAPSED),
    (lei_record(registration={"nextRenewalDate": "2026-11-29T12:00:00Z"}), 200, FAILED, Reason.LAPSED),
    (lei_record(registration={"status": "RETIRED"}), 200, FAILED, Reason.NOT_IN_FORCE),
    (lei_record(registration={"status": "DUPLICATE"}), 200, FAILED, Reason.NOT_IN_FORCE),
    (lei_record(entity={"status": "INACTIVE"}), 200, FAILED, Reason.INACTIVE),
    (
        lei_record(entity={"legalName": {"name": "Another GmbH"}, "transliteratedOtherNames": []}),
        200,
        FAILED,
        Reason.NAME_DIFFERS,
    ),
    (NO_LEI, 404, FAILED, Reason.NOT_FOUND),
    (b"<html>", 404, UNCHECKED, Reason.UNREADABLE),
    ({"message": "no route"}, 404, UNCHECKED, Reason.UNREADABLE),
    (lei_record(lei="M312WZV08Y7LYUC71685"), 200, UNCHECKED, Reason.ANOTHER_NUMBER),
    (lei_record(registration={"status": "SPLENDID"}), 200, UNCHECKED, Reason.UNREADABLE),
    (lei_record(entity={"status": None}), 200, UNCHECKED, Reason.UNREADABLE),
    (lei_record(entity={"legalAddress": None}), 200, UNCHECKED, Reason.UNREADABLE),
    (lei_record(entity={"otherNames": "one"}), 200, UNCHECKED, Reason.UNREADABLE),
    (lei_record(registration={"nextRenewalDate": "soon"}), 200, UNCHECKED, Reason.UNREADABLE),
    ({"data": []}, 200, UNCHECKED, Reason.UNREADABLE),
    ({"data": {"type": "countries", "id": LEI}}, 200, UNCHECKED, Reason.UNREADABLE),
    (b"", 429, UNCHECKED, Reason.RATE_LIMITED),
    (b"", 502, UNCHECKED, Reason.SOURCE_FAILED),
]
NUMBERS: list[tuple[Any, int, Outcome, Reason]] = [
    (vat(), 200, PASSED, Reason.FOUND),
    (vat(name="DANONE FRANCE"), 200, FAILED, Reason.NAME_DIFFERS),
    (vat(valid=False, name="---", address="---"), 200, FAILED, Reason.NOT_VALID),
    (vat(name="---", address="---"), 200, UNCHECKED, Reason.NAME_HIDDEN),
    (vat(name=""), 200, UNCHECKED, Reason.NAME_HIDDEN),
    (vat(vatNumber="40303265045"), 200, UNCHECKED, Reason.ANOTHER_NUMBER),
    (vat(countryCode="DE"), 200, UNCHECKED, Reason.ANOTHER_NUMBER),
    (vat(valid="true"), 200, UNCHECKED, Reason.UNREADABLE),
    (vat(valid=False, userError="MS_UNAVAILABLE"), 200, UNCHECKED, Reason.SOURCE_FAILED),
    (vat(userError="VALID"), 200, PASSED, Reason.FOUND),
    (vies_error("MS_UNAVAILABLE"), 200, UNCHECKED, Reason.SOURCE_FAILED),
    (vies_error("SERVICE_UNAVAILABLE"), 500, UNCHECKED, Reason.SOURCE_FAILED),
    (vies_error("TIMEOUT"), 200, UNCHECKED, Reason.SOURCE_FAILED),
    (vies_error("INVALID_INPUT"), 400, UNCHECKED, Reason.SOURCE_FAILED),
    (vies_error("IP_BLOCKED"), 200, UNCHECKED, Reason.SOURCE_FAILED),
    (vies_error("MS_MAX_CONCURRENT_REQ"), 200, UNCHECKED, Reason.SOURCE_BUSY),
    (vies_error("GLOBAL_MAX_CONCURRENT_REQ"), 200, UNCHECKED, Reason.SOURCE_BUSY),
    ({"actionSucceed": False}, 200, UNCHECKED, Reason.SOURCE_FAILED),
    ({"actionSucceed": False, "errorWrappers": ["?"]}, 200, UNCHECKED, Reason.UNREADABLE),
    ({}, 200, UNCHECKED, Reason.UNREADABLE),
    (b"<html>", 500, UNCHECKED, Reason.SOURCE_FAILED),
    (b"<html>", 200, UNCHECKED, Reason.UNREADABLE),
    (vat(), 404, UNCHECKED, Reason.UNREADABLE),
    (b"", 429, UNCHECKED, Reason.RATE_LIMITED),
]


@pytest.mark.parametrize(("body", "status", "outcome", "reason"), ENHETER)
def test_enhetsregisteret_is_taken_by_its_word(body: Any, status: int, outcome: Outcome, reason: Reason) -> None:
    _ends(judge_enhet(answer(body, status=status), applied=EQUINOR), outcome, reason)


@pytest.mark.parametrize(("body", "status", "outcome", "reason"), RECORDS)
def test_gleif_is_taken_by_its_word(body: Any, status: int, outcome: Outcome, reason: Reason) -> None:
    _ends(judge_lei_record(answer(body, status=status), applied=EFFEKTEN), outcome, reason)


@pytest.mark.parametrize(("body", "status", "outcome", "reason"), NUMBERS)
def test_vies_is_taken_by_its_word(body: Any, status: int, outcome: Outcome, reason: Reason) -> None:
    _ends(judge_vat_number(answer(body, status=status), applied=DANONE), outcome, reason)


def _ends(result: CheckResult, outcome: Outcome, reason: Reason) -> None:
    assert (result.outcome, result.reason) == (outcome, reason)
    assert (result.valid_until is not None) is (outcome is PASSED)
    assert result.answers[0].at == result.checked_at == NOW
    assert result.detail.endswith(".")


def test_a_passed_check_tells_name_number_country_and_standing_and_for_how_long_it_is_good() -> None:
    result = judge_enhet(answer(enhet()), applied=EQUINOR)
    assert (result.kind, result.valid_until) == (EvidenceKind.REGISTER, NOW + GOOD_FOR)
    assert result.facts == {
        "name": "EQUINOR ASA",
        "number": "923609016",
        "country": "NO",
        "standing": "active",
        "legal_form": "ASA",
    }


def test_both_names_are_in_the_sentence_when_they_differ() -> None:
    result = judge_enhet(answer(enhet()), applied=replace(EQUINOR, name="Statoil"))
    assert "EQUINOR ASA" in result.detail
    assert "Statoil" in result.detail


def test_what_gleif_proves_ends_with_the_leis_renewal() -> None:
    result = judge_lei_record(answer(lei_record()), applied=EFFEKTEN)
    assert (result.kind, result.valid_until) == (EvidenceKind.LEI, datetime(2027, 1, 8, 22, tzinfo=UTC))


def test_a_previous_name_does_not_count_and_one_in_another_script_does() -> None:
    previous = judge_lei_record(answer(lei_record()), applied=replace(EFFEKTEN, name="Alter Name GmbH"))
    assert previous.reason == Reason.NAME_DIFFERS
    ascii_only = judge_lei_record(
        answer(lei_record()), applied=replace(EFFEKTEN, name="Societe Generale Effekten GmbH")
    )
    assert ascii_only.outcome is PASSED


def test_a_lei_beside_a_register_number_must_be_of_that_number_and_country() -> None:
    norwegian = {"legalAddress": {"country": "NO"}, "legalName": {"name": "EQUINOR ASA"}, "registeredAs": "923 609 016"}
    applied = replace(EQUINOR, lei=LEI)
    assert judge_lei_record(answer(lei_record(entity=norwegian)), applied=applied).outcome is PASSED
    other = lei_record(entity=norwegian | {"registeredAs": "974760673"})
    assert judge_lei_record(answer(other), applied=applied).reason == Reason.NUMBER_DIFFERS
    abroad = lei_record(entity=norwegian | {"legalAddress": {"country": "SE"}})
    assert judge_lei_record(answer(abroad), applied=applied).reason == Reason.COUNTRY_DIFFERS


def test_greece_is_asked_as_el() -> None:
    greek = read_identifier("VATGR-094259216")
    assert json.loads(format_question(greek)) == {"countryCode": "EL", "vatNumber": "094259216"}
    told = vat(countryCode="EL", vatNumber="094259216", name="ΑΛΦΑ")
    assert judge_vat_number(answer(told), applied=Applied(name="Άλφα", identifier=greek)).reason == Reason.NAME_DIFFERS
    assert judge_vat_number(answer(told), applied=Applied(name="αλφα", identifier=greek)).outcome is PASSED


def test_vies_is_asked_about_vat_numbers_of_the_union_only() -> None:
    asked = {text: can_be_asked(read_identifier(text)) for text in ("VATNO-995525828MVA", "VATXI-432525179")}
    assert asked == {"VATNO-995525828MVA": False, "VATXI-432525179": True}
    assert not can_be_asked(EQUINOR.identifier)


def test_an_error_of_vies_is_not_worth_keeping() -> None:
    told = [vat(), vies_error("MS_UNAVAILABLE"), vat(userError="TIMEOUT")]
    assert [was_processed(json.dumps(body).encode()) for body in told] == [True, False, False]
    assert not was_processed(b"<html>")


def test_what_a_register_tells_is_shown_as_one_printable_line() -> None:
    result = judge_enhet(answer(enhet(navn="EVIL\u202e\n<b>" + "x" * 5000)), applied=EQUINOR)
    assert result.facts["name"].isprintable()
    assert len(result.facts["name"]) <= 200
    assert result.detail.isprintable()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["data", "attributes", "entity", "registration", "lei", "valid", "navn", "errorWrappers"]),
            inner,
        )
    ),
)


@given(st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()), st.integers(100, 599))
def test_no_answer_whatever_makes_a_check_pass_or_raise(body: bytes, status: int) -> None:
    for result in (
        judge_enhet(answer(body, status=status), applied=EQUINOR),
        judge_lei_record(answer(body, status=status), applied=EFFEKTEN),
        judge_vat_number(answer(body, status=status), applied=DANONE),
    ):
        assert result.outcome is not PASSED


@given(st.sampled_from(sorted(enhet())), _JSON)
def test_any_member_may_be_anything(name: str, value: Any) -> None:
    result = judge_enhet(answer(enhet(**{name: value})), applied=EQUINOR)
    assert result.checked_at - NOW == timedelta(0)


@given(st.sampled_from(["legalName", "otherNames", "legalAddress", "registeredAs", "status", "category"]), _JSON)
def test_any_member_of_a_lei_record_may_be_anything(name: str, value: Any) -> None:
    changed = lei_record(entity={name: value})
    assert judge_lei_record(answer(changed), applied=EFFEKTEN).answers
