"""From an application to evidence, over the API, against real name servers and a real register on this machine."""

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry.applying.checking import check_operators_registers
from registry.applying.pace import MOST
from registry.applying.rechecks import recheck_due
from registry.checks.kept import CheckStatus
from registry.errors import TransitionRefused
from registry.lifecycle import change_state_logged
from registry.model import EvidenceKind, OperatorId, Role, StateChange
from registry.steps import Act
from sigill.report.standing import State
from tests.builders_applying import EQUINOR, Applicants, applicants
from tests.builders_clients import Key, bearer, times
from tests.builders_deciding import key_of
from tests.builders_deciding import registrar as new_registrar
from tests.builders_deployment import TEXT
from tests.registry.asking.builders_playing import Play
from tests.registry.checks.builders_registers import enhet, lei_record

pytestmark = pytest.mark.slow

MESSAGE = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}


@pytest.fixture
def there(tmp_path: Any) -> Iterator[Applicants]:
    with applicants(tmp_path) as made:
        yield made


def found(there: Applicants) -> None:
    """Let the register know the company."""
    there.register.play = Play(body=json.dumps(enhet()).encode())


def check_domain(there: Applicants, applied: dict[str, Any], domain: str = "equinor.example") -> dict[str, Any]:
    response = there.post(f"/v1/operator/domains/{domain}/check", key=applied["api_keys"]["admin"])
    assert response.status_code == 200, response.get_data(as_text=True)
    done: dict[str, Any] = response.get_json()
    return done


def verify(there: Applicants, operator_id: str) -> None:
    change = StateChange(state=State.VERIFIED, since=there.world.now(), reason="checked")
    change_state_logged(operator_id, change, log=there.world.log, random=there.world.random)


def test_one_call_is_all_between_nothing_and_the_first_test_seal(there: Applicants) -> None:
    applied = there.apply(name="Nya Banken", environment="test", identifier=None, industry="bank", domains=None)
    assert (applied["operator"], applied["identifier"]) == ("nya-banken-test", "NTRNO-TEST-nya-banken-test")
    assert (applied["state"], applied["missing"]) == ("verified", [])

    sealed = there.post("/v1/messages", MESSAGE, key=applied["api_keys"]["signer"])

    assert sealed.status_code == 201, sealed.get_data(as_text=True)
    verdict = there.made.verify(seal=sealed.get_json()["seal"], content=TEXT)
    assert verdict["answer"] != "genuine"
    assert verdict["reason"] == "test_seal"
    assert there.operator("nya-banken-test").history[-1].reason == "test environment: nothing was checked"


def test_a_live_applicant_manages_itself_and_seals_nothing(there: Applicants) -> None:
    applied = there.apply()
    admin = applied["api_keys"]["admin"]
    assert (applied["operator"], applied["state"]) == ("equinor-asa", "applied")
    assert applied["api_keys"]["signer"] is None
    assert [each["need"] for each in applied["missing"]] == ["domain", "identity"]
    assert there.post("/v1/messages", MESSAGE, key=admin).status_code == 403
    key = Key()
    asked = {"jwk": key.jwk, "proof": key.prove(there.made.services.identity.issuer, "equinor-asa")}
    client = there.post("/v1/clients", {"name": "bot", "role": "signer", "key": asked}, key=admin)
    assert client.status_code == 201
    signer = there.made.new_key(role=Role.SIGNER, operator_id=OperatorId("equinor-asa"))
    assert there.post("/v1/messages", MESSAGE, key=signer).get_json()["type"].endswith("/operator-not-verified")


