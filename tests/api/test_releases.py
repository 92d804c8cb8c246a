"""Attestation level A over HTTP: what somebody released is sealed, once; everything else is refused by its own name."""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from privacy.erase import erase
from registry.clients.store import load_client, revoke_client, revoke_key
from registry.model import OperatorId, Role
from registry.people.store import end_person, revoke_passkey
from releases.store import purge_releases
from releases.tables import release_evidence, releases
from settings.limits import QUOTAS
from sigill.encoding.base64url import format_base64url
from sigill.presence.evidence import PasskeyProof
from sigill.presence.verify import verify_evidence
from sigill.seal.claims import SealClaims
from sigill.seal.disclosures import Name
from sigill.seal.token import parse_seal
from sigill.tlog.erasure import Ground
from sigill.vocabulary import AttestationLevel
from storage.engine import reading, writing
from tests.builders_clients import bearer, new_client
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_presence import UP, Authenticator, cbor
from tests.builders_releases import AI_MESSAGE, MESSAGE, Employee, Robot, hire, slug
from wiring import now


@pytest.fixture
def anna(deployment: Deployment) -> Employee:
    return hire(deployment)


@pytest.fixture
def saga(deployment: Deployment) -> Robot:
    return Robot(new_client(deployment, ai_system="saga"))


def claims_of(response: Any) -> SealClaims:
    assert response.status_code == 201, response.get_data(as_text=True)
    return parse_seal(response.get_json()["seal"]).claims


def evidence_of(made: Deployment, message_id: str) -> bytes:
    headers = bearer(made.keys["exempelbanken"])
    response = made.client.get(f"/v1/messages/{message_id}/evidence", headers=headers)
    assert response.status_code == 200, response.get_data(as_text=True)
    return bytes(response.data)


# --- a person


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        MESSAGE | {"authorship": "ai_assisted", "draft": "person"},
        MESSAGE | {"authorship": "ai_assisted", "recipient": "+46701740605", "channel": "sms"},
        {name: value for name, value in MESSAGE.items() if name != "text"}
        | {"html": '<p>Hej! <a href="https://exempelbanken.se/">Läs mer</a></p>', "channel": "email"},
        MESSAGE | {"attachments": [{"name": "avtal.pdf", "h": "A" * 43}], "conversation": "chat-1"},
    ],
)
def test_what_a_person_released_is_sealed_at_level_a(anna: Employee, message: dict[str, Any]) -> None:
    waiting = anna.waiting(message)
    assert anna.give(waiting).get_json()["message_id"] == json.loads(waiting["statement"])["jti"]
    response = anna.sign(waiting["id"], message)
    claims = claims_of(response)
    assert claims.jti == response.get_json()["id"] == json.loads(waiting["statement"])["jti"]
    assert (claims.att.lvl, claims.att.m) == (AttestationLevel.A, "passkey")
    seal = parse_seal(response.get_json()["seal"])
    disclosed = seal.disclosed(Name.AGENT)
    assert disclosed is not None
    assert disclosed.value == {"ref": anna.person.id}
    record = evidence_of(anna.made, claims.jti)
    assert format_base64url(sha256(record).digest()) == claims.att.ev
    evidence = verify_evidence(record, seal)
    assert isinstance(evidence.proof, PasskeyProof)
    assert anna.person.name not in record.decode()


def test_a_message_without_a_release_is_sealed_as_ever(anna: Employee) -> None:
    sealed = anna.made.sign()
    claims = claims_of(sealed)
    assert (claims.att.lvl, claims.att.ev) == (AttestationLevel.C, None)
    headers = bearer(anna.made.keys["exempelbanken"])
    response = anna.made.client.get(f"/v1/messages/{claims.jti}/evidence", headers=headers)
    assert (response.status_code, slug(response)) == (404, "evidence-not-found")


def test_messages_of_a_batch_may_be_released_too(anna: Employee) -> None:
    name = anna.released()
    body = {"messages": [MESSAGE | {"attestation": name}, MESSAGE, MESSAGE | {"attestation": name}]}
    response = anna.made.client.post("/v1/messages/batch", json=body, headers=anna.headers)
    results = response.get_json()["results"]
    assert [result["status"] for result in results] == [201, 201, 409]
    assert results[2]["problem"]["type"].endswith("/release-used")


