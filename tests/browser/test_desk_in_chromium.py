"""The desk in a real browser with a virtual authenticator: the ways in, and those that must be shut."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from registry.model import Role
from registry.people.links import make_link
from registry.people.model import Passkey, Person
from registry.people.staff import end_person_logged
from registry.people.store import list_passkeys
from registry.people.world import PeopleWorld
from storage.engine import reading
from tests.builders_deployment import Deployment, deploy
from tests.builders_desk import add_person, world_of
from tests.builders_server import free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

_AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_OVERFLOWING: Final = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.matches('textarea, input, pre, pre *, svg, svg *, .skip, thead, thead *') && e.checkVisibility())
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.trim().slice(0, 40))"""


@dataclass(frozen=True)
class Desk:
    """A service listening on this machine: `url` as passkeys want it, `by_address` as they do not."""

    made: Deployment
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def by_address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def people(self) -> PeopleWorld:
        return world_of(self.made)

    def passkeys(self, person: Person) -> tuple[Passkey, ...]:
        with reading(self.made.services.engine) as connection:
            return list_passkeys(connection, person.id)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    port = free_port()
    made = deploy(tmp_path_factory.mktemp("desk"), more={"PORT": str(port)})
    server = make_server("127.0.0.1", port, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Desk(made, port)
    server.shutdown()
    thread.join()
    server.server_close()
    made.services.engine.dispose()


@dataclass
class Device:
    """A browser with an authenticator of its own; `said` is what stood on its console."""

    context: BrowserContext
    page: Page
    cdp: Any
    authenticator: str
    said: list[str]

    def verifies(self, *, user: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": user})

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})[
            "credentials"
        ]
        return found


@pytest.fixture
def device(browser: Browser) -> Iterator[Device]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    yield Device(context, page, cdp, made["authenticatorId"], said)
    context.close()


def enrol(desk: Desk, device: Device, person: Person, *, name: str = "Work laptop") -> None:
    """Go the way of somebody who was sent a link."""
    device.page.goto(make_link(person, by="admin pe-x", world=desk.people))
    device.page.click("button.primary")
    device.page.fill("#name", name)
    device.page.click("button.primary")
    device.page.wait_for_url(f"{desk.url}/desk")


def sign_in(desk: Desk, device: Device) -> None:
    device.page.goto(f"{desk.url}/desk")
    device.page.click("button.primary")
    device.page.wait_for_url(f"{desk.url}/desk")


def test_somebody_enrols_signs_out_and_signs_in_again(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.ADMIN)
    enrol(desk, device, person)
    assert device.page.inner_text("h1") == "Hello Anna Andersson"
    assert "#" not in device.page.url
    (passkey,) = desk.passkeys(person)
    assert passkey.attestation in {"none", "packed"}
    assert passkey.device_bound
    device.page.click("text=Sign out")
    device.page.wait_for_url(f"{desk.url}/desk/sign-in")
    assert "You are signed out." in device.page.inner_text("main")
    device.page.goto(f"{desk.url}/desk/passkeys")
    assert device.page.url == f"{desk.url}/desk/sign-in"
    sign_in(desk, device)
    assert device.page.inner_text("h1") == "Hello Anna Andersson"
    assert desk.passkeys(person)[0].sign_count == device.credentials()[0]["signCount"]
    assert device.said == []


def test_a_link_is_good_once(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.SIGNER)
    link = make_link(person, by="admin pe-x", world=desk.people)
    for expected in ("Hello Anna Andersson", "That did not work"):
        device.page.goto("about:blank")
        device.page.goto(link)
        device.page.click("button.primary")
        device.page.wait_for_load_state()
        assert device.page.inner_text("h1") == expected
        if expected.startswith("Hello"):
            device.page.fill("#name", "Phone")
            device.page.click("button.primary")
            device.page.wait_for_url(f"{desk.url}/desk")
    device.page.goto(f"{desk.url}/desk/enrol")
    expect(device.page.locator("button.primary")).to_be_disabled()
    assert "The end of the link is missing" in device.page.inner_text("main")


def test_nobody_gets_in_unverified_or_without_a_passkey(desk: Desk, device: Device) -> None:
    enrol(desk, device, add_person(desk.made, Role.SIGNER))
    device.page.click("text=Sign out")
    device.verifies(user=False)
    device.page.click("button.primary")
    device.page.wait_for_selector(".failed:visible", timeout=60_000)
    assert device.page.url == f"{desk.url}/desk/sign-in"
    device.verifies(user=True)
    device.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": device.authenticator})
    device.page.click("button.primary")
    device.page.wait_for_selector(".failed:visible", timeout=60_000)