def test_what_is_shown_becomes_evidence_and_raises_the_level_step_by_step(there: Applicants) -> None:
    found(there)
    applied = there.apply()
    admin = applied["api_keys"]["admin"]
    there.publish(applied)

    assert check_domain(there, applied)["outcome"] == "passed"
    mine = there.get("/v1/operator", key=admin).get_json()
    assert (mine["assurance_level"], [each["need"] for each in mine["missing"]]) == (1, ["identity"])
    assert mine["domains"][0]["proven"] is True
    (asked,) = there.post("/v1/operator/register-check", key=admin).get_json()["checks"]
    assert (asked["outcome"], asked["facts"]["name"]) == ("passed", "EQUINOR ASA")
    mine = there.get("/v1/operator", key=admin).get_json()

    assert (mine["assurance_level"], mine["missing"]) == (2, [])
    assert mine["next"] == ["Everything is shown. A registrar decides; nothing is to be done."]
    public = there.made.client.get("/registry/operators/equinor-asa").get_json()
    assert [each["kind"] for each in public["evidence"]] == ["domain", "register"]
    assert public["assurance_level"] == 2
    first, second = there.steps("equinor-asa")
    assert (first.step.act, first.step.by, first.step.said["domain"]) == (
        Act.EVIDENCE_ADDED,
        "the operator",
        "equinor.example",
    )
    assert len(first.step.said["answers"]) == 3  # type: ignore[arg-type]
    assert second.step.said["kind"] == "register"
    assert "EQUINOR" not in json.dumps(second.step.said)


def test_a_registrar_sees_what_evidence_rests_on_byte_for_byte(there: Applicants) -> None:
    found(there)
    applied = there.apply()
    (asked,) = there.post("/v1/operator/register-check", key=applied["api_keys"]["admin"]).get_json()["checks"]
    registrar = there.made.new_key(role=Role.REGISTRAR, operator_id=None)

    kept = there.get(f"/v1/registry/checks/{asked['id']}", key=registrar).get_json()

    (answer,) = kept["answers"]
    assert answer["source"].endswith("/enheter/923609016")
    assert json.loads(b64decode(answer["body"])) == enhet()
    (step,) = there.steps("equinor-asa")
    assert step.step.said["answers"] == [answer["sha256"]]


def test_a_register_that_is_down_never_passes_and_never_fails_and_is_asked_again(there: Applicants) -> None:
    applied = there.apply()
    (asked,) = there.post("/v1/operator/register-check", key=applied["api_keys"]["admin"]).get_json()["checks"]
    assert (asked["outcome"], asked["reason"]) == ("could_not_be_checked", "source_failed")
    assert there.operator("equinor-asa").evidence == ()
    assert there.steps("equinor-asa") == ()
    assert recheck_due(there.world, limit=9) == 0

    found(there)
    assert recheck_due(there.at(timedelta(minutes=16)), limit=9) == 1

    assert [item.kind for item in there.operator("equinor-asa").evidence] == [EvidenceKind.REGISTER]
    assert there.steps("equinor-asa")[0].step.by == "re-check"


def test_a_company_that_went_bankrupt_loses_its_evidence_and_a_registrar_sees_it(there: Applicants) -> None:
    found(there)
    applied = there.apply()
    there.post("/v1/operator/register-check", key=applied["api_keys"]["admin"])
    there.register.play = Play(body=json.dumps(enhet(konkurs=True)).encode())

    assert recheck_due(there.at(timedelta(days=82)), limit=9) == 0
    later = there.at(timedelta(days=84))
    assert recheck_due(later, limit=9) == 1

    (item,) = there.operator("equinor-asa").evidence
    assert item.valid_until <= later.now()
    newest = there.checks("equinor-asa")[0]
    assert (newest.reason, newest.status) == ("bankrupt", CheckStatus.ALARM)
    assert [step.step.act for step in there.steps("equinor-asa")] == [Act.EVIDENCE_ADDED, Act.EVIDENCE_ENDED]
    registrar = there.made.new_key(role=Role.REGISTRAR, operator_id=None)
    (alarm,) = there.get("/v1/registry/alarms", key=registrar).get_json()["alarms"]
    assert (alarm["operator"], alarm["reason"]) == ("equinor-asa", "bankrupt")
    assert recheck_due(there.at(timedelta(days=300)), limit=9) == 0

    found(there)
    check_operators_registers("equinor-asa", world=there.at(timedelta(days=301)))
    assert there.get("/v1/registry/alarms", key=registrar).get_json()["alarms"] == []


def test_a_record_that_is_taken_away_ends_the_proof_at_the_next_check(there: Applicants) -> None:
    applied = there.apply()
    there.publish(applied)
    check_domain(there, applied)
    there.zone.records.clear()

    gone = check_domain(there, applied)

    assert (gone["outcome"], gone["reason"], gone["status"]) == ("failed", "no_record", "alarm")
    assert there.get("/v1/operator", key=applied["api_keys"]["admin"]).get_json()["assurance_level"] == 0