def test_a_repeated_request_gets_the_same_seal_and_uses_up_nothing(anna: Employee) -> None:
    name = anna.released()
    first = anna.sign(name, key="once")
    again = anna.sign(name, key="once")
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert slug(anna.sign(name, key="twice")) == "release-used"


# --- what is not sealed


def test_a_release_is_sealed_once(anna: Employee) -> None:
    name = anna.released()
    assert anna.sign(name).status_code == 201
    response = anna.sign(name)
    assert (response.status_code, slug(response)) == (409, "release-used")


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hej! Skicka pengarna till ett annat konto."},
        {"channel": "email"},
        {"recipient": "+46701740699"},
        {"recipient": None},
        {"authorship": "ai_assisted"},
        {"attachments": [{"name": "x", "h": "E" * 43}]},
    ],
    ids=str,
)
def test_another_message_than_the_one_released_is_not_sealed(anna: Employee, change: dict[str, Any]) -> None:
    message = MESSAGE | {"recipient": "+46701740605"}
    name = anna.released(message)
    changed = {member: value for member, value in (message | change).items() if value is not None}
    response = anna.sign(name, changed)
    assert (response.status_code, slug(response)) == (422, "release-mismatch")
    assert anna.sign(name, message).status_code == 201  # and the release is still good


def test_blanks_that_the_page_did_not_show_are_another_message(anna: Employee) -> None:
    name = anna.released()
    assert slug(anna.sign(name, MESSAGE | {"text": MESSAGE["text"].replace(" ", "  ")})) == "release-mismatch"


def test_nothing_is_sealed_before_somebody_released_it(anna: Employee) -> None:
    waiting = anna.waiting()
    response = anna.sign(waiting["id"])
    assert (response.status_code, slug(response)) == (409, "release-not-given")


def test_nothing_is_sealed_after_five_minutes(anna: Employee) -> None:
    name = anna.released()
    late = anna.waiting()
    with writing(anna.made.services.engine) as connection:
        connection.execute(update(releases).values(expires_at_ms=int(now().timestamp() * 1000)))
    response = anna.sign(name)
    assert (response.status_code, slug(response)) == (409, "release-expired")
    assert slug(anna.give(late)) == "release-expired"


def test_another_operators_release_is_not_found(anna: Employee) -> None:
    anna.made.add(operator("exempelel"))
    name = anna.released()
    body = MESSAGE | {"attestation": name}
    response = anna.made.client.post("/v1/messages", json=body, headers=bearer(anna.made.keys["exempelel"]))
    assert (response.status_code, slug(response)) == (404, "release-not-found")


@pytest.mark.parametrize("what", ["person", "passkey"])
def test_what_was_revoked_meanwhile_seals_nothing(anna: Employee, what: str) -> None:
    name = anna.released()
    waiting = anna.waiting()
    with writing(anna.made.services.engine) as connection:
        if what == "person":
            end_person(connection, anna.person.id, at=now())
        else:
            revoke_passkey(connection, anna.device.id, at=now())
    response = anna.sign(name)
    assert (response.status_code, slug(response)) == (403, "releaser-revoked")
    assert slug(anna.give(waiting)) == "releaser-revoked"
    assert slug(anna.ask()) == "releaser-unknown"


def test_the_agent_of_a_released_message_is_who_released_it(anna: Employee) -> None:
    assert slug(anna.ask(MESSAGE | {"agent": "somebody"})) == "request-invalid"
    name = anna.released(MESSAGE | {"agent": anna.person.id})
    assert slug(anna.sign(name, MESSAGE | {"agent": "somebody"})) == "request-invalid"
    assert anna.sign(name, MESSAGE | {"agent": anna.person.id}).status_code == 201


# --- giving a release


