"""The whole way: an operator's identifier, a real server that answers as the register does, a result."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry.asking.configured import ConfiguredFetch, Limits
from registry.asking.registers import Source, Sources, check_in_registers, is_worth_keeping
from registry.asking.remembered import RememberedFetch
from registry.checks.identifiers import read_identifier
from registry.checks.outcome import CheckResult, Outcome
from registry.checks.register import Applied, Reason
from sigill.client.retry import Patience
from tests.registry.asking.builders_playing import Play, Played, playing
from tests.registry.checks.builders_registers import (
    DANONE,
    EFFEKTEN,
    EQUINOR,
    LEI,
    NOW,
    deleted_enhet,
    enhet,
    lei_record,
    vat,
    vies_error,
)

UNCHECKED = Outcome.COULD_NOT_BE_CHECKED


def says(body: Any, *, status: int = 200) -> Play:
    return Play(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


@contextmanager
def sources(played: Played, *, now: Callable[[], datetime] = lambda: NOW) -> Iterator[Sources]:
    fetch = ConfiguredFetch(
        [played.base_url],
        limits=Limits(whole_s=1.0, try_s=0.3, tries=2),
        patience=Patience(first_s=0.0, longest_s=0.0),
        posts_may_repeat=True,
    )
    remembered = RememberedFetch(fetch, now=now, worth_keeping=is_worth_keeping)
    source = Source(base_url=f"{played.base_url}/api", fetch=remembered)
    try:
        yield Sources(enhetsregisteret=source, gleif=source, vies=source)
    finally:
        fetch.close()


def check(applied: Applied, *answers: Play) -> tuple[CheckResult, Played]:
    with playing(*answers) as played, sources(played) as found:
        (result,) = check_in_registers(applied, sources=found, now=lambda: NOW)
    return result, played


def test_a_norwegian_number_is_asked_of_enhetsregisteret_in_its_own_form() -> None:
    result, played = check(EQUINOR, says(enhet()))
    assert (result.outcome, result.facts["name"]) == (Outcome.PASSED, "EQUINOR ASA")
    ((method, path, headers, _),) = played.asked
    assert (method, path, headers["accept"]) == ("GET", "/api/enheter/923609016", "application/json")
    (stored,) = result.answers
    assert (stored.source, stored.media_type) == (f"{played.base_url}/api/enheter/923609016", "application/json")
    assert json.loads(stored.body) == enhet()


def test_a_lei_is_asked_of_gleif_in_json_api() -> None:
    result, played = check(EFFEKTEN, says(lei_record()))
    assert result.outcome is Outcome.PASSED
    ((method, path, headers, _),) = played.asked
    assert (method, path, headers["accept"]) == ("GET", f"/api/lei-records/{LEI}", "application/vnd.api+json")


def test_a_vat_number_is_posted_to_vies() -> None:
    result, played = check(DANONE, says(vat()))
    assert result.outcome is Outcome.PASSED
    ((method, path, headers, body),) = played.asked
    assert (method, path, headers["content-type"]) == ("POST", "/api/check-vat-number", "application/json")
    assert json.loads(body) == {"countryCode": "FR", "vatNumber": "27552032534"}
    assert result.answers[0].source.endswith("/api/check-vat-number#VATFR-27552032534")


@pytest.mark.parametrize(
    ("applied", "play", "reason"),
    [
        (EQUINOR, says(deleted_enhet()), Reason.DELETED),
        (EQUINOR, says(enhet(konkurs=True)), Reason.BANKRUPT),
        (EQUINOR, says(b"", status=404), Reason.NOT_FOUND),
        (EFFEKTEN, says(lei_record(registration={"status": "LAPSED"})), Reason.LAPSED),
        (DANONE, says(vat(valid=False, name="---")), Reason.NOT_VALID),
    ],
)
def test_what_a_register_says_against_an_operator_fails(applied: Applied, play: Play, reason: Reason) -> None:
    result, _ = check(applied, play)
    assert (result.outcome, result.reason) == (Outcome.FAILED, reason)


@pytest.mark.parametrize("applied", [EQUINOR, EFFEKTEN, DANONE])
@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (says(b"", status=500), Reason.SOURCE_FAILED),
        (Play(status=429, headers={"Retry-After": "3600"}), Reason.RATE_LIMITED),
        (Play(status=302, headers={"Location": "/login"}), Reason.REDIRECTED),
        (says(b"<html>maintenance</html>"), Reason.UNREADABLE),
        (says(b'{"navn": "EQUI'), Reason.UNREADABLE),
        (says(b"[" + b"0," * 500_000 + b"0]"), Reason.NO_ANSWER),
        (Play(body=b"{}", says_bytes=9000), Reason.NO_ANSWER),
        (
            says(enhet(organisasjonsnummer="974760673") | lei_record(lei="M312WZV08Y7LYUC71685") | vat(vatNumber="1")),
            Reason.ANOTHER_NUMBER,
        ),
    ],
)
def test_a_register_in_trouble_neither_passes_nor_fails_anybody(applied: Applied, play: Play, reason: Reason) -> None:
    result, _ = check(applied, play)
    assert (result.outcome, result.reason) == (UNCHECKED, reason)
    assert result.valid_until is None


@pytest.mark.slow
@pytest.mark.parametrize("play", [Play(hang_s=30), Play(drip_s=0.05, body=b"x" * 10_000)])
def test_a_register_that_hangs_or_drips_is_left_in_time(play: Play) -> None:
    result, _ = check(EQUINOR, play)
    assert (result.outcome, result.facts["cause"]) == (UNCHECKED, "timeout")


def test_a_hidden_name_and_a_busy_member_state_leave_a_vat_number_unchecked() -> None:
    assert check(DANONE, says(vat(name="---")))[0].reason == Reason.NAME_HIDDEN
    assert check(DANONE, says(vies_error("MS_MAX_CONCURRENT_REQ")))[0].reason == Reason.SOURCE_BUSY


def test_a_remembered_answer_dates_the_check_to_when_it_was_fetched() -> None:
    now = NOW

    def clock() -> datetime:
        return now

    with playing(says(enhet())) as played, sources(played, now=clock) as found:
        check_in_registers(EQUINOR, sources=found, now=clock)
        now = NOW + timedelta(minutes=30)
        (again,) = check_in_registers(EQUINOR, sources=found, now=clock)
    assert len(played.asked) == 1
    assert again.checked_at == again.answers[0].at == NOW


def test_an_error_of_vies_is_asked_again_and_not_remembered() -> None:
    with playing(says(vies_error("MS_UNAVAILABLE")), says(vat())) as played, sources(played) as found:
        outcomes = [check_in_registers(DANONE, sources=found, now=lambda: NOW)[0].outcome for _ in range(3)]
    assert outcomes == [UNCHECKED, Outcome.PASSED, Outcome.PASSED]
    assert len(played.asked) == 2


def test_every_register_that_fits_is_asked_and_no_other() -> None:
    def either(path: str) -> Play:
        return says(lei_record(entity={"legalAddress": {"country": "NO"}}) if "lei" in path else enhet())

    with playing(either) as played, sources(played) as found:
        both = check_in_registers(replace(EQUINOR, lei=LEI), sources=found, now=lambda: NOW)
        none = check_in_registers(EQUINOR, sources=Sources(), now=lambda: NOW)
        swedish = Applied(name="SAAB AB", identifier=read_identifier("NTRSE-5560360793"))
        nobody = check_in_registers(swedish, sources=found, now=lambda: NOW)
    assert [result.kind for result in both] == ["register", "lei"]
    assert (none, nobody, len(played.asked)) == ((), (), 2)
