"""Releasing in a real browser with a virtual authenticator: what is shown is what is signed, or nothing is."""

import json
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update
from webauthn import generate_registration_options, options_to_json, verify_registration_response
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.serving import make_server

from registry.model import OperatorId, Role
from registry.people.model import Passkey, Person
from registry.people.store import make_person_id, save_passkey, save_person
from releases.tables import releases
from sigill.encoding.base64url import format_base64url
from sigill.presence.verify import verify_evidence
from sigill.seal.token import parse_seal
from storage.engine import reading, writing
from tests.builders_clients import bearer
from tests.builders_deployment import NOW, Deployment, deploy
from tests.builders_presence import Authenticator
from tests.builders_releases import MESSAGE, Employee, slug

pytestmark = pytest.mark.servers

_TEXT: Final = (
    "Hej Anna!\r\n\r\nDitt ärende är avslutat –  ring oss på 08-402 00 00\tom något är oklart.\u00a0🙂"
    "\n\n\n\nHälsningar,\nBo"
)
_HTML: Final = '<h1>Hej!</h1><p>Läs <a href="HTTPS://Exempelbanken.se">villkoren</a> &amp; svara.</p>'
_AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_CREATE: Final = """async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({publicKey})).toJSON();
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    made = deploy(tmp_path_factory.mktemp("release"), more={"SIGILL_PUBLIC_URL": url})
    server = make_server("127.0.0.1", port, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.services.engine.dispose()


class Desk:
    """Anna at her browser: her passkey was registered in it."""

    def __init__(self, made: Deployment, page: Page) -> None:
        self.made, self.page = made, page
        self.url = made.services.settings.public_url
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
        self.authenticator = added["authenticatorId"]
        self.anna = Employee(made, self._enrol(), Authenticator())

    def _enrol(self) -> Person:
        self.page.goto(f"{self.url}/desk/sign-in")
        options = generate_registration_options(
            rp_id="localhost",
            rp_name="Sigill",
            user_name="anna",
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        answer = self.page.evaluate(_CREATE, json.loads(options_to_json(options)))
        made = verify_registration_response(
            credential=answer,
            expected_challenge=options.challenge,
            expected_rp_id="localhost",
            expected_origin=self.url,
            require_user_verification=True,
        )
        person = Person(
            id=make_person_id(secrets.token_bytes(20)),
            operator_id=OperatorId("exempelbanken"),
            name="Anna",
            role=Role.SIGNER,
            created_at=NOW,
        )
        passkey = Passkey(
            id=format_base64url(made.credential_id),
            person_id=person.id,
            name="laptop",
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            aaguid=made.aaguid,
            attestation=str(made.fmt),
            device_bound=made.credential_device_type.value == "single_device",
            transports=("internal",),
            created_at=NOW,
        )
        with writing(self.made.services.engine) as connection:
            save_person(connection, person)
            save_passkey(connection, passkey)
        return person

    def open(self, message: dict[str, Any], *, language: str = "en", address: str | None = None) -> dict[str, Any]:
        """Ask for a release and open its page; return what was answered."""
        waiting = self.anna.waiting(message)
        page, _, secret = (address or waiting["page"]).partition("#")
        self.page.goto("about:blank")
        self.page.goto(f"{page}?lang={language}#{secret}")
        return waiting

    def button(self) -> Any:
        return self.page.locator("#give")

    def told(self, text: str) -> None:
        self.page.locator("#told", has_text=text).wait_for()


@pytest.fixture
def desk(served: Deployment, browser: Browser) -> Iterator[Desk]:
    page = browser.new_page(locale="en-GB")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield Desk(served, page)
    page.close()
    assert faults == []


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE | {"text": _TEXT, "recipient": "+46701740605", "channel": "sms"},
        MESSAGE | {"authorship": "ai_assisted", "draft": "ai", "attachments": [{"name": "avtal.pdf", "h": "A" * 43}]},
        {name: value for name, value in MESSAGE.items() if name != "text"} | {"html": _HTML, "channel": "email"},
    ],
    ids=["odd blanks", "attachment", "html"],
)
def test_anna_reads_releases_and_the_message_is_sealed(desk: Desk, message: dict[str, Any], tmp_path: Path) -> None:
    waiting = desk.open(message)
    desk.button().wait_for()
    shown = desk.page.inner_text("#text")
    assert shown.split()[0] in {"Hej", "Hej!"}
    if "recipient" in message:
        assert desk.page.inner_text("#recipient") == "+467•••••605"
    desk.page.screenshot(path=tmp_path / "release.png", full_page=True)
    desk.button().click()
    desk.told("Released.")
    assert desk.button().is_hidden()
    sealed = desk.anna.sign(waiting["id"], message)
    assert sealed.status_code == 201, sealed.get_data(as_text=True)
    address = f"/v1/messages/{sealed.get_json()['id']}/evidence"
    record = desk.made.client.get(address, headers=bearer(desk.made.keys["exempelbanken"])).data
    assert verify_evidence(record, parse_seal(sealed.get_json()["seal"])).statement.person == desk.anna.person.id


def test_a_text_that_is_changed_on_the_page_is_not_released(desk: Desk) -> None:
    waiting = desk.open(MESSAGE)
    desk.button().wait_for()
    desk.page.evaluate("document.getElementById('text').textContent += ' Betala genast.'")
    desk.button().click()
    desk.told("cannot prove")
    assert desk.button().is_hidden()
    assert slug(desk.anna.sign(waiting["id"])) == "release-not-given"


def test_a_text_that_was_changed_after_it_was_released_is_not_sealed(desk: Desk) -> None:
    waiting = desk.open(MESSAGE)
    desk.button().click()
    desk.told("Released.")
    changed = MESSAGE | {"text": MESSAGE["text"].replace("9", "8")}
    assert slug(desk.anna.sign(waiting["id"], changed)) == "release-mismatch"


def test_another_text_from_the_service_has_no_button(desk: Desk) -> None:
    """A service whose database was written to shows the text of another release: the hashes do not agree."""
    first = desk.anna.waiting(MESSAGE | {"text": "Betala genast."})
    second = desk.anna.waiting(MESSAGE)
    with writing(desk.made.services.engine) as connection:
        statement = connection.execute(select(releases.c.statement).where(releases.c.id == second["id"])).scalar_one()
        connection.execute(update(releases).where(releases.c.id == first["id"]).values(statement=statement))
    desk.page.goto(first["page"])
    desk.told("cannot prove")
    assert desk.button().is_hidden()
    assert desk.page.inner_text("#text") == "Betala genast."


def test_without_the_key_in_the_address_there_is_nothing_to_read(desk: Desk) -> None:
    waiting = desk.anna.waiting(MESSAGE)
    for secret, told in ((None, "not whole"), ("A" * 43, "cannot prove")):
        address = waiting["page"].partition("#")[0] + ("" if secret is None else f"#{secret}")
        desk.page.goto("about:blank")
        desk.page.goto(address)
        desk.told(told)
        assert desk.button().is_hidden()
        assert desk.page.inner_text("#text") == ""


def test_whoever_cannot_unlock_the_passkey_releases_nothing(desk: Desk) -> None:
    waiting = desk.open(MESSAGE)
    desk.button().wait_for()
    desk.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": desk.authenticator, "isUserVerified": False})
    desk.button().click()
    desk.told("Nothing was released.")
    assert slug(desk.anna.sign(waiting["id"])) == "release-not-given"


def test_the_page_speaks_swedish(desk: Desk) -> None:
    desk.open(MESSAGE, language="sv")
    desk.button().wait_for()
    assert desk.page.inner_text("h1") == "Frige ett meddelande"
    assert "frigivet av en verifierad medarbetare" in desk.page.inner_text("main")
    with reading(desk.made.services.engine) as connection:
        assert connection.execute(select(releases.c.id)).first() is not None