@pytest.mark.parametrize(
    ("how", "status", "name"),
    [
        ({"origin": "https://evil.example"}, 403, "release-origin"),
        ({"crossOrigin": True}, 403, "release-origin"),
        ({"rp_id": "evil.example"}, 403, "release-relying-party"),
        ({"challenge": "A" * 43}, 403, "release-challenge"),
        ({"flags": UP}, 403, "release-user-not-verified"),
        ({"device": "another"}, 403, "release-signature"),
        ({"id": "bm9ib2R5"}, 422, "releaser-unknown"),
        ({"flags": 0xFF, "after": cbor({"x": b"0" * 600})}, 422, "malformed-release"),
        ({"after": cbor({"x": b"0" * 2**19})}, 422, "request-invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_attack_on_a_release_has_its_own_problem(
    anna: Employee, how: dict[str, Any], status: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    if how.get("device") == "another":
        stranger = Authenticator(rp_id=anna.device.rp_id, origin=anna.device.origin)
        how = {"device": replace(stranger, credential_id=anna.device.credential_id)}
    waiting = anna.waiting()
    with caplog.at_level(logging.WARNING, logger="sigill.audit"):
        response = anna.give(waiting, **how)
    assert (response.status_code, slug(response)) == (status, name)
    assert slug(anna.sign(waiting["id"])) == "release-not-given"
    if name != "request-invalid":
        assert json.loads(caplog.records[0].message) == {"event": "release_refused", "problem": name}
    assert anna.give(waiting).status_code == 200  # the attack has spoilt nothing


def test_a_megabyte_of_cbor_is_no_release(anna: Employee) -> None:
    waiting = anna.waiting()
    response = anna.give(waiting, after=cbor({"x": b"0" * 2**20}))
    assert response.status_code == 413


def test_an_assertion_over_one_release_is_none_over_another(anna: Employee) -> None:
    first, second = anna.waiting(), anna.waiting(MESSAGE | {"text": "Hej! Betala genast."})
    assert slug(anna.give(second | {"challenge": first["challenge"]})) == "release-challenge"


def test_a_release_is_given_once(anna: Employee) -> None:
    waiting = anna.waiting()
    assert anna.give(waiting).status_code == 200
    response = anna.give(waiting)
    assert (response.status_code, slug(response)) == (409, "release-given")
    anna.sign(waiting["id"])
    assert slug(anna.give(waiting)) == "release-used"


def test_a_person_gives_no_more_releases_than_anybody_reads_and_wrong_answers_do_not_count(tmp_path: Path) -> None:
    assert QUOTAS["release"] == (20, 60)
    made = deploy(tmp_path, more={"SIGILL_LIMITS": "release=3/86400"})
    person, colleague = hire(made), hire(made)
    waiting = [person.waiting() for _ in range(4)]
    for _ in range(5):
        assert slug(person.give(waiting[0], origin="https://evil.example")) == "release-origin"
    assert [person.give(each).status_code for each in waiting] == [200, 200, 200, 429]
    many = person.give(waiting[3])
    assert (slug(many), many.get_json()["violated-policies"]) == ("limit-reached", ["release"])
    assert slug(person.sign(waiting[3]["id"])) == "release-not-given"
    assert colleague.give(colleague.waiting()).status_code == 200
    made.services.engine.dispose()


def test_a_colleague_cannot_give_somebody_elses_release(anna: Employee) -> None:
    bo = hire(anna.made)
    assert slug(anna.give(anna.waiting(), device=bo.device)) == "releaser-unknown"


def test_an_authenticator_that_counts_backwards_is_refused(deployment: Deployment) -> None:
    page = hire(deployment).device
    counting = Authenticator(rp_id=page.rp_id, origin=page.origin, credential_id=b"counts", count=7)
    anna = hire(deployment, device=counting)
    waiting = anna.waiting()
    assert anna.give(waiting).status_code == 200
    anna.device.count = 7  # a copy, made before
    response = anna.give(anna.waiting())
    assert (response.status_code, slug(response)) == (403, "passkey-refused")


# --- asking for one


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"person": "pe-zzzzzzzzzzzzzzzzzzzz"}, "releaser-unknown"),
        ({"person": None}, "request-invalid"),
        ({"person": "Anna"}, "request-invalid"),
        ({"message": AI_MESSAGE}, "request-invalid"),
        ({"message": MESSAGE | {"text": "a\u202eb"}}, "text-not-canonicalisable"),
        ({"message": MESSAGE | {"attestation": "re-" + "0" * 20}}, "request-invalid"),
        ({"message": {**MESSAGE, "text": None, "digest": {"canon": "nu1", "h": "A" * 43, "hx": "A" * 43, "n": 3}}}, ""),
        ({"message": "Hej"}, "request-invalid"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_cannot_be_released_is_refused_when_asked_for(anna: Employee, changes: dict[str, Any], name: str) -> None:
    if isinstance(changes.get("message"), dict):
        changes = {"message": {key: value for key, value in changes["message"].items() if value is not None}}
    response = anna.ask(**changes)
    assert response.status_code == 422
    assert slug(response) == (name or "request-invalid")


@pytest.mark.parametrize(("operator_id", "role"), [(None, Role.REGISTRAR), ("exempelbanken", Role.ADMIN)])
def test_only_an_operators_own_signers_release(deployment: Deployment, operator_id: str | None, role: Role) -> None:
    other = hire(deployment, operator_id=operator_id, role=role)
    response = hire(deployment).ask(person=other.person.id)
    assert (response.status_code, slug(response)) == (422, "releaser-unknown")


def test_the_text_is_kept_under_a_key_that_nobody_here_has_and_only_until_it_is_given(anna: Employee) -> None:
    waiting = anna.waiting()
    engine = anna.made.services.engine
    with reading(engine) as connection:
        (shown,) = connection.execute(select(releases.c.shown)).scalars()
    assert MESSAGE["text"].encode() not in bytes(shown)
    anna.give(waiting)
    with reading(engine) as connection:
        assert connection.execute(select(releases.c.shown)).scalars().all() == [None]


def test_expired_releases_are_forgotten_what_they_showed_at_once(anna: Employee) -> None:
    anna.waiting()
    engine, at = anna.made.services.engine, now()
    with writing(engine) as connection:
        assert purge_releases(connection, at=at + timedelta(minutes=4)) == 0
        assert connection.execute(select(releases.c.shown)).scalar_one() is not None
        assert purge_releases(connection, at=at + timedelta(minutes=6)) == 0
        assert connection.execute(select(releases.c.shown)).scalar_one() is None
        assert purge_releases(connection, at=at + timedelta(minutes=66)) == 1


# --- an AI system


def test_what_an_ai_systems_key_signed_is_sealed_at_level_a(saga: Robot) -> None:
    waiting = saga.waiting()
    assert waiting["page"] is None
    response = saga.sign(waiting)
    claims = claims_of(response)
    assert (claims.att.lvl, claims.att.m) == (AttestationLevel.A, "signature")
    record = evidence_of(saga.client.made, claims.jti)
    assert verify_evidence(record, parse_seal(response.get_json()["seal"])).statement.system == "saga"
    assert slug(saga.sign(waiting)) == "release-used"


def test_an_api_key_may_bring_the_systems_signature(saga: Robot) -> None:
    saga.token = saga.client.made.keys["exempelbanken"]
    assert claims_of(saga.sign(saga.waiting())).att.lvl is AttestationLevel.A


def test_each_attack_on_a_systems_release_has_its_own_problem(saga: Robot, anna: Employee) -> None:
    waiting = saga.waiting()
    statement = json.loads(waiting["statement"])
    key = saga.client.key
    stranger = new_client(saga.client.made)  # of the same operator, of no AI system
    attacks = [
        (key.sign(statement | {"ch": "sms"}, typ="sigill-release+jwt"), "release-challenge"),
        (key.sign(statement, typ="JWT"), "malformed-release"),
        (stranger.key.sign(statement, typ="sigill-release+jwt"), "releaser-unknown"),
        (stranger.key.sign(statement, typ="sigill-release+jwt", kid=key.thumbprint), "release-signature"),
        (key.sign(statement, typ="sigill-release+jwt", kid="x"), "releaser-unknown"),
        ("a.b.c", "malformed-release"),
    ]
    for jws, name in attacks:
        response = saga.sign(waiting, jws=jws)
        assert response.status_code in {403, 422}
        assert slug(response) == name
    assert slug(saga.sign(waiting, AI_MESSAGE | {"text": "Hej på dig!"})) == "release-mismatch"
    body = AI_MESSAGE | {"attestation": waiting["id"]}
    response = saga.client.made.client.post("/v1/messages", json=body, headers=bearer(saga.token))
    assert slug(response) == "release-not-given"
    jws = key.sign(json.loads(anna.waiting()["statement"]), typ="sigill-release+jwt")
    assert slug(anna.sign({"id": anna.waiting()["id"], "jws": jws})) == "request-invalid"
    assert saga.sign(waiting).status_code == 201


@pytest.mark.parametrize("what", ["key", "client"])
def test_a_revoked_key_releases_nothing(saga: Robot, what: str) -> None:
    saga.token = saga.client.made.keys["exempelbanken"]
    waiting = saga.waiting()
    with writing(saga.client.made.services.engine) as connection:
        client = load_client(connection, saga.client.client.id)
        if what == "key":
            revoke_key(connection, client, saga.client.key.thumbprint, at=now())
        else:
            revoke_client(connection, client, at=now())
    response = saga.sign(waiting)
    assert (response.status_code, slug(response)) == (403, "releaser-revoked")


@pytest.mark.parametrize(
    "attestation",
    [
        "re-1",
        7,
        None,
        {"id": "re-" + "0" * 20},
        {"jws": "a"},
        {"id": "re-" + "0" * 20, "jws": ""},
        {"id": [], "jws": {}},
    ],
    ids=str,
)
def test_an_attestation_that_is_none_is_refused(anna: Employee, attestation: Any) -> None:
    response = anna.sign(attestation)
    assert (response.status_code, slug(response)) == (422, "request-invalid")


# --- evidence


def test_evidence_is_its_operators_and_its_auditors_alone(anna: Employee) -> None:
    made = anna.made
    made.add(operator("exempelel"))
    message_id = claims_of(anna.sign(anna.released())).jti
    address = f"/v1/messages/{message_id}/evidence"
    auditor = made.new_key(role=Role.AUDITOR, operator_id=OperatorId("exempelbanken"))
    assert made.client.get(address, headers=bearer(auditor)).status_code == 200
    assert made.client.get(address, headers=bearer(made.keys["exempelel"])).status_code == 404
    assert made.client.get(address).status_code == 401


def test_evidence_is_erased_with_its_message(anna: Employee) -> None:
    made = anna.made
    name = anna.released()
    message_id = claims_of(anna.sign(name)).jti
    admin = made.new_key(role=Role.ADMIN, operator_id=OperatorId("exempelbanken"))
    erase(
        message_id,
        operator_id="exempelbanken",
        ground=Ground.AUTHORITY_ORDER,
        requester="a court",
        world=made.services.privacy,
    )
    with reading(made.services.engine) as connection:
        assert connection.execute(select(release_evidence)).all() == []
    response = made.client.get(f"/v1/messages/{message_id}/evidence", headers=bearer(admin))
    assert response.status_code == 404


def test_a_verification_checks_the_release_and_says_so(anna: Employee) -> None:
    sealed = anna.sign(anna.released()).get_json()
    found = anna.made.verify(seal=sealed["seal"], content=MESSAGE["text"])
    assert found["answer"] == "genuine"
    assert found["checks"][-1] == {
        "check": "attestation",
        "outcome": "passed",
        "detail": "released",
        "words": found["checks"][-1]["words"],
    }
    assert found["authorship"]["words"].endswith("It was released by a verified employee.")
    assert found["authorship"]["attestation"] == "A"


def test_evidence_that_was_changed_in_the_database_is_no_release(anna: Employee) -> None:
    sealed = anna.sign(anna.released()).get_json()
    with writing(anna.made.services.engine) as connection:
        connection.execute(update(release_evidence).values(record=b"{}"))
    found = anna.made.verify(seal=sealed["seal"], content=MESSAGE["text"])
    assert found["checks"][-1]["detail"] == "release_of_another"
    assert "The guarantor says" in found["authorship"]["words"]