def test_resolvers_that_are_silent_take_nothing_away_until_the_evidence_ends_by_itself(there: Applicants) -> None:
    applied = there.apply()
    there.publish(applied)
    check_domain(there, applied)
    there.zone.silent = True
    day = 83
    for _ in range(12):
        assert recheck_due(there.at(timedelta(days=day)), limit=9) == 1
        day += 1
    alarm, *before = there.checks("equinor-asa")
    assert alarm.status is CheckStatus.ALARM
    assert {check.status for check in before} == {CheckStatus.SETTLED}
    assert recheck_due(there.at(timedelta(days=400)), limit=9) == 0
    (item,) = there.operator("equinor-asa").evidence
    assert item.valid_until - item.valid_from > timedelta(days=89)
    assert [step.step.act for step in there.steps("equinor-asa")] == [Act.EVIDENCE_ADDED]


def test_the_same_key_applies_once_and_is_told_what_there_is(there: Applicants) -> None:
    key = Key()
    first = there.post("/v1/applications", there.body(key)).get_json()
    again = there.post("/v1/applications", there.body(key))
    assert again.status_code == 409
    assert again.get_json()["type"].endswith("/application-exists")
    assert f"as equinor-asa; it gets access tokens as the client {first['client_id']}" in again.get_json()["detail"]


def test_who_only_applied_with_a_number_does_not_keep_its_owner_out(there: Applicants) -> None:
    squatter, owner = there.apply(id="squatter"), there.apply()
    verify(there, owner["operator"])
    with pytest.raises(TransitionRefused, match="verified once"):
        verify(there, squatter["operator"])
    third = there.post("/v1/applications", there.body(id="third"))
    assert (third.status_code, third.get_json()["type"].rpartition("/")[2]) == (409, "application-exists")


def test_a_test_operator_goes_live_with_its_administrators_key(there: Applicants) -> None:
    tried = there.apply(environment="test", identifier=None)
    response = there.post("/v1/applications", there.body(), key=tried["api_keys"]["admin"])
    assert response.status_code == 201
    mine = there.get("/v1/operator", key=response.get_json()["api_keys"]["admin"]).get_json()
    assert mine["test_operator"] == "equinor-asa-test"
    refused = there.post("/v1/applications", there.body(id="other"), key=tried["api_keys"]["signer"])
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"identifier": "NTRSE-8112189876"}, 422, "identifier-refused"),
        ({"identifier": "NTRNO-923609017"}, 422, "identifier-refused"),
        ({"identifier": None}, 422, "application-invalid"),
        ({"environment": "test"}, 422, "application-invalid"),
        ({"environment": "test", "identifier": None, "id": "equinor"}, 422, "application-invalid"),
        ({"id": "equinor-test"}, 422, "application-invalid"),
        ({"id": "guarantor"}, 422, "application-invalid"),
        ({"id": "root"}, 422, "application-invalid"),
        ({"id": "../x"}, 422, "application-invalid"),
        ({"name": "a\u202eb"}, 422, "application-invalid"),
        ({"name": " "}, 422, "application-invalid"),
        ({"markets": ["XX"]}, 422, "unknown-jurisdiction"),
        ({"domains": ["co.uk"]}, 422, "application-invalid"),
        ({"domains": ["127.0.0.1"]}, 422, "application-invalid"),
        ({"domains": ["a.se"] * 51}, 422, "request-invalid"),
        ({"lei": "529900W18LQJJN6SJ337"}, 422, "identifier-refused"),
        ({"website": "javascript:alert(1)"}, 422, "application-invalid"),
        ({"phone": "112"}, 422, "application-invalid"),
        ({"surprise": 1}, 422, "request-invalid"),
    ],
)
def test_what_cannot_be_entered_is_refused_and_leaves_nothing(
    there: Applicants, changes: dict[str, Any], status: int, slug: str
) -> None:
    before = [head.log_id for head in there.world.log.logs()]
    response = there.post("/v1/applications", there.body(**changes))
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.get_json()["type"].rpartition("/")[2] == slug
    assert [head.log_id for head in there.world.log.logs()] == before


