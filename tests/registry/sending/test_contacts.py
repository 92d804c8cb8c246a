"""Contact points through their life: declared, proven, contested, refused, ended; every step is in the log."""

import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.errors import OperatorNotVerified
from registry.model import Environment, Evidence, EvidenceKind, OperatorId, StateChange
from registry.sending.codes import confirm_code, send_code
from registry.sending.contacts import MAX_CONTACTS, find_held, list_contacts, list_contested, list_declared
from registry.sending.declaring import (
    declare_contact,
    drop_contact,
    refuse_contact,
    verify_by_domain,
    verify_by_registrar,
)
from registry.sending.errors import (
    CodesExhausted,
    CodeWrong,
    ContactInvalid,
    ContactStands,
    ContactTaken,
    ContactUnknown,
    GatewayFailed,
    GatewayMissing,
    PhoneNotCallable,
)
from registry.sending.model import Contact, ContactKind, ContactState, Method
from registry.sending.public import load_policy
from registry.sending.world import SendingWorld
from registry.steps import list_steps
from sigill.report.standing import State
from storage.engine import reading
from tests.builders_deployment import NOW, Deployment, deploy, operator
from tests.builders_sending import PHONE, Clock, Gateway, played_gateway, world_of

BANK, OTHER = "exempelbanken", "exempelel"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    made = deploy(tmp_path, operator(BANK), operator(OTHER), database_url=database_url)
    yield made
    made.services.engine.dispose()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with played_gateway() as gateway:
        yield gateway


def acts(made: Deployment, operator_id: str = BANK) -> list[tuple[str, object]]:
    with reading(made.services.engine) as connection:
        return [(each.step.act.value, each.step.said.get("value")) for each in list_steps(connection, operator_id)]


def shown(world: SendingWorld, operator_id: str = BANK) -> list[str]:
    with reading(world.engine) as connection:
        return [contact.value for contact in load_policy(connection, operator_id, at=world.now()).contacts]


def proven(world: SendingWorld, gateway: Gateway, *, by: str = BANK) -> Contact:
    contact = declare_contact(by, ContactKind.PHONE, PHONE, world=world)
    send_code(by, contact.id, way="call", language="sv", world=world)
    return confirm_code(by, contact.id, gateway.code, world=world)