def test_a_copied_authenticator_is_refused(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.SIGNER)
    enrol(desk, device, person)
    sign_in_count = desk.passkeys(person)[0].sign_count
    (credential,) = device.credentials()
    device.page.click("text=Sign out")
    sign_in(desk, device)
    device.page.click("text=Sign out")
    device.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": device.authenticator})
    copy = credential | {"signCount": sign_in_count}
    device.cdp.send("WebAuthn.addCredential", {"authenticatorId": device.authenticator, "credential": copy})
    device.page.goto(f"{desk.url}/desk/sign-in")
    device.page.click("button.primary")
    device.page.wait_for_selector(".alert")
    assert "counts backwards" in device.page.inner_text(".alert")
    device.page.goto(f"{desk.url}/desk")
    assert device.page.url.endswith("/desk/sign-in")


def test_the_session_of_somebody_who_leaves_ends_at_once(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.ADMIN)
    enrol(desk, device, person)
    end_person_logged(person, by="registrar", world=desk.people)
    device.page.click("nav >> text=My passkeys")
    device.page.wait_for_url(f"{desk.url}/desk/sign-in")
    device.page.click("button.primary")
    device.page.wait_for_selector(".alert")
    assert "revoked" in device.page.inner_text(".alert")


def test_no_other_site_can_send_a_form_of_ours(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.ADMIN)
    enrol(desk, device, person)
    passkey = desk.passkeys(person)[0]
    csrf = device.page.get_attribute("input[name=csrf]", "value")
    form = f"""<form method=post action="{desk.url}/desk/passkeys/revocation"><input name=csrf value="{csrf}">
      <input name=passkey value="{passkey.id}"><button>Win</button></form>"""
    evil = device.context.new_page()
    evil.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    evil.goto("http://evil.example/")
    evil.click("button")
    evil.wait_for_url(f"{desk.url}/desk/passkeys/revocation")
    assert "Win" not in evil.content()
    assert desk.passkeys(person)[0].revoked_at is None
    context = device.context
    answer = context.request.post(
        f"{desk.url}/desk/passkeys/revocation",
        form={"csrf": csrf or "", "passkey": passkey.id},
        headers={"Origin": desk.by_address, "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status == 403
    assert "The form was not taken" in answer.text()
    assert desk.passkeys(person)[0].revoked_at is None


def test_by_its_address_the_desk_says_where_to_go_instead(desk: Desk, device: Device) -> None:
    device.page.goto(f"{desk.by_address}/desk")
    assert device.page.url == f"{desk.by_address}/desk/sign-in"
    device.page.click(f"text={desk.url}/desk/sign-in")
    expect(device.page.locator("button.primary")).to_be_enabled()


def test_a_second_passkey_is_added_renamed_and_revoked(desk: Desk, device: Device) -> None:
    person = add_person(desk.made, Role.REGISTRAR, operator_id=None)
    enrol(desk, device, person)
    device.page.goto(f"{desk.url}/desk/passkeys")
    assert "one passkey only" in device.page.inner_text("main")
    device.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR | {"transport": "usb"}})
    device.page.click("text=Add a passkey")
    device.page.fill("#name", "Blue key")
    device.page.click("button.primary")
    device.page.wait_for_url(f"{desk.url}/desk/passkeys")
    assert "one passkey only" not in device.page.inner_text("main")
    card = device.page.locator(".card", has_text="Blue key")
    card.locator("summary").click()
    card.locator("button.careful").click()
    device.page.wait_for_load_state()
    assert "The passkey is revoked." in device.page.inner_text("main")
    assert [each.revoked_at is None for each in desk.passkeys(person)] == [True, False]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_nothing_is_wider_than_a_small_screen(desk: Desk, device: Device, tmp_path: Path, language: str) -> None:
    person = add_person(desk.made, Role.ADMIN)
    enrol(desk, device, person)
    for width in (320, 390, 1200):
        device.page.set_viewport_size({"width": width, "height": 900})
        for path in ("", "/staff", f"/staff/{person.id}", "/passkeys", "/passkeys/new", "/sign-in", "/enrol"):
            device.page.goto(f"{desk.url}/desk{path}?lang={language}")
            device.page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true })")
            assert device.page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert device.page.evaluate(_OVERFLOWING) == [], path
            device.page.screenshot(path=tmp_path / f"{language}-{width}{path.replace('/', '-')}.png", full_page=True)