def test_nobody_applies_with_a_key_that_is_not_his(there: Applicants) -> None:
    mine, other = Key(), Key()
    body = there.body(mine)
    for key in ({"jwk": other.jwk, "proof": body["key"]["proof"]}, {"jwk": {}, "proof": "a.b.c"}):
        response = there.post("/v1/applications", body | {"key": key})
        assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (422, "client-key-refused")
    elsewhere = mine.prove("https://another.example", "https://another.example")
    response = there.post("/v1/applications", body | {"key": {"jwk": mine.jwk, "proof": elsewhere}})
    assert response.status_code == 422


def test_the_key_it_applied_with_gets_tokens_of_an_administrator(there: Applicants) -> None:
    key = Key()
    applied = there.post("/v1/applications", there.body(key)).get_json()
    issuer = there.made.services.identity.issuer
    claims = {"iss": applied["client_id"], "sub": applied["client_id"], "aud": issuer, "jti": "x" * 16, **times()}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": key.sign(claims, typ="client-authentication+jwt"),
    }
    token = there.made.client.post("/oauth/token", data=form).get_json()["access_token"]
    assert there.get("/v1/operator", key=token).get_json()["operator"] == "equinor-asa"


def test_ids_are_made_of_names_and_never_taken_twice(there: Applicants) -> None:
    first, second = there.apply(name="Åsas Försäkring & Co"), there.apply(name="Åsas Försäkring & Co")
    assert first["operator"] == "asas-forsakring-co"
    assert second["operator"].startswith("asas-forsakring-co-")
    taken = there.post("/v1/applications", there.body(id="asas-forsakring-co"))
    assert taken.status_code == 409


def test_a_domain_is_named_listed_and_keeps_its_challenge(there: Applicants) -> None:
    admin = there.apply()["api_keys"]["admin"]
    named = there.post("/v1/operator/domains", {"domain": "Köp.example"}, key=admin)
    assert (named.status_code, named.get_json()["domain"]) == (201, "xn--kp-fka.example")
    assert there.post("/v1/operator/domains", {"domain": "köp.example"}, key=admin).get_json() == named.get_json()
    listed = there.get("/v1/operator/domains", key=admin).get_json()["domains"]
    assert [each["domain"] for each in listed] == ["equinor.example", "xn--kp-fka.example"]
    for wrong in ("not-named.example", "%00", "co.uk", "a" * 300):
        assert there.post(f"/v1/operator/domains/{wrong}/check", key=admin).status_code == 404


def test_a_lei_beside_the_identifier_is_asked_for_too(there: Applicants) -> None:
    lei = "529900W18LQJJN6SJ336"
    record = lei_record(
        entity={"legalName": {"name": "Equinor ASA"}, "legalAddress": {"country": "NO"}, "registeredAs": "923609016"}
    )
    there.register.play = Play(body=json.dumps(record).encode())
    admin = there.apply(lei=lei)["api_keys"]["admin"]
    checks = there.post("/v1/operator/register-check", key=admin).get_json()["checks"]
    assert [(each["kind"], each["subject"], each["outcome"]) for each in checks] == [
        ("register", EQUINOR, "could_not_be_checked"),
        ("lei", lei, "passed"),
    ]


def test_where_no_register_can_say_anything_the_operator_is_told(there: Applicants) -> None:
    admin = there.apply(identifier="NTRSE-5560360793", name="Volvo")["api_keys"]["admin"]
    response = there.post("/v1/operator/register-check", key=admin)
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (409, "no-register")


def test_only_so_many_checks_are_made_within_an_hour(there: Applicants) -> None:
    applied = there.apply()
    admin = applied["api_keys"]["admin"]
    there.publish(applied)
    statuses = [there.post("/v1/operator/register-check", key=admin).status_code for _ in range(MOST - 1)]
    assert set(statuses) == {200}
    assert check_domain(there, applied)["outcome"] == "passed"
    response = there.post("/v1/operator/domains/equinor.example/check", key=admin)
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (429, "checks-too-many")
    assert int(response.headers["Retry-After"]) > 0


def test_checks_at_the_same_time_leave_one_piece_of_evidence(there: Applicants) -> None:
    applied = there.apply()
    there.publish(applied)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: check_domain(there, applied), range(8)))
    assert {each["outcome"] for each in done} == {"passed"}
    assert [each["evidence"] is not None for each in done].count(True) == 1
    assert len(there.operator("equinor-asa").evidence) == 1
    assert len(there.checks("equinor-asa")) == 8