def test_a_number_is_verified_by_the_code_that_was_spoken_to_it(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    assert contact.state is ContactState.DECLARED
    assert shown(world) == []
    sent = send_code(BANK, contact.id, way="call", language="sv", world=world)
    data = gateway.calls[-1]["data"]
    assert (data["to"], data["way"], len(data["code"])) == ("+46846500410", "call", 6)
    assert ", ".join(data["code"]) in data["text"]
    assert sent.expires_at - world.now() <= timedelta(minutes=10)
    verified = confirm_code(BANK, contact.id, gateway.code, world=world)
    assert (verified.state, verified.method) == (ContactState.VERIFIED, Method.PHONE_CODE)
    assert shown(world) == ["+46846500410"]
    assert acts(made) == [("contact_declared", None), ("contact_added", "+46846500410")]
    with pytest.raises(CodeWrong, match="no code is waiting"):
        confirm_code(BANK, contact.id, gateway.code, world=world)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"environment": Environment.TEST}, PhoneNotCallable),
        ({"history": (StateChange(state=State.APPLIED, since=NOW, reason="applied"),)}, OperatorNotVerified),
    ],
)
def test_nobody_is_rung_for_a_stranger(
    made: Deployment, gateway: Gateway, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    stranger = "stranger-test" if "environment" in changes else "stranger"
    made.add(operator(stranger, **changes))
    world = world_of(made, gateway=gateway)
    contact = declare_contact(stranger, ContactKind.PHONE, "+46 8 465 004 33", world=world)
    with pytest.raises(refusal):
        send_code(stranger, contact.id, way="call", language="sv", world=world)
    assert gateway.calls == []


def test_a_code_is_nowhere_in_the_database_in_clear(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    with made.services.engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT hash, tries_left FROM contact_codes").all()
    assert len(row.hash) == 32
    assert gateway.code.encode() not in bytes(row.hash)
    other = world_of(made, gateway=gateway, code_key=b"another")
    with pytest.raises(CodeWrong):
        confirm_code(BANK, contact.id, gateway.code, world=other)


def test_three_wrong_codes_end_a_code_also_the_right_one(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    wrong = f"{(int(gateway.code) + 1) % 1_000_000:06}"
    for left in (2, 1, 0):
        with pytest.raises(CodeWrong, match=f"tries left: {left}"):
            confirm_code(BANK, contact.id, wrong, world=world)
    with pytest.raises(CodeWrong, match="no code is waiting"):
        confirm_code(BANK, contact.id, gateway.code, world=world)


def test_a_code_is_good_for_ten_minutes_and_only_the_newest_one(made: Deployment, gateway: Gateway) -> None:
    clock = Clock()
    world = world_of(made, gateway=gateway, now=clock)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    first = gateway.code
    clock.pass_(minutes=10)
    with pytest.raises(CodeWrong, match="no code is waiting"):
        confirm_code(BANK, contact.id, first, world=world)
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    if gateway.code != first:  # one time in a million they are the same
        with pytest.raises(CodeWrong):
            confirm_code(BANK, contact.id, first, world=world)
    clock.pass_(minutes=9, seconds=59)
    assert confirm_code(BANK, contact.id, gateway.code, world=world).state is ContactState.VERIFIED


def test_a_number_is_sent_three_codes_an_hour_whoever_declares_it(made: Deployment, gateway: Gateway) -> None:
    clock = Clock()
    world = world_of(made, gateway=gateway, now=clock)
    ours = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    theirs = declare_contact(OTHER, ContactKind.PHONE, PHONE, world=world)
    for _ in range(2):
        send_code(BANK, ours.id, way="sms", language="en", world=world)
        clock.pass_(minutes=1)
    send_code(OTHER, theirs.id, way="sms", language="en", world=world)
    with pytest.raises(CodesExhausted) as caught:
        send_code(BANK, ours.id, way="sms", language="en", world=world)
    assert 58 * 60 - 2 <= caught.value.after_s <= 58 * 60 + 1
    clock.pass_(seconds=caught.value.after_s)
    send_code(BANK, ours.id, way="sms", language="en", world=world)
    assert len(gateway.calls) == 4


def test_an_operator_lets_at_most_thirty_codes_be_sent_an_hour(made: Deployment, gateway: Gateway) -> None:
    clock = Clock()
    world = world_of(made, gateway=gateway, now=clock)
    numbers = [declare_contact(BANK, ContactKind.PHONE, f"+46 8 465 004 {n}", world=world) for n in range(10, 21)]
    for turn in range(30):
        send_code(BANK, numbers[turn % 10].id, way="sms", language="en", world=world)
        clock.pass_(milliseconds=5)
    with pytest.raises(CodesExhausted, match="30 codes"):
        send_code(BANK, numbers[10].id, way="sms", language="en", world=world)


def test_a_gateway_that_fails_leaves_no_code_and_says_so(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    gateway.status = 500
    with pytest.raises(GatewayFailed, match="answers 500"):
        send_code(BANK, contact.id, way="sms", language="en", world=world)
    with pytest.raises(CodeWrong):
        confirm_code(BANK, contact.id, gateway.code, world=world)
    with pytest.raises(GatewayMissing):
        send_code(BANK, contact.id, way="sms", language="en", world=world_of(made))


def test_a_gateway_that_is_away_says_so(made: Deployment) -> None:
    with played_gateway() as gone:
        world = world_of(made, gateway=gone)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    with pytest.raises(GatewayFailed, match="refused"):
        send_code(BANK, contact.id, way="sms", language="en", world=world)


@pytest.mark.parametrize("number", ["+47 22 00 00 00", "+46 900 123 45 67"])
def test_no_code_goes_abroad_or_to_what_costs_extra(made: Deployment, gateway: Gateway, number: str) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, number, world=world)
    with pytest.raises(PhoneNotCallable):
        send_code(BANK, contact.id, way="sms", language="en", world=world)
    assert gateway.calls == []


def test_another_operators_number_is_left_to_a_registrar_who_can_move_it(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    first = proven(world, gateway)
    second = declare_contact(OTHER, ContactKind.PHONE, PHONE, world=world)
    assert (second.state, second.note) == (ContactState.CONTESTED, "held by another operator")
    send_code(OTHER, second.id, way="sms", language="en", world=world)
    with pytest.raises(ContactTaken):
        confirm_code(OTHER, second.id, gateway.code, world=world)
    with reading(world.engine) as connection:
        assert [each.id for each in list_contested(connection, limit=9)] == [second.id]
    moved = verify_by_registrar(second.id, note="the agreement of transfer, seen", by="registrar pe-1", world=world)
    assert (moved.state, moved.method, moved.note) == (
        ContactState.VERIFIED,
        Method.REGISTRAR,
        "the agreement of transfer, seen",
    )
    assert (shown(world), shown(world, OTHER)) == ([], ["+46846500410"])
    assert acts(made)[-1] == ("contact_ended", "+46846500410")
    with reading(world.engine) as connection:
        assert {each.id: each.state for each in list_contacts(connection, BANK)}[first.id] is ContactState.ENDED


def test_of_two_that_prove_one_number_at_once_one_holds_it(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    ready: list[tuple[str, Contact, str]] = []
    for each in (BANK, OTHER):
        contact = declare_contact(each, ContactKind.PHONE, PHONE, world=world)
        send_code(each, contact.id, way="sms", language="en", world=world)
        ready.append((each, contact, gateway.code))
    done: list[object] = []
    begin = threading.Barrier(2)

    def confirm(who: str, contact: Contact, code: str) -> None:
        begin.wait()
        try:
            done.append(confirm_code(who, contact.id, code, world=world).state)
        except ContactTaken as error:
            done.append(error)

    threads = [threading.Thread(target=confirm, args=each) for each in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done.count(ContactState.VERIFIED) == 1
    assert sum(isinstance(each, ContactTaken) for each in done) == 1
    with reading(world.engine) as connection:
        assert len(find_held(connection, ["phone:+46846500410"])) == 1
        assert len(list_contested(connection, limit=9)) == 1


def test_of_many_tries_at_once_no_more_than_three_are_compared(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    said: list[str] = []

    def guess(number: int) -> None:
        try:
            confirm_code(BANK, contact.id, f"{(int(gateway.code) + 1 + number) % 1_000_000:06}", world=world)
        except CodeWrong as error:
            said.append(str(error))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 8
    assert sum("tries left" in each for each in said) == 3


def test_what_the_test_environment_contests_hides_nothing_from_registrars(made: Deployment) -> None:
    made.add(operator("many-test", environment=Environment.TEST))
    world = world_of(made)
    played = declare_contact("many-test", ContactKind.SENDER_NAME, "Exempelbank", world=world)
    declare_contact("many-test", ContactKind.SENDER_NAME, "Annat", world=world)
    alike = declare_contact(OTHER, ContactKind.SENDER_NAME, "Exempelbank", world=world)
    assert {played.state, alike.state} == {ContactState.CONTESTED}
    with reading(made.services.engine) as connection:
        assert [each.id for each in list_contested(connection, limit=9)] == [alike.id]
        assert [each.id for each in list_declared(connection, limit=9)] == []


def test_a_sender_name_like_anothers_name_waits_for_a_registrar(made: Deployment) -> None:
    world = world_of(made)
    alike = declare_contact(OTHER, ContactKind.SENDER_NAME, "Exempelbank", world=world)
    assert (alike.state, alike.note) == (ContactState.CONTESTED, "resembles another operator's name")
    assert declare_contact(OTHER, ContactKind.SENDER_NAME, "Exempelel", world=world).state is ContactState.DECLARED
    assert declare_contact(OTHER, ContactKind.SENDER_NAME, "INFO", world=world).state is ContactState.DECLARED
    mail = declare_contact(OTHER, ContactKind.MAIL_DOMAIN, "exempelbanken-support.se", world=world)
    assert mail.state is ContactState.CONTESTED
    refused = refuse_contact(alike.id, note="it is the bank's", by="registrar pe-1", world=world)
    assert refused.state is ContactState.REFUSED
    assert acts(made, OTHER)[-1] == ("contact_refused", None)
    with pytest.raises(ContactStands):
        verify_by_registrar(alike.id, note="seen", by="registrar pe-1", world=world)


def test_a_mail_domain_is_verified_by_the_domain_that_was_proven(tmp_path: Path) -> None:
    ends = NOW + timedelta(days=40)
    evidence = Evidence(
        id="EV",
        kind=EvidenceKind.DOMAIN,
        method="DNS record at exempelbanken.se",
        checked_by="the test",
        valid_from=NOW - timedelta(days=1),
        valid_until=ends,
    )
    made = deploy(tmp_path, operator(BANK, evidence=(evidence,)))
    world = world_of(made, proven_domains=lambda *_: ["exempelbanken.se", "www.bredvid.se"])
    mail = declare_contact(BANK, ContactKind.MAIL_DOMAIN, "post.exempelbanken.se", world=world)
    above = declare_contact(BANK, ContactKind.MAIL_DOMAIN, "bredvid.se", world=world)
    beside = declare_contact(BANK, ContactKind.MAIL_DOMAIN, "inteexempelbanken.se", world=world)
    other = declare_contact(BANK, ContactKind.MAIL_DOMAIN, "annan.se", world=world)
    phone = declare_contact(BANK, ContactKind.PHONE, PHONE, world=world)
    verified = verify_by_domain(BANK, mail.id, world=world)
    assert (verified.method, verified.valid_until) == (Method.PROVEN_DOMAIN, ends)
    for contact in (other, phone, above, beside):
        with pytest.raises(ContactStands):
            verify_by_domain(BANK, contact.id, world=world)
    made.services.engine.dispose()


def test_what_has_run_out_is_shown_no_longer_and_can_be_shown_anew(made: Deployment, gateway: Gateway) -> None:
    clock = Clock()
    world = world_of(made, gateway=gateway, now=clock)
    contact = proven(world, gateway)
    clock.pass_(days=365, seconds=-1)
    assert shown(world) == ["+46846500410"]
    clock.pass_(seconds=1)
    assert shown(world) == []
    send_code(BANK, contact.id, way="sms", language="en", world=world)
    confirm_code(BANK, contact.id, gateway.code, world=world)
    assert shown(world) == ["+46846500410"]
    assert acts(made)[-1] == ("contact_renewed", "+46846500410")


def test_what_was_ended_is_free_for_another_and_stays_in_the_history(made: Deployment, gateway: Gateway) -> None:
    world = world_of(made, gateway=gateway)
    contact = proven(world, gateway)
    assert drop_contact(BANK, contact.id, world=world).state is ContactState.ENDED
    assert drop_contact(BANK, contact.id, world=world).state is ContactState.ENDED
    assert acts(made).count(("contact_ended", "+46846500410")) == 1
    with pytest.raises(ContactStands):
        send_code(BANK, contact.id, way="sms", language="en", world=world)
    assert proven(world, gateway, by=OTHER).state is ContactState.VERIFIED


def test_a_contact_point_is_declared_once_and_there_are_not_too_many(made: Deployment) -> None:
    world = world_of(made)
    declare_contact(BANK, ContactKind.SENDER_NAME, "Exempel", world=world)
    with pytest.raises(ContactInvalid, match="already"):
        declare_contact(BANK, ContactKind.SENDER_NAME, "EXEMPEL", world=world)
    for contact in ("ct-0", "\x00", secrets.token_hex(12)):
        with pytest.raises(ContactUnknown):
            drop_contact(BANK, contact, world=world)
    mine = declare_contact(OTHER, ContactKind.SENDER_NAME, "Mitt", world=world)
    with pytest.raises(ContactUnknown):
        drop_contact(BANK, mine.id, world=world)


@pytest.mark.slow
def test_an_operator_has_at_most_two_hundred_contact_points(deployment: Deployment) -> None:
    world = world_of(deployment)
    for number in range(MAX_CONTACTS):
        declare_contact(BANK, ContactKind.SENDER_NAME, f"Namn {number}", world=world)
    with pytest.raises(ContactInvalid, match="200"):
        declare_contact(OperatorId(BANK), ContactKind.SENDER_NAME, "Ett till", world=world)
