"""Passkeys: enrolled once, signed in with, and every other answer refused by its name."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import EnrolmentRefused, PasskeyFault, PasskeyRefused, PasskeysUnavailable, PersonUnknown
from registry.model import Role
from registry.people.answer import parse_answer, read_authenticator_data, read_client_data
from registry.people.assertion import check_assertion, parse_passkey_assertion
from registry.people.attestation import check_enrolment
from registry.people.challenges import LASTS, Purpose, check_challenge, make_challenge
from registry.people.enrolment import AskedPasskey, enrol_passkey, enrolment_options
from registry.people.links import OpenedLink, make_link, open_link
from registry.people.relying_party import RelyingParty, relying_party
from registry.people.sessions import load_session
from registry.people.signing_in import sign_in_by_passkey
from registry.people.staff import end_person_logged, public_name, revoke_passkey_logged
from registry.people.store import list_passkeys, load_passkey
from registry.people.world import PeopleWorld
from registry.steps import Act, list_steps
from sigill.encoding.base64url import format_base64url, parse_base64url
from storage.engine import reading
from tests.builders_deployment import Deployment
from tests.builders_desk import add_person
from tests.builders_passkeys import AAGUID, BACKED_UP, ELIGIBLE, ORIGIN, PARTY, PRESENT, VERIFIED, Authenticator
from tests.registry.people.conftest import Employee, enrol

LOCAL = RelyingParty(PARTY, ORIGIN)
KEYS: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


def fault_of(refused: pytest.ExceptionInfo[PasskeyRefused]) -> PasskeyFault:
    return refused.value.fault


@pytest.mark.parametrize("make", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("synced", [False, True])
def test_a_passkey_is_enrolled_and_signed_in_with(
    deployment: Deployment, world: PeopleWorld, make: Callable[[], Any], *, synced: bool
) -> None:
    person = add_person(deployment, Role.SIGNER)
    device = Authenticator(key=make(), synced=synced, counts=not synced)
    kept = enrol(world, person, device)
    assert (kept.device_bound, kept.attestation, kept.transports) == (not synced, "none", ("hybrid", "internal"))
    assert (
        kept.aaguid
        == "00010203-0405-0607-0809-0a0b0c0d0e0f"
        == "-".join(AAGUID.hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    )
    works = Employee(person, kept, device, world)
    for _ in range(2):
        session = works.sign_in()
        assert session.person == person
        with reading(world.engine) as connection:
            found = load_session(connection, session.token, at=world.now())
            assert load_passkey(connection, kept.id).sign_count == device.count
        assert found is not None
        assert (found.person, found.passkey_id) == (person, kept.id)


def test_enrolling_is_a_step_that_names_ids_only(employee: Employee) -> None:
    with reading(employee.world.engine) as connection:
        logged = list_steps(connection, "exempelbanken")[-1]
    assert logged.step.act is Act.PASSKEY_ADDED
    assert logged.step.said == {
        "person": employee.person.id,
        "passkey": public_name(employee.passkey.id),
        "attestation": "none",
        "aaguid": employee.passkey.aaguid,
        "device_bound": True,
    }


WRONG: dict[str, tuple[dict[str, Any], PasskeyFault]] = {
    "another origin": ({"origin": "https://evil.example"}, PasskeyFault.WRONG_ORIGIN),
    "another port": ({"origin": "http://localhost:8001"}, PasskeyFault.WRONG_ORIGIN),
    "https instead": ({"origin": "https://localhost:8000"}, PasskeyFault.WRONG_ORIGIN),
    "another party": ({"party": "evil.example"}, PasskeyFault.WRONG_PARTY),
    "another challenge": ({"client": {"challenge": format_base64url(b"x" * 48)}}, PasskeyFault.WRONG_CHALLENGE),
    "an empty challenge": ({"client": {"challenge": ""}}, PasskeyFault.WRONG_CHALLENGE),
    "a registration": ({"client": {"type": "webauthn.create"}}, PasskeyFault.WRONG_TYPE),
    "a payment": ({"client": {"type": "payment.get"}}, PasskeyFault.WRONG_TYPE),
    "inside another site": ({"client": {"crossOrigin": True}}, PasskeyFault.CROSS_ORIGIN),
    "inside another site, named": ({"client": {"topOrigin": "https://evil.example"}}, PasskeyFault.CROSS_ORIGIN),
    "nobody verified": ({"flags": PRESENT}, PasskeyFault.NOT_VERIFIED),
    "nobody there": ({"flags": VERIFIED}, PasskeyFault.NOBODY_PRESENT),
    "suddenly synced": ({"flags": PRESENT | VERIFIED | ELIGIBLE}, PasskeyFault.BACKUP_CHANGED),
    "backed up yet bound": ({"flags": PRESENT | VERIFIED | BACKED_UP}, PasskeyFault.MALFORMED),
    "too short": ({"data": b"x" * 36}, PasskeyFault.MALFORMED),
    "too long": ({"data": b"x" * 8193}, PasskeyFault.TOO_LARGE),
    "another's handle": ({"user_handle": b"pe-other"}, PasskeyFault.WRONG_PASSKEY),
    "the same count": ({"count": 0}, PasskeyFault.SIGN_COUNT),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_answer_is_refused_by_name_and_audited(
    employee: Employee, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    changes, fault = WRONG[name]
    employee.sign_in()
    answer = employee.device.get(employee.options(), **changes)
    with caplog.at_level("WARNING", logger="sigill.audit"), pytest.raises(PasskeyRefused) as refused:
        employee.sign_in(answer)
    assert fault_of(refused) is fault
    line = json.loads(caplog.records[-1].getMessage())
    assert line == {"event": "sign_in_refused", "person": employee.person.id, "reason": fault}
    assert employee.sign_in().person == employee.person


def test_any_flipped_bit_of_the_signature_or_of_what_it_covers_is_refused(employee: Employee) -> None:
    answer = json.loads(employee.device.get(employee.options()))
    challenge = read_client_data(parse_base64url(answer["response"]["clientDataJSON"])).challenge
    for part in ("signature", "authenticatorData", "clientDataJSON"):
        data = parse_base64url(answer["response"][part])
        for at in range(0, len(data) * 8, 5):
            flipped = bytearray(data)
            flipped[at // 8] ^= 1 << at % 8
            changed = answer | {"response": answer["response"] | {part: format_base64url(bytes(flipped))}}
            with pytest.raises(PasskeyRefused):
                check_assertion(
                    parse_passkey_assertion(json.dumps(changed)),
                    passkey=employee.passkey,
                    challenge=challenge,
                    party=LOCAL,
                )


def test_an_answer_counts_once_and_in_one_browser_only(employee: Employee) -> None:
    answer = employee.device.get(employee.options())
    with pytest.raises(PasskeyRefused) as refused:
        sign_in_by_passkey(answer, binding="another", world=employee.world)
    assert fault_of(refused) is PasskeyFault.WRONG_CHALLENGE
    employee.device.counts, employee.device.count = False, 0
    synced = Authenticator(counts=False, synced=True)
    works = replace(employee, device=synced, passkey=enrol(employee.world, employee.person, synced))
    answer = synced.get(works.options())
    assert works.sign_in(answer).person == employee.person
    with pytest.raises(PasskeyRefused) as refused:
        works.sign_in(answer)
    assert fault_of(refused) is PasskeyFault.REPLAYED


def test_a_count_that_does_not_rise_is_refused(employee: Employee) -> None:
    for _ in range(3):
        employee.sign_in()
    for count in (3, 2, 0):
        with pytest.raises(PasskeyRefused) as refused:
            employee.sign_in(employee.device.get(employee.options(), count=count))
        assert fault_of(refused) is PasskeyFault.SIGN_COUNT


def test_whoever_left_and_what_was_revoked_signs_nobody_in(employee: Employee) -> None:
    second = Authenticator()
    works = replace(employee, device=second, passkey=enrol(employee.world, employee.person, second))
    revoke_passkey_logged(employee.person, employee.passkey.id, by="admin", world=employee.world)
    with pytest.raises(PasskeyRefused) as refused:
        employee.sign_in()
    assert fault_of(refused) is PasskeyFault.REVOKED
    session = works.sign_in()
    end_person_logged(employee.person, by="admin", world=employee.world)
    with reading(employee.world.engine) as connection:
        assert load_session(connection, session.token, at=employee.world.now()) is None
    with pytest.raises(PasskeyRefused) as refused:
        works.sign_in()
    assert fault_of(refused) is PasskeyFault.REVOKED
    with pytest.raises(PersonUnknown):
        end_person_logged(employee.person, by="admin", world=employee.world)


def test_a_key_of_another_algorithm_signs_nobody_in(employee: Employee) -> None:
    claimed = parse_passkey_assertion(employee.device.get(employee.options()))
    challenge = read_client_data(claimed.client_data).challenge
    odd = replace(employee.passkey, public_key=cbor2.dumps({**cbor2.loads(employee.passkey.public_key), 3: -36}))
    with pytest.raises(PasskeyRefused) as refused:
        check_assertion(claimed, passkey=odd, challenge=challenge, party=LOCAL)
    assert fault_of(refused) is PasskeyFault.WRONG_ALGORITHM


def test_a_strangers_passkey_is_refused(employee: Employee) -> None:
    with pytest.raises(PasskeyRefused) as refused:
        employee.sign_in(Authenticator().get(employee.options()))
    assert fault_of(refused) is PasskeyFault.WRONG_PASSKEY


def test_a_challenge_is_good_for_its_purpose_browser_and_ten_minutes(world: PeopleWorld) -> None:
    at, tick, secret = world.now(), timedelta(milliseconds=1), b"s" * 32
    made = make_challenge(Purpose.ENROL, binding="b", secret=secret, at=at, randomness=b"r" * 16)
    begin = at.replace(microsecond=at.microsecond // 1000 * 1000)
    check_challenge(made, Purpose.ENROL, binding="b", secret=secret, at=begin)
    check_challenge(made, Purpose.ENROL, binding="b", secret=secret, at=begin + LASTS - tick)
    for changes in (
        {"purpose": Purpose.SIGN_IN},
        {"binding": "c"},
        {"secret": b"t" * 32},
        {"at": begin + LASTS},
        {"at": begin - tick},
        {"challenge": made[:-1]},
        {"challenge": made + b"x"},
        {"challenge": b""},
        {"challenge": bytes([made[0] ^ 1]) + made[1:]},
    ):
        values: dict[str, Any] = {
            "challenge": made,
            "purpose": Purpose.ENROL,
            "binding": "b",
            "secret": secret,
            "at": at,
        }
        values |= changes
        with pytest.raises(PasskeyRefused):
            check_challenge(
                values["challenge"],
                values["purpose"],
                binding=values["binding"],
                secret=values["secret"],
                at=values["at"],
            )


def test_a_link_enrols_one_passkey_for_24_hours_and_a_new_one_takes_its_place(
    deployment: Deployment, world: PeopleWorld
) -> None:
    person, other = add_person(deployment, Role.SIGNER), add_person(deployment, Role.SIGNER)
    old, link = make_link(person, by="admin pe-x", world=world), make_link(person, by="admin pe-x", world=world)
    assert link.startswith("http://localhost:8000/desk/enrol#")
    token = link.partition("#")[2]
    for wrong in (old.partition("#")[2], "", "x", "A" * 5000, "\ud800"):
        with pytest.raises(EnrolmentRefused):
            open_link(wrong, world=world)
    later = replace(world, now=lambda: world.now() + timedelta(hours=24))
    with pytest.raises(EnrolmentRefused):
        open_link(token, world=later)
    assert open_link(token, world=world) == OpenedLink(person, "admin pe-x")
    theirs = make_link(other, by="admin pe-x", world=world).partition("#")[2]

    def ask(link_token: str) -> AskedPasskey:
        answer = Authenticator().create(enrolment_options(person, binding="b", world=world))
        return AskedPasskey(answer=answer, name="Phone", binding="b", link=link_token)

    with pytest.raises(PasskeyRefused):
        enrol_passkey(person, ask(theirs), by="x", world=world)
    enrol_passkey(person, ask(token), by="x", world=world)
    with pytest.raises(EnrolmentRefused):
        enrol_passkey(person, ask(token), by="x", world=world)
    with reading(world.engine) as connection:
        assert len(list_passkeys(connection, person.id)) == 1


BOMBS: dict[str, bytes] = {
    "nothing": b"",
    "garbage": secrets.token_bytes(200),
    "a deep nest": b"\x81" * 12_000,
    "a deep map": b"\xa1\x01" * 6_000,
    "a promise of much": b"\x5b" + (2**62).to_bytes(8, "big"),
    "a promise of many": b"\x9b" + (2**62).to_bytes(8, "big") + b"\x01",
    "a map of many": b"\xbb" + (2**40).to_bytes(8, "big") + b"\x01\x01",
    "a huge number": b"\xc2\x59\x2e\xe0" + b"\xff" * 12_000,
    "an endless text": b"\x7f" + b"\x61a" * 4_000,
    "a member twice": b"\xa2\x01\x01\x01\x02",
    "too many bytes": b"\x00" * 16_385,
    "references to itself": b"\xd8\x1c\x81\xd8\x1d\x00",
    "a regular expression": cbor2.dumps(cbor2.CBORTag(35, "(a+)+$")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_cbor_is_refused_at_once(deployment: Deployment, world: PeopleWorld, name: str) -> None:
    person = add_person(deployment, Role.SIGNER)
    options = enrolment_options(person, binding="b", world=world)
    challenge = parse_base64url(json.loads(options)["challenge"])
    wrong: list[dict[str, Any]] = [{"attestation": BOMBS[name]}, {"cose": BOMBS[name][:12_000]}]
    for changes in wrong:
        answer = Authenticator().create(options, **changes)
        if len(answer) <= 32_768:
            with pytest.raises(PasskeyRefused):
                check_enrolment(answer, challenge=challenge, party=LOCAL)


def test_a_megabyte_is_refused_before_it_is_read() -> None:
    for text in ("x" * 1_048_576, "[" * 40_000, json.dumps({"response": "x" * 1_048_576})):
        with pytest.raises(PasskeyRefused) as refused:
            parse_answer(text)
        assert fault_of(refused) is PasskeyFault.TOO_LARGE


@given(st.text(max_size=200) | st.builds(json.dumps, st.dictionaries(st.text(max_size=9), st.integers() | st.text())))
def test_nothing_escapes_from_reading_an_answer(text: str) -> None:
    for read in (parse_answer, parse_passkey_assertion):
        with pytest.raises(PasskeyRefused):
            read(text)


@given(st.binary(max_size=300))
def test_nothing_escapes_from_reading_data(data: bytes) -> None:
    for read in (read_client_data, read_authenticator_data):
        try:
            read(data)
        except PasskeyRefused:
            continue


@pytest.mark.parametrize(
    ("url", "party_id", "origin"),
    [
        ("https://desk.example", "desk.example", "https://desk.example"),
        ("https://desk.example:8443", "desk.example", "https://desk.example:8443"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_are_bound_to_the_host_name_of_the_public_address(url: str, party_id: str, origin: str) -> None:
    party = relying_party(url)
    assert (party.id, party.origin) == (party_id, origin)


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "https://[2001:db8::1]"])
def test_no_passkey_is_bound_to_an_address(url: str) -> None:
    with pytest.raises(PasskeysUnavailable):
        relying_party(url)