def test_a_licence_is_entered_by_a_registrar_and_a_registrar_is_told_before_it_ends(there: Applicants) -> None:
    there.apply(industry="bank")
    person = new_registrar(there.made)
    registrar = key_of(there.made, person)
    record = {
        "authority": "Finanstilsynet",
        "number": "1",
        "url": "https://www.finanstilsynet.no/1",
        "seen_on": f"{there.world.now():%Y-%m-%d}",
    }
    path = "/v1/registry/operators/equinor-asa/licence"
    program = there.made.new_key(role=Role.REGISTRAR, operator_id=None)
    nobody = there.post(path, record, key=program)
    assert (nobody.status_code, nobody.get_json()["type"].rpartition("/")[2]) == (403, "person-needed")
    assert there.post(path, record | {"url": "http://x"}, key=registrar).status_code == 422
    assert there.checks("equinor-asa") == ()
    entered = there.post(path, record, key=registrar).get_json()
    assert (entered["outcome"], entered["checked_by"]) == (
        "passed",
        f"{there.world.issuer}, registrar {person}",
    )
    assert there.steps("equinor-asa")[0].step.by == f"registrar {person}"
    assert recheck_due(there.at(timedelta(days=174)), limit=9) == 1
    assert (there.checks("equinor-asa")[0].reason, there.checks("equinor-asa")[0].status) == (
        "look_again",
        CheckStatus.ALARM,
    )
    assert there.post(path.replace("equinor-asa", "nobody"), record, key=registrar).status_code == 404


def test_what_a_registrar_saw_in_a_company_register_counts_for_half_a_year(there: Applicants) -> None:
    there.apply()
    person = new_registrar(there.made)
    registrar = key_of(there.made, person)
    operator = there.operator("equinor-asa")
    number = operator.identifier.partition("-")[2]
    record = {
        "register": "Foretaksregisteret",
        "name": "EQUINOR ENERGY",
        "number": f"{number[:3]} {number[3:]}",
        "url": "https://register.example/1",
        "seen_on": f"{there.world.now():%Y-%m-%d}",
    }
    path = "/v1/registry/operators/equinor-asa/register-record"
    program = there.made.new_key(role=Role.REGISTRAR, operator_id=None)
    assert there.post(path, record, key=program).status_code == 403
    another = there.post(path, record | {"number": "974760673"}, key=registrar)
    assert another.status_code == 422
    assert "another number" in another.get_json()["detail"]
    assert there.checks("equinor-asa") == ()
    entered = there.post(path, record, key=registrar).get_json()
    assert (entered["outcome"], entered["kind"]) == ("passed", "register")
    assert "both are one" in entered["detail"]
    (held,) = there.operator("equinor-asa").evidence
    assert (held.kind, held.checked_by) == (EvidenceKind.REGISTER, f"{there.world.issuer}, registrar {person}")
    assert recheck_due(there.at(timedelta(days=174)), limit=9) == 1
    newest = there.checks("equinor-asa")[0]
    assert (newest.reason, newest.status, newest.kind) == ("look_again", CheckStatus.ALARM, EvidenceKind.REGISTER)


def test_a_check_that_was_cut_short_is_still_due(there: Applicants) -> None:
    applied = there.apply()
    there.post("/v1/operator/register-check", key=applied["api_keys"]["admin"])
    found(there)
    later = there.at(timedelta(hours=1))

    class Killed(BaseException):
        """The process ends."""

    def die(_random: int) -> bytes:
        raise Killed

    with pytest.raises(Killed):
        recheck_due(replace(later, random=die), limit=9)
    assert there.operator("equinor-asa").evidence == ()
    assert recheck_due(later, limit=9) == 1
    assert len(there.operator("equinor-asa").evidence) == 1


def test_nothing_of_a_message_or_key_is_in_the_answers_of_state(there: Applicants) -> None:
    applied = there.apply()
    mine = there.made.client.get("/v1/operator", headers=bearer(applied["api_keys"]["admin"]))
    assert applied["api_keys"]["admin"].rpartition("_")[2] not in mine.get_data(as_text=True)
    assert mine.headers["Cache-Control"] == "private, no-store"
