"""Operator pages, problem pages, and telling times and places."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from registry.model import Environment, EvidenceKind, Operator
from registry.sending.public import SendingPolicy
from sigill.report.answers import Reason
from sigill.vocabulary import Language
from tests.builders_deployment import Deployment
from tests.builders_web import ZONE, Page, bank, check_page, evidence, site, verdict_for
from web import ProblemView, not_found_page, operator_page, problem_page
from web.dates import tell_day, tell_place, tell_time

_SITE = site(verdict_for(Reason.GENUINE))
_PROBLEM = ProblemView(slug="text-odd", status=422, title="The <text> is odd", mend="Mend it & try again.")


def _operator_page(
    operator: Operator, *, language: str = "en", log_url: str | None = None, policy: SendingPolicy | None = None
) -> Page:
    with Flask("pages").test_request_context(f"/?lang={language}"):
        answered = operator_page(_SITE.world, operator, policy or SendingPolicy(), log_url)
    return check_page(answered.get_data(as_text=True), language=language)


@pytest.mark.parametrize("language", Language)
def test_an_operators_page_says_what_is_known_and_how(language: Language) -> None:
    page = _operator_page(bank(), language=language, log_url="http://127.0.0.1:8000/log/exempelbanken")
    for said in ("Exempelbanken", "NTRSE-5560000001", "looked up by hand", "the registrar", "papers and domain agree"):
        assert said in page.text
    for said in ("+46 8 402 00 00", "Saga", "Exempel AI, saga-1", "Olle", "(CA)", "EEA"):
        assert said in page.text
    links = [item["href"] for item in page.all("a")]
    assert "tel:+4684020000" in links
    assert "http://127.0.0.1:8000/log/exempelbanken/checkpoint" in links
    assert "https://www.exempelbanken.example" in links


def test_an_operators_page_warns_of_made_up_evidence_and_of_the_test_environment() -> None:
    played = bank(environment=Environment.TEST, evidence=(evidence("E", EvidenceKind.DEMONSTRATION, days=9),))
    page = _operator_page(played)
    assert page.text.count("Nobody has checked this identity.") == 2
    assert "only trying out the service" in page.text
    assert "Nobody has checked this identity." not in _operator_page(bank()).text


def test_an_operators_page_tells_the_level_from_evidence_that_still_counts() -> None:
    assert "Its legal identity was checked" in _operator_page(bank()).text
    expired = bank(evidence=(evidence("E", EvidenceKind.DOMAIN, days=-1),))
    page = _operator_page(expired)
    assert "Only what it says itself" in page.text
    assert "No longer counts" in page.text


def test_an_operators_page_does_without_what_is_not_known() -> None:
    page = _operator_page(bank(evidence=(), ai_systems=(), phone=None, website=None))
    assert "Nothing has been checked yet." in page.text
    assert "This sender has registered no AI system." in page.text
    assert not [item for item in page.all("a") if item["href"].startswith(("tel:", "http"))]


def test_a_website_is_a_link_only_where_it_is_https() -> None:
    page = _operator_page(bank(website="javascript:alert(1)"))
    assert "javascript:alert(1)" in page.text
    assert not [item for item in page.all("a") if item["href"].startswith("javascript")]


def test_a_problems_page_says_what_it_means_and_how_to_mend_it() -> None:
    with Flask("pages").test_request_context("/"):
        answered = problem_page(_SITE.world, _PROBLEM)
    page = check_page(answered.get_data(as_text=True))
    for said in (
        "text-odd",
        "422",
        "The <text> is odd",
        "Mend it & try again.",
        '"type": "http://127.0.0.1:8000/problems',
    ):
        assert said in page.text


def test_the_page_for_nothing_is_a_404() -> None:
    with Flask("pages").test_request_context("/nope"):
        answered = not_found_page(_SITE.world)
    assert answered.status_code == 404
    check_page(answered.get_data(as_text=True))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.EN, "1 July 2026, 14:05 (Central European Summer Time)"),
        (Language.SV, "1 juli 2026, 14:05 (centraleuropeisk sommartid)"),
        (Language.NB, "1. juli 2026, 14:05 (sentraleuropeisk sommertid)"),
        (Language.FI, "1. heinäkuuta 2026, 14.05 (Keski-Euroopan kesäaika)"),
    ],
)
def test_times_name_their_zone(language: Language, told: str) -> None:
    at = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
    assert tell_time(at, language=language, zone=ZONE) == told
    assert told.startswith(tell_day(at, language=language, zone=ZONE))


def test_a_day_is_the_one_in_the_zone() -> None:
    assert tell_day(datetime(2026, 7, 1, 23, 0, tzinfo=UTC), language=Language.EN, zone=ZONE) == "2 July 2026"


@pytest.mark.parametrize(
    ("code", "name"), [("SE", "Sverige"), ("UK", "Storbritannien"), ("US-CA", "USA (CA)"), ("EEA", "EEA")]
)
def test_places_have_names(code: str, name: str) -> None:
    assert tell_place(code, language=Language.SV) == name


def test_the_running_service_shows_people_pages_and_programs_problems(deployment: Deployment) -> None:
    sealed = deployment.sign(authorship="ai", ai={"system": "saga"}).get_json()
    client, html = deployment.client, {"Accept": "text/html,*/*;q=0.8"}
    answered = client.post("/check", data={"message": sealed["embedded_text"]})
    assert "This message is genuine" in check_page(answered.get_data(as_text=True)).text
    code = client.get(f"/s/{sealed['code']}").get_data(as_text=True)
    assert "One step left" in check_page(code).text
    operator = client.get("/registry/operators/exempelbanken", headers=html)
    assert "Exempelbanken" in check_page(operator.get_data(as_text=True)).text
    check_page(client.get("/problems/policy-refusal").get_data(as_text=True))
    missing = client.get("/nope", headers=html)
    assert missing.status_code == 404
    check_page(missing.get_data(as_text=True))
    assert client.get("/nope").content_type == "application/problem+json"
    assert client.get("/v1/nope", headers=html).content_type == "application/problem+json"
