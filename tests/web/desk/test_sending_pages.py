"""The desk's pages of the sending policy: what an administrator does, and what waits for a registrar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.model import OperatorId, Role
from registry.sending.contacts import list_contacts
from registry.sending.declaring import declare_contact
from registry.sending.model import Contact, ContactKind, ContactState
from registry.sending.promises import list_promises
from sigill.vocabulary import Language
from storage.engine import reading
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_desk import BANK, SignedIn, someone
from tests.builders_sending import PHONE, Gateway, played_gateway
from web.dates import tell_date


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with played_gateway() as gateway:
        yield gateway


@pytest.fixture
def made(tmp_path: Path, gateway: Gateway) -> Iterator[Deployment]:
    made = deploy(tmp_path, operator(BANK), operator("exempelel"), more=gateway.settings(tmp_path))
    yield made
    made.services.engine.dispose()


def only(made: Deployment, operator_id: str = BANK) -> Contact:
    with reading(made.services.engine) as connection:
        (contact,) = list_contacts(connection, operator_id)
    return contact


def admin(made: Deployment) -> SignedIn:
    return someone(made, Role.ADMIN)


def test_an_administrator_shows_a_number_to_be_the_operators_and_ends_it(made: Deployment, gateway: Gateway) -> None:
    browser = admin(made)
    assert browser.post("/sending/contacts", kind="phone", value=PHONE).status_code == 303
    contact = only(made).id
    assert "declared, not verified" in browser.page("/sending").text
    assert browser.post("/sending/code", contact=contact).status_code == 303
    wrong = browser.post("/sending/confirmation", contact=contact, code=f"{(int(gateway.code) + 1) % 1_000_000:06}")
    assert wrong.status_code == 422
    assert browser.post("/sending/confirmation", contact=contact, code=gateway.code).status_code == 303
    assert only(made).state is ContactState.VERIFIED
    assert gateway.code not in browser.get("/sending").get_data(as_text=True)
    assert browser.post("/sending/end", contact=contact).status_code == 303
    assert only(made).state is ContactState.ENDED
    for language in ("sv", "en"):
        browser.page("/sending", language=language)


def test_a_promise_is_made_and_ended_at_the_desk(made: Deployment) -> None:
    browser = admin(made)
    today = datetime.now(UTC).date()
    assert browser.post("/sending/promises", channel="sms", since="2020-01-01").status_code == 422
    assert browser.post("/sending/promises", channel="fax", since=today.isoformat()).status_code == 422
    assert browser.post("/sending/promises", channel="sms", since="soon").status_code == 422
    assert browser.post("/sending/promises", channel="sms", since=today.isoformat()).status_code == 303
    with reading(made.services.engine) as connection:
        (promise,) = list_promises(connection, BANK)
    assert browser.post("/sending/promise-end", promise=promise.id).status_code == 303
    assert f"no more from {tell_date(today + timedelta(days=2), language=Language.EN)}" in browser.page("/sending").text


def test_what_is_no_contact_point_is_said_with_the_form_kept(made: Deployment) -> None:
    browser = admin(made)
    answered = browser.post("/sending/contacts", kind="phone", value="08 1")
    assert answered.status_code == 422
    assert 'value="08 1"' in answered.get_data(as_text=True)
    assert browser.post("/sending/contacts", kind="fax", value="1").status_code == 422
    mail = browser.post("/sending/contacts", kind="mail_domain", value="exempelbanken.se")
    assert mail.status_code == 303
    assert browser.post("/sending/confirmation", contact=only(made).id).status_code == 422


def test_nobody_reaches_another_operators_contact_points(made: Deployment) -> None:
    theirs = declare_contact(OperatorId("exempelel"), ContactKind.PHONE, PHONE, world=made.services.sending)
    browser = admin(made)
    for path in ("/sending/code", "/sending/end", "/sending/confirmation"):
        assert browser.post(path, contact=theirs.id, code="123456").status_code == 404
    assert "+46846500410" not in browser.page("/sending").text


def test_a_registrar_decides_what_waits_and_says_why(made: Deployment) -> None:
    declare_contact(BANK, ContactKind.SENDER_NAME, "Exempelel", world=made.services.sending)
    browser = someone(made, Role.REGISTRAR)
    page = browser.page("/contacts")
    assert "resembles another operator's name" in page.text
    contact = only(made).id
    assert browser.post("/contacts/verification", contact=contact, note=" ").status_code == 422
    assert browser.post("/contacts/verification", contact=contact, note="the contract was seen").status_code == 303
    assert only(made).state is ContactState.VERIFIED
    assert browser.post("/contacts/refusal", contact=contact, note="it ran out").status_code == 303
    assert "Nothing waits." in browser.page("/contacts").text
    assert browser.post("/contacts/refusal", contact="ct-0", note="x").status_code == 404
