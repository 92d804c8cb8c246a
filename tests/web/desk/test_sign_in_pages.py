"""The doors of the desk without a browser: what they refuse, and what they never give away."""

from pathlib import Path

import pytest

from registry.model import Role
from registry.people.links import LASTS, make_link, purge_links
from registry.people.sessions import IDLE, purge_sessions
from storage.engine import writing
from tests.builders_deployment import Deployment, deploy
from tests.builders_desk import add_person, sign_in, world_of
from tests.builders_passkeys import Authenticator
from tests.builders_web import Page, check_page

LOCAL = "http://localhost:8000"


def options_of(html: str) -> str:
    (form,) = [item for item in Page(html).all("form") if "data-options" in item]
    return form["data-options"]


def enrol(made: Deployment, device: Authenticator) -> str:
    """Go the way of somebody who was sent a link; return the session's cookie."""
    person = add_person(made, Role.SIGNER)
    token = make_link(person, by="admin pe-x", world=world_of(made)).partition("#")[2]
    client, origin = made.client, {"Origin": LOCAL}
    page = client.post("/desk/enrol", base_url=LOCAL, data={"token": token}, headers=origin)
    check_page(page.get_data(as_text=True), scripts=True)
    fields = {"token": token, "name": "Phone", "answer": device.create(options_of(page.get_data(as_text=True)))}
    done = client.post("/desk/enrol/passkey", base_url=LOCAL, data=fields, headers=origin)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk")
    cookie = next(value for value in done.headers.getlist("Set-Cookie") if value.startswith("sigill-desk="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    return cookie


def test_a_passkey_is_enrolled_and_signed_in_with_through_the_pages(deployment: Deployment) -> None:
    device = Authenticator()
    enrol(deployment, device)
    client = deployment.client
    page = client.get("/desk/sign-in", base_url=LOCAL)
    answer = device.get(options_of(page.get_data(as_text=True)))
    for headers, status in (({"Origin": "https://evil.example"}, 403), ({}, 403), ({"Origin": LOCAL}, 303)):
        done = client.post("/desk/sign-in", base_url=LOCAL, data={"answer": answer}, headers=headers)
        assert done.status_code == status
    again = client.post("/desk/sign-in", base_url=LOCAL, data={"answer": answer}, headers={"Origin": LOCAL})
    assert again.status_code == 403
    assert options_of(again.get_data(as_text=True)) != options_of(page.get_data(as_text=True))


@pytest.mark.parametrize("answer", ["", "x", "{}", "[]", "x" * 40_000, '{"type":"public-key"}'])
def test_what_is_no_answer_is_told_on_the_page(deployment: Deployment, answer: str) -> None:
    response = deployment.client.post("/desk/sign-in", data={"answer": answer}, headers={"Origin": LOCAL})
    assert response.status_code == 403
    assert "The passkey was not taken" in check_page(response.get_data(as_text=True), scripts=True).text


def test_a_form_of_a_megabyte_is_not_read(deployment: Deployment) -> None:
    for path in ("/desk/sign-in", "/desk/enrol", "/desk/enrol/passkey"):
        response = deployment.client.post(path, data={"answer": "x" * 1_000_000}, headers={"Origin": LOCAL})
        assert response.status_code == 413


def test_a_wrong_link_is_told_and_a_foreign_site_cannot_try_one(deployment: Deployment) -> None:
    for path in ("/desk/enrol", "/desk/enrol/passkey"):
        wrong = deployment.client.post(path, data={"token": "x"}, headers={"Origin": LOCAL})
        assert wrong.status_code == 403
        assert "Ask for a new one" in check_page(wrong.get_data(as_text=True)).text
        foreign = deployment.client.post(path, data={"token": "x"}, headers={"Origin": "https://evil.example"})
        assert "The form was not taken" in foreign.get_data(as_text=True)


def test_by_its_address_the_desk_names_localhost_and_by_an_outside_address_nothing(
    deployment: Deployment, tmp_path: Path
) -> None:
    page = check_page(deployment.client.get("/desk/sign-in", base_url="http://127.0.0.1:8000").get_data(as_text=True))
    assert f"{LOCAL}/desk/sign-in" in [item["href"] for item in page.all("a")]
    outside = deploy(tmp_path / "outside", more={"SIGILL_PUBLIC_URL": "http://192.0.2.1"})
    page = check_page(outside.client.get("/desk/sign-in").get_data(as_text=True))
    assert "passkeys need a host name" in page.text
    browser = sign_in(outside, add_person(outside, Role.SIGNER))
    assert browser.get("/passkeys/new").status_code == 503
    outside.services.engine.dispose()


def test_behind_a_proxy_with_https_cookies_can_be_set_by_nobody_else(tmp_path: Path) -> None:
    made = deploy(tmp_path / "proxied", more={"SIGILL_PUBLIC_URL": "https://desk.example"})
    response = made.client.get("/desk/sign-in", base_url="http://10.0.0.1:8000")
    assert options_of(response.get_data(as_text=True))
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-sigill-door=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    made.services.engine.dispose()


def test_without_an_identity_provider_there_is_no_way_to_one(deployment: Deployment) -> None:
    for path in ("/desk/oidc", "/desk/oidc/callback?code=c&state=s"):
        response = deployment.client.get(path)
        assert response.status_code == 403
        assert "sign in with a passkey" in check_page(response.get_data(as_text=True)).text


def test_sessions_and_links_that_are_over_are_forgotten(deployment: Deployment) -> None:
    world, person = world_of(deployment), add_person(deployment, Role.SIGNER)
    sign_in(deployment, person)
    make_link(person, by="x", world=world)
    at = world.now()
    with writing(world.engine) as connection:
        assert (purge_sessions(connection, at=at), purge_links(connection, at=at)) == (0, 0)
        assert (purge_sessions(connection, at=at + IDLE), purge_links(connection, at=at + IDLE)) == (1, 0)
        assert purge_links(connection, at=at + LASTS) == 1
