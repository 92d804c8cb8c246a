"""A message without a seal, and who it says it is from: what that one promises, never that the message is false."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from registry.lifecycle import change_state_logged
from registry.model import OperatorId, StateChange
from registry.sending.declaring import declare_contact, verify
from registry.sending.directory import Directory
from registry.sending.model import ContactKind, Method
from registry.sending.promises import end_promise, make_promise
from sigill.report.standing import State
from sigill.report.words import words
from sigill.vocabulary import Channel, Language
from tests.builders_deployment import TEXT, Deployment, deploy, operator
from tests.builders_sending import world_of
from tests.builders_web import check_page
from tests.sigill.report.test_words import NEVER_OF_THE_UNSIGNED
from verification.claim_words import tell_claim
from verification.claimed import Claim, Finding, look_at_claim

BANK = "exempelbanken"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = deploy(
        tmp_path_factory.mktemp("claims"),
        operator(BANK),
        operator("tva", name="Samma Namn"),
        operator("tre", name="Samma Namn", identifier="NTRSE-TEST-3"),
        operator("fyra", name="Avstängd"),
    )
    world = world_of(made)
    for kind, value in (
        (ContactKind.PHONE, "+46 8 465 004 10"),
        (ContactKind.SENDER_NAME, "Exempelbank"),
        (ContactKind.MAIL_DOMAIN, "exempelbanken.se"),
    ):
        contact = declare_contact(BANK, kind, value, world=world)
        until = world.now() + timedelta(days=9)
        verify(contact, method=Method.REGISTRAR, by="registrar pe-1", note="seen", until=until, world=world)
    declare_contact(BANK, ContactKind.PHONE, "+46 8 465 004 11", world=world)
    make_promise(BANK, Channel.SMS, since=world.now().date(), world=world)
    ended = make_promise(BANK, Channel.EMAIL, since=world.now().date(), world=world)
    end_promise(BANK, ended.id, world=world)
    make_promise(BANK, Channel.PHONE, since=world.now().date(), world=world)
    change = StateChange(state=State.SUSPENDED, since=world.now(), reason="looked into")
    change_state_logged("fyra", change, log=made.services.log, random=made.services.signing.random)
    yield made
    made.services.engine.dispose()


def claimed(made: Deployment, sender: str, channel: str = "sms", **more: Any) -> dict[str, Any]:
    answer = made.verify(
        text="Ditt konto är spärrat.", language="en", claimed={"sender": sender, "channel": channel} | more
    )
    assert (answer["answer"], answer["reason"]) == ("cannot_say", "unsigned")
    sending: dict[str, Any] = answer["sending"]
    return sending


@pytest.mark.parametrize(
    ("sender", "match"),
    [
        (BANK, "name"),
        ("Exempelbanken", "name"),
        (" EXEMPELBANKEN ", "name"),
        ("+46 (0)8 465 004 10", "phone"),
        ("exempelBANK", "sender_name"),
        ("exempelbanken.se", "mail_domain"),
        ("no-reply@post.exempelbanken.se", "mail_domain"),
    ],
)
def test_whoever_is_named_is_found_and_what_it_promises_is_told(made: Deployment, sender: str, match: str) -> None:
    sending = claimed(made, sender)
    assert (sending["finding"], sending["match"], sending["operator"]["id"]) == ("promised", match, BANK)
    assert sending["promise"]["channel"] == "sms"
    assert sending["words"].startswith("Exempelbanken says that it has sealed everything it sends (")
    assert "This one has no seal." in sending["words"]
    assert ("Anybody can make a telephone" in sending["words"]) is (match != "name")
    assert [each["value"] for each in sending["contacts"]] == ["exempelbanken.se", "+46846500410", "Exempelbank"]


@pytest.mark.parametrize(
    ("sender", "finding"),
    [
        ("+46 8 465 004 11", "unknown"),  # declared, and nobody has shown that it is the bank's
        ("+46 70 174 06 05", "unknown"),
        ("Nordiska Exempel", "unknown"),
        ("inteexempelbanken.se", "unknown"),
        ("anna@exempelbanken.se.evil.com", "unknown"),
        ("Samma Namn", "several"),
        ("Avstängd", "not_verified"),
        ("\u202e{sender}", "unknown"),
    ],
)
def test_whoever_is_not_known_is_said_to_be_so_and_nothing_more(made: Deployment, sender: str, finding: str) -> None:
    sending = claimed(made, sender)
    assert sending["finding"] == finding
    assert sending["promise"] is None
    assert sending["contacts"] == []


def test_a_promise_covers_its_channel_and_its_days_only(made: Deployment) -> None:
    today = world_of(made).now().date()
    assert claimed(made, BANK, "chat")["finding"] == "not_promised"
    assert claimed(made, BANK, day=(today - timedelta(days=1)).isoformat())["finding"] == "not_promised"
    assert claimed(made, BANK, "email", day=(today + timedelta(days=2)).isoformat())["finding"] == "not_promised"
    mail = claimed(made, BANK, "email", day=(today + timedelta(days=1)).isoformat())
    assert mail["finding"] == "promised"
    assert f"The last day is {today + timedelta(days=1)}." in mail["words"]
    assert "announced every call" in claimed(made, BANK, "phone")["words"]


def test_a_claim_changes_nothing_where_something_is_signed(made: Deployment) -> None:
    sealed = made.sign().get_json()
    claim = {"sender": BANK, "channel": "sms"}
    genuine = made.verify(seal=sealed["seal"], content=TEXT, claimed=claim)
    assert genuine["answer"] == "genuine"
    assert genuine["sending"]["finding"] is None
    assert [each["kind"] for each in genuine["sending"]["contacts"]] == ["mail_domain", "phone", "sender_name"]
    altered = made.verify(seal=sealed["seal"], content="Something else", claimed=claim)
    assert (altered["answer"], altered["sending"]) == ("not_genuine", None)
    assert made.verify(text="Ditt konto är spärrat.")["sending"] is None


@pytest.mark.parametrize(
    "claim",
    [
        {"sender": BANK},
        {"sender": "", "channel": "sms"},
        {"sender": "x" * 256, "channel": "sms"},
        {"sender": BANK, "channel": "fax"},
        {"sender": BANK, "channel": "sms", "day": "yesterday"},
        {"sender": 1, "channel": "sms"},
        [],
    ],
)
def test_a_claim_that_is_none_is_a_problem(made: Deployment, claim: object) -> None:
    assert made.client.post("/v1/verifications", json={"text": "x", "claimed": claim}).status_code == 422


@pytest.mark.parametrize("language", Language)
def test_no_language_says_of_a_message_without_a_seal_that_it_is_false(made: Deployment, language: Language) -> None:
    world = world_of(made)
    pages = Directory(world.engine, unlisted=True).pages()
    seen: set[Finding | None] = set()
    policies = words(language).sending("contacts_lead")
    assert not re.search(NEVER_OF_THE_UNSIGNED[language], policies, re.IGNORECASE)
    for sender, channel in (
        (BANK, Channel.SMS),
        (BANK, Channel.CHAT),
        ("Samma Namn", Channel.SMS),
        ("x y", Channel.SMS),
    ):
        claim = Claim(sender=sender, channel=channel)
        found = look_at_claim(claim, pages=pages, engine=world.engine, at=world.now(), unlisted=True)
        seen.add(found.finding)
        said = " ".join(tell_claim(found, words=words(language), tell_date=date.isoformat))
        assert not re.search(NEVER_OF_THE_UNSIGNED[language], said, re.IGNORECASE), said
        assert "{" not in said
    assert len(seen) == 4


@pytest.mark.parametrize("language", Language)
def test_the_page_asks_who_it_is_from_and_tells_what_that_one_promises(made: Deployment, language: Language) -> None:
    sent = {"message": "Ditt konto är spärrat.", "sender": "Exempelbank", "came": "sms", "lang": language.value}
    page = check_page(made.client.post("/check", data=sent).get_data(as_text=True), language=language)
    said = words(language).sending("claim_forgeable")
    assert said in page.text
    assert any(item["href"].startswith(f"/registry/operators/{BANK}") for item in page.all("a"))
    (field,) = [item for item in page.all("input") if item.get("id") == "sender"]
    assert field["value"] == "Exempelbank"


def test_the_operators_page_and_its_json_show_what_is_verified_and_promised(made: Deployment) -> None:
    page = made.client.get(f"/registry/operators/{BANK}", headers={"Accept": "text/html"})
    text = check_page(page.get_data(as_text=True)).text
    for said in (
        "+46 8 465 004 10",
        "Exempelbank",
        "looked at by a registrar",
        "Everything it sends has a seal",
    ):
        assert said in text
    assert "+46 8 465 004 11" not in text
    shape = made.client.get(f"/registry/operators/{BANK}").get_json()["sending"]
    assert [each["kind"] for each in shape["contacts"]] == ["mail_domain", "phone", "sender_name"]
    assert {each["channel"]: each["until"] is None for each in shape["promises"]} == {
        "sms": True,
        "email": False,
        "phone": True,
    }


def test_a_sender_that_is_suspended_is_so_when_the_directory_is_looked_at_again(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    directory = Directory(made.services.engine, monotonic=count(0.0, 100.0).__next__)  # each look is much later
    assert directory.pages().by_id[BANK].state is State.VERIFIED
    change = StateChange(state=State.SUSPENDED, since=made.services.sending.now(), reason="looked into")
    change_state_logged(OperatorId(BANK), change, log=made.services.log, random=made.services.signing.random)
    assert directory.pages().by_id[BANK].state is State.SUSPENDED
    made.services.engine.dispose()
