"""Looking a sender up: by everything it is known by, with look-alikes beside it and marked as such."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lookalikes import skeleton
from registry.model import Environment, OperatorId, StateChange
from registry.sending.declaring import declare_contact, verify
from registry.sending.directory import Directory, Listed, Pages, name_key, numbers_of
from registry.sending.model import ContactKind, Method
from registry.sending.searching import MAX_RESULTS, search
from sigill.report.standing import State
from sigill.vocabulary import Industry
from tests.builders_deployment import NOW, Deployment, deploy, operator
from tests.builders_sending import world_of
from tests.builders_web import check_page

TEST = "banken-test"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    suspended = (
        StateChange(state=State.APPLIED, since=NOW, reason="applied"),
        StateChange(state=State.VERIFIED, since=NOW, reason="checked"),
        StateChange(state=State.SUSPENDED, since=NOW, reason="looked into"),
    )
    made = deploy(
        tmp_path_factory.mktemp("search"),
        operator("seb", name="Exempelbanken", identifier="NTRSE-5560360793", website="https://www.exempelbanken.se/"),
        operator("alike", name="Exempelbamken", identifier="LEIXG-M312WZV08Y7LYUC71685", history=suspended),
        operator("applied", name="Exempelbanken Nord", history=suspended[:1]),
        operator("other", name="Nordiska El i Norden"),
        operator(TEST, name="Exempelbanken", website="https://login.example.net/", environment=Environment.TEST),
    )
    world = world_of(made)
    contact = declare_contact(TEST, ContactKind.PHONE, "+46 8 465 004 22", world=world)
    until = world.now() + timedelta(days=9)
    verify(contact, method=Method.PHONE_CODE, by="the operator", note=None, until=until, world=world)
    for kind, value in (
        (ContactKind.PHONE, "+46 8 465 004 10"),
        (ContactKind.SENDER_NAME, "Exempelbank"),
        (ContactKind.MAIL_DOMAIN, "exempelbanken.com"),
        (ContactKind.APP, "google:se.exempel.app"),
        (ContactKind.HANDLE, "x:exempelbanken"),
    ):
        contact = declare_contact("seb", kind, value, world=world)
        until = world.now() + timedelta(days=9)
        verify(contact, method=Method.REGISTRAR, by="registrar pe-1", note="seen", until=until, world=world)
    yield made
    made.services.engine.dispose()


def ask(made: Deployment, typed: str) -> list[tuple[str, str]]:
    answer = made.client.get("/registry/search", query_string={"q": typed})
    assert answer.status_code == 200
    return [(each["id"], each["match"]) for each in answer.get_json()["results"]]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("exempelbanken", ("seb", "name")),
        ("Exempelb", ("seb", "name")),
        ("556036-0793", ("seb", "number")),
        ("NTRSE-5560360793", ("seb", "number")),
        ("m312wzv08y7lyuc71685", ("alike", "number")),
        ("+46846500410", ("seb", "phone")),
        ("Exempelbank", ("seb", "sender_name")),
        ("info@post.exempelbanken.com", ("seb", "mail_domain")),
        ("www.exempelbanken.se", ("seb", "website")),
        ("exempelbanken.se", ("seb", "website")),
        ("google:se.exempel.app", ("seb", "app")),
        ("x:@Exempelbanken", ("seb", "handle")),
        ("el i nor", ("other", "name")),
    ],
)
def test_a_sender_is_found_by_what_it_is_known_by(made: Deployment, typed: str, found: tuple[str, str]) -> None:
    assert ask(made, typed)[0] == found


def test_look_alikes_come_after_what_was_meant_with_where_each_stands(made: Deployment) -> None:
    answer = made.client.get("/registry/search?q=exempelbanken").get_json()
    assert [(each["id"], each["match"], each["state"]) for each in answer["results"]] == [
        ("seb", "name", "verified"),
        ("alike", "resembles", "suspended"),
    ]
    assert ask(made, "Exempelbаnken") == [("seb", "resembles"), ("alike", "resembles")]  # a Cyrillic letter


@pytest.mark.parametrize("typed", ["", " ", "\x00", "zzzzzz", "+46 70 174 06 05", "%", "exempelbanken.se.evil.com"])
def test_what_nobody_is_known_by_finds_nobody(made: Deployment, typed: str) -> None:
    assert [each for each in ask(made, typed) if each[1] != "resembles"] == []


def test_only_those_ever_verified_are_listed(made: Deployment) -> None:
    assert ask(made, "Exempelbanken Nord")[0][0] != "applied"
    assert "applied" not in {each[0] for each in ask(made, "Exempel")}


@pytest.mark.parametrize("typed", ["Exempelbanken", "login.example.net", "+46 8 465 004 22", TEST, "Exempe"])
def test_what_anybody_can_make_in_the_test_environment_is_in_no_directory(made: Deployment, typed: str) -> None:
    assert TEST not in {each[0] for each in ask(made, typed)}


def test_too_long_a_question_is_a_problem(made: Deployment) -> None:
    assert made.client.get("/registry/search", query_string={"q": "a" * 256}).status_code == 422


@pytest.mark.parametrize("language", ["sv", "en", "fi"])
def test_people_get_a_page_with_a_form_and_what_was_found(made: Deployment, language: str) -> None:
    headers = {"Accept": "text/html"}
    empty = made.client.get(f"/registry/search?lang={language}", headers=headers)
    check_page(empty.get_data(as_text=True), language=language)
    answered = made.client.get(f"/registry/search?lang={language}&q=exempelbanken", headers=headers)
    page = check_page(answered.get_data(as_text=True), language=language)
    links = [item["href"] for item in page.all("a")]
    assert f"/registry/operators/seb?lang={language}" in links
    assert "?q=exempelbanken&lang=de" in links
    assert answered.headers["Cache-Control"] == "no-store"
    none = made.client.get("/registry/search?lang=en&q=<b>zz", headers=headers).get_data(as_text=True)
    assert "&lt;b&gt;zz" in none
    assert "not everyone is in our register" in check_page(none).text


def listed(number: int) -> Listed:
    name = f"Firma {number % 97} Nummer {number}"
    return Listed(
        id=OperatorId(f"op-{number}"),
        name=name,
        identifier=f"NTRSE-{number:010}",
        industry=Industry.RETAIL,
        state=State.VERIFIED,
        website=None,
        name_key=name_key(name),
        look=skeleton(name),
    )


MANY = tuple(listed(number) for number in range(10_000))
PAGES = Pages(
    (0, 0),
    listed=MANY,
    by_id={each.id: each for each in MANY},
    by_name={each.name_key: (each,) for each in MANY},
    by_number={number: (each,) for each in MANY for number in numbers_of(each.identifier)},
)


@pytest.mark.parametrize("typed", ["Firma", "firma 12 nummer 12", "0000000812", "Fyrma 5 Numer 5", "zzzzzzzzzz"])
def test_ten_thousand_senders_are_searched_in_a_moment_and_never_more_than_twenty_shown(typed: str) -> None:
    begin = time.perf_counter()
    found = search(PAGES, typed, at=NOW)
    assert time.perf_counter() - begin < 0.5
    assert len(found.results) <= MAX_RESULTS
    assert found.more is (len(found.results) == MAX_RESULTS)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_searched_without_a_fault(typed: str) -> None:
    few = Pages((0, 0), listed=MANY[:50], by_id={each.id: each for each in MANY[:50]})
    assert len(search(few, typed, at=NOW).results) <= MAX_RESULTS


def test_the_directory_is_asked_at_most_once_a_second(made: Deployment) -> None:
    at_s = 0.0
    directory = Directory(made.services.engine, monotonic=lambda: at_s)
    first = directory.pages()
    assert directory.pages() is first
    at_s = 2.0
    assert directory.pages() is first  # nothing has changed
