"""The desk's frame: who gets in, what a form must bring, and how it speaks."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from registry.access import mark_of
from registry.model import Role
from registry.people.sessions import IDLE, LASTS, load_session, note_session_used
from registry.people.staff import public_name
from registry.people.store import end_person
from registry.steps import Act, list_steps
from sigill.report.trust import GUARANTOR
from storage.engine import reading, writing
from tests.builders_deployment import Deployment
from tests.builders_desk import add_passkey, add_person, address_of, sign_in, someone
from tests.builders_web import check_page
from web.desk.blueprint import RECENT
from web.desk.menu import DOORS, PARTS
from web.desk.words import DeskLanguage, desk_words

ROUTES = [route for part in PARTS for route in part.routes]
PAGES = [route for route in ROUTES if route.method == "GET"]
ACTIONS = [route for route in ROUTES if route.method == "POST"]


def test_nobody_sees_a_page_without_signing_in(deployment: Deployment) -> None:
    for route in PAGES:
        response = deployment.client.get(f"/desk{address_of(route.path)}")
        assert (response.status_code, response.headers["Location"]) == (303, "/desk/sign-in"), route
    for route in ACTIONS:
        response = deployment.client.post(f"/desk{address_of(route.path)}", headers={"Origin": "http://127.0.0.1:8000"})
        assert response.status_code == 403, route


@pytest.mark.parametrize("role", Role)
def test_every_route_is_for_the_roles_it_names_and_for_nobody_else(deployment: Deployment, role: Role) -> None:
    for route in ROUTES:
        browser = someone(deployment, role)
        path = address_of(route.path)
        response = browser.get(path) if route.method == "GET" else browser.post(path)
        where = (route.path, response.status_code)
        assert response.status_code < 500, where
        title = desk_words(DeskLanguage.EN).label("frame.not_for_you_title")
        assert (title in response.get_data(as_text=True)) == (role not in route.roles), where
        if role not in route.roles:
            assert response.status_code == 403, where


def test_an_action_runs_for_no_form_but_one_of_its_own_session(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = someone(deployment, Role.ADMIN), someone(deployment, Role.ADMIN)
    refused = desk_words(DeskLanguage.EN).label("frame.form_refused")
    for route in (route for route in ACTIONS if Role.ADMIN in route.roles):
        path = address_of(route.path)
        for answer in (
            mine.post(path, csrf=""),
            mine.post(path, csrf=other.csrf),
            mine.post(path, csrf="é"),
            mine.post(path, origin="https://evil.example"),
            mine.post(path, origin="null"),
            mine.client.post(f"/desk{path}", data={"csrf": mine.csrf}),
            mine.client.post(
                f"/desk{path}",
                data={"csrf": mine.csrf},
                headers={"Origin": mine.origin, "Sec-Fetch-Site": "cross-site"},
            ),
        ):
            assert answer.status_code == 403, route
            assert refused in answer.get_data(as_text=True), route
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "sigill.audit"]
    assert {(line["event"], line["person"]) for line in lines} == {("form_refused", mine.person.id)}
    assert {line["reason"] for line in lines} == {"wrong_token", "wrong_origin", "no_origin", "cross_site"}
    assert mine.csrf not in caplog.text
    assert mine.token not in caplog.text


def test_signing_out_takes_a_form_of_the_session_and_ends_it(deployment: Deployment) -> None:
    browser = someone(deployment, Role.SIGNER)
    assert browser.post("/sign-out", origin="https://evil.example").status_code == 403
    browser.post("/sign-out", csrf="another")
    browser.client.set_cookie("sigill-desk", browser.token)
    assert browser.get().status_code == 200
    response = browser.post("/sign-out")
    assert (response.status_code, response.headers["Location"]) == (303, "/desk/sign-in")
    browser.client.set_cookie("sigill-desk", browser.token)
    assert browser.get().status_code == 303


def test_a_session_ends_when_it_is_idle_or_old_and_at_each_boundary_instant(deployment: Deployment) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    browser = sign_in(deployment, add_person(deployment, Role.SIGNER), at=at)
    tick = timedelta(milliseconds=1)
    with writing(deployment.services.engine) as connection:
        assert load_session(connection, browser.token, at=at + IDLE - tick) is not None
        assert load_session(connection, browser.token, at=at + IDLE) is None
        note_session_used(connection, browser.token, at=at + LASTS - tick)
        assert load_session(connection, browser.token, at=at + LASTS - tick) is not None
        assert load_session(connection, browser.token, at=at + LASTS) is None


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "\ud800", "\x00"])
def test_what_is_no_session_is_none(deployment: Deployment, token: str) -> None:
    with reading(deployment.services.engine) as connection:
        assert load_session(connection, token, at=datetime.now(UTC)) is None


def test_whoever_leaves_is_out_at_the_next_request(deployment: Deployment) -> None:
    browser = someone(deployment, Role.ADMIN)
    assert browser.get().status_code == 200
    with writing(deployment.services.engine) as connection:
        end_person(connection, browser.person.id, at=datetime.now(UTC))
    assert browser.get().status_code == 303


@pytest.mark.parametrize("language", DeskLanguage)
@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.ADMIN, Role.SIGNER])
def test_every_page_is_whole_in_both_languages(deployment: Deployment, role: Role, language: DeskLanguage) -> None:
    browser = someone(deployment, role)
    for route in PAGES:
        if role in route.roles and "<" not in route.path:
            page = browser.page(route.path, language=language, scripts=True)
            assert page.text.count("Sigill") >= 1


def test_the_sign_in_page_is_whole_and_keeps_nothing(deployment: Deployment) -> None:
    for language in DeskLanguage:
        response = deployment.client.get("/desk/sign-in", headers={"Accept-Language": language})
        check_page(response.get_data(as_text=True), language=language, scripts=True)
        assert response.headers["Cache-Control"] == "no-store"
        assert "'unsafe" not in response.headers["Content-Security-Policy"]


def test_a_chosen_language_stays(deployment: Deployment) -> None:
    browser = someone(deployment, Role.SIGNER)
    assert "Min" not in browser.page().text.split()
    browser.page("?lang=sv", language="sv")
    assert browser.client.get("/desk", headers={"Accept-Language": "en"}).headers["Content-Language"] == "sv"


def test_a_text_is_told_once_after_a_form_and_no_other_text_can_be_told(deployment: Deployment) -> None:
    browser = someone(deployment, Role.SIGNER)
    passkey = add_passkey(deployment, browser.person)
    done = browser.post("/passkeys/name", passkey=passkey.id, name="Phone")
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/passkeys")
    renamed = desk_words(DeskLanguage.EN).label("passkeys.renamed")
    assert renamed in browser.page("/passkeys").text
    assert renamed not in browser.page("/passkeys").text
    browser.client.set_cookie("sigill-said", "<b>pay here</b>", path="/desk")
    assert "pay here" not in browser.page("/passkeys").text


def test_a_form_with_a_fault_comes_back_as_it_was_filled_in(deployment: Deployment) -> None:
    browser = someone(deployment, Role.SIGNER)
    passkey = add_passkey(deployment, browser.person)
    response = browser.post("/passkeys/name", passkey=passkey.id, name=" <Phone> ")
    assert response.status_code == 422
    page = check_page(response.get_data(as_text=True))
    assert "one line of 1 to 120 printable characters" in page.text
    assert " <Phone> " in [item.get("value") for item in page.all("input")]


def test_nobody_touches_anothers_passkeys(deployment: Deployment) -> None:
    browser, other = someone(deployment, Role.ADMIN), someone(deployment, Role.ADMIN)
    passkey = add_passkey(deployment, other.person)
    for path in ("/passkeys/name", "/passkeys/revocation"):
        for asked in (passkey.id, "none", "", "\x00", "é"):
            assert browser.post(path, passkey=asked, name="Mine").status_code == 404
    assert "Laptop" in other.page("/passkeys").text


@pytest.mark.parametrize("role", [Role.SIGNER, Role.REGISTRAR])
def test_revoking_a_passkey_is_logged_without_names_and_ends_its_sessions(deployment: Deployment, role: Role) -> None:
    first = someone(deployment, role)
    passkey = add_passkey(deployment, first.person)
    browser = sign_in(deployment, first.person, passkey_id=passkey.id)
    assert browser.get().status_code == 200
    assert browser.post("/passkeys/revocation", passkey=passkey.id).status_code == 303
    assert browser.get().status_code == 303
    assert first.post("/passkeys/revocation", passkey=passkey.id).status_code == 404
    with reading(deployment.services.engine) as connection:
        (logged,) = list_steps(connection, GUARANTOR if role is Role.REGISTRAR else "exempelbanken")
    assert logged.step.act is Act.PASSKEY_REVOKED
    assert logged.step.by == f"{role} {first.person.id}"
    assert logged.step.said == {"person": first.person.id, "passkey": public_name(passkey.id)}


def test_what_needs_a_recent_sign_in_is_refused_a_quarter_of_an_hour_later(deployment: Deployment) -> None:
    at = datetime.now(UTC) - RECENT
    browser = sign_in(deployment, add_person(deployment, Role.SIGNER), at=at)
    passkey = add_passkey(deployment, browser.person)
    response = browser.post("/passkeys/revocation", passkey=passkey.id)
    assert response.status_code == 403
    assert desk_words(DeskLanguage.EN).label("errors.SignInStale") in response.get_data(as_text=True)


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    swedish, english = (desk_words(language).texts for language in DeskLanguage)
    assert set(swedish) == set(english)
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", swedish[key])), key
        assert text.strip() == text != "", key


def test_every_view_of_the_desk_says_who_it_is_for(deployment: Deployment) -> None:
    app = deployment.app
    views = {rule.endpoint: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules("desk.start_start")}
    accesses = [mark_of(view) for view in views.values()]
    assert [access.people for access in accesses if access] == [frozenset(Role)]
    assert len(ROUTES) + len(DOORS) == sum(rule.rule.startswith("/desk") for rule in app.url_map.iter_rules())
