"""Messages one operator seals for another: whose policy, whose log, what the seal says, and what stops it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.responses import REPLAYED
from registry.lifecycle import change_state_logged
from registry.mandates.model import MandateParty
from registry.model import Environment, Role, StateChange
from sigill.report.standing import State
from sigill.seal.token import parse_seal
from sigill.vocabulary import Channel, Enquiry, Industry, Language
from tests.builders_clients import bearer
from tests.builders_deployment import NOW, TEXT, Deployment, deploy, operator
from tests.builders_mandates import (
    BANK,
    CENTRE,
    OTHER,
    add_system,
    centre,
    deploy_parties,
    given,
    in_force,
    revoked,
    sign_for,
)


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    return deploy_parties(tmp_path)


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def claims_of(response: Any) -> Any:
    assert response.status_code == 201, response.get_data(as_text=True)
    return parse_seal(response.get_json()["seal"]).claims


def test_a_message_under_a_mandate_is_the_principal_s_and_names_who_sealed_it(made: Deployment) -> None:
    mandate = in_force(made)
    response = sign_for(made)
    claims = claims_of(response)
    assert claims.sub.endswith("/registry/operators/exempelbanken")
    assert (claims.op.name, claims.op.ind) == ("Exempelbanken", Industry.BANK)
    assert claims.act.sub.endswith("/registry/operators/kundsvar")
    assert (claims.act.name, claims.act.id, claims.act.mandate) == ("Kundsvar", "NTRSE-TEST-kundsvar", mandate.id)
    assert claims.act.since == mandate.since
    assert response.get_json()["log"]["origin"].endswith("/exempelbanken")


def test_without_a_mandate_a_seal_names_nobody_else(made: Deployment) -> None:
    in_force(made)
    assert claims_of(made.sign(by=CENTRE)).act is None
    assert claims_of(made.sign()).act is None


def test_the_principal_s_policy_decides(made: Deployment) -> None:
    in_force(made)
    asked: dict[str, Any] = {"authorship": "ai", "ai": {"system": "svara"}, "enquiry": "credit_decision"}
    assert problem(sign_for(made, **asked)) == (403, "policy-refusal")
    packs = [response.get_json()["decision"]["policy"]["name"] for response in (sign_for(made), made.sign(by=CENTRE))]
    assert packs == ["bank+EU", "retail+EU"]


@pytest.mark.parametrize("language", list(Language))
def test_verification_says_in_every_language_who_sealed_for_whom(made: Deployment, language: Language) -> None:
    mandate = in_force(made)
    answer = made.verify(seal=sign_for(made).get_json()["seal"], content=TEXT, language=language)
    assert answer["answer"] == "genuine"
    acting = answer["acting"]
    assert (acting["id"], acting["name"], acting["mandate"]) == (CENTRE, "Kundsvar", mandate.id)
    assert acting["page"] == f"{made.services.settings.public_url}/registry/operators/{CENTRE}"
    assert mandate.since is not None
    for said in ("Exempelbanken", "Kundsvar", f"{mandate.since:%Y-%m-%d}"):
        assert said in acting["words"]
    form = {"text": TEXT, "reference": sign_for(made).get_json()["code"]}
    page = made.client.post(f"/check?lang={language}", data=form).get_data(as_text=True)
    assert "Kundsvar" in page


def test_nobody_is_said_to_act_where_the_operator_sealed_itself(made: Deployment) -> None:
    answer = made.verify(seal=made.sign().get_json()["seal"], content=TEXT)
    assert (answer["answer"], answer["acting"]) == ("genuine", None)


def test_nothing_is_sealed_before_the_mandate_is_accepted(made: Deployment) -> None:
    assert problem(sign_for(made)) == (403, "mandate-missing")
    given(made)
    assert problem(sign_for(made)) == (403, "mandate-missing")


@pytest.mark.parametrize("by", list(MandateParty))
def test_what_was_revoked_seals_nothing_more_whoever_revoked_it(made: Deployment, by: MandateParty) -> None:
    mandate = in_force(made)
    assert sign_for(made).status_code == 201
    revoked(made, mandate, by)
    assert problem(sign_for(made)) == (403, "mandate-revoked")
    assert problem(sign_for(made, by=OTHER)) == (403, "mandate-missing")


def test_a_new_mandate_after_a_revoked_one_counts_at_once(made: Deployment) -> None:
    revoked(made, in_force(made))
    assert problem(sign_for(made)) == (403, "mandate-revoked")
    newer = in_force(made)
    assert claims_of(sign_for(made)).act.mandate == newer.id


@pytest.mark.parametrize("who", [BANK, CENTRE])
def test_neither_may_be_suspended(made: Deployment, who: str) -> None:
    in_force(made)
    assert sign_for(made).status_code == 201
    change = StateChange(state=State.SUSPENDED, since=made.services.signing.now(), reason="inquiry")
    change_state_logged(who, change, log=made.services.log, random=made.services.signing.random)
    assert problem(sign_for(made)) == (403, "operator-suspended")


def test_a_mandate_covers_its_channels_purposes_and_enquiries_and_no_more(made: Deployment) -> None:
    in_force(made, channels=(Channel.CHAT,), enquiries=(Enquiry.INFORMATIONAL,))
    assert sign_for(made).status_code == 201
    for change in ({"channel": "email"}, {"purpose": "sales"}, {"enquiry": "complaint"}):
        response = sign_for(made, **change)
        assert problem(response) == (403, "mandate-exceeded"), change
        assert next(iter(change.values())) in response.get_json()["detail"]
    in_force(made, channels=(Channel.EMAIL,))
    assert sign_for(made, channel="email").status_code == 201
    assert sign_for(made, enquiry="complaint").status_code == 403


def test_the_messages_of_a_day_are_counted_and_refusals_are_not(made: Deployment) -> None:
    in_force(made, daily_messages=2)
    refused: dict[str, Any] = {"authorship": "ai", "ai": {"system": "svara"}, "enquiry": "credit_decision"}
    assert [sign_for(made).status_code for _ in range(2)] == [201, 201]
    response = sign_for(made)
    assert problem(response) == (403, "mandate-exceeded")
    assert "2 messages a day" in response.get_json()["detail"]
    assert problem(sign_for(made, **refused)) == (403, "policy-refusal")
    assert made.sign().status_code == 201


def test_a_batch_may_be_for_several_operators_and_each_is_answered_for_itself(made: Deployment) -> None:
    in_force(made, daily_messages=2)
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
    for_bank = body | {"on_behalf_of": BANK, "conversation": "c"}
    messages = [for_bank, body, body | {"on_behalf_of": OTHER}, for_bank, for_bank, body | {"on_behalf_of": CENTRE}]
    response = made.client.post(
        "/v1/messages/batch",
        json={"messages": messages},
        headers=bearer(made.keys[CENTRE]) | {"Idempotency-Key": "one"},
    )
    results = response.get_json()["results"]
    assert [result["status"] for result in results] == [201, 201, 403, 201, 403, 422]
    assert [results[number]["conversation"]["seq"] for number in (0, 3)] == [1, 2]
    origins = [results[number]["log"]["origin"].rpartition("/")[2] for number in (0, 1, 3)]
    assert origins == [BANK, CENTRE, BANK]


def test_the_same_request_again_gets_the_same_answer_even_when_the_mandate_is_gone(made: Deployment) -> None:
    mandate = in_force(made)
    headers = bearer(made.keys[CENTRE]) | {"Idempotency-Key": "k-1"}
    body = {"authorship": "ai", "ai": {"system": "svara"}, "channel": "chat", "enquiry": "informational", "text": TEXT}
    body |= {"on_behalf_of": BANK}
    first = made.client.post("/v1/messages", json=body, headers=headers)
    revoked(made, mandate)
    second = made.client.post("/v1/messages", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.get_json() == first.get_json()
    assert second.headers[REPLAYED] == "true"
    assert "Exempelbanken" in str(first.get_json()["decision"]["texts"])
    changed = made.client.post("/v1/messages", json=body | {"on_behalf_of": OTHER}, headers=headers)
    assert problem(changed) == (422, "idempotency-key-reused")


def test_an_ai_system_is_the_principal_s_or_the_mandatary_s_and_the_seal_says_whose(made: Deployment) -> None:
    in_force(made)
    theirs = claims_of(sign_for(made, authorship="ai", ai={"system": "saga"})).ai
    own = claims_of(sign_for(made, authorship="ai", ai={"system": "svara"})).ai
    assert (theirs.system, theirs.of_actor, own.system, own.of_actor) == ("Saga", False, "Svara", True)
    response = sign_for(made, authorship="ai")
    assert response.get_json()["errors"][0]["allowed_values"] == ["saga", "svara"]
    response = sign_for(made, authorship="ai", ai={"system": "nobody-s"})
    assert problem(response) == (422, "ai-system-unknown")
    assert response.get_json()["errors"][0]["allowed_values"] == ["saga", "svara"]
    answer = made.verify(seal=sign_for(made, authorship="ai", ai={"system": "svara"}).get_json()["seal"], content=TEXT)
    assert answer["authorship"]["ai_system"]["operator"] == CENTRE


def test_a_name_both_use_needs_to_be_said_whose(made: Deployment) -> None:
    in_force(made)
    add_system(made, CENTRE, "saga", name="Our Saga")
    response = sign_for(made, authorship="ai", ai={"system": "saga"})
    assert response.get_json()["errors"][0] == {
        "pointer": "/ai/of",
        "detail": "both have a system of this name",
        "allowed_values": [BANK, CENTRE],
    }
    for owner, name in ((BANK, "Saga"), (CENTRE, "Our Saga")):
        assert claims_of(sign_for(made, authorship="ai", ai={"system": "saga", "of": owner})).ai.system == name
    response = sign_for(made, authorship="ai", ai={"system": "saga", "of": OTHER})
    assert response.get_json()["errors"][0]["pointer"] == "/ai/of"
    assert made.sign(authorship="ai", ai={"system": "saga", "of": BANK}).status_code == 201


def test_decisions_are_asked_for_as_messages_are(made: Deployment) -> None:
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "on_behalf_of": BANK}
    headers = bearer(made.keys[CENTRE])
    assert problem(made.client.post("/v1/decisions", json=body, headers=headers)) == (403, "mandate-missing")
    in_force(made)
    answer = made.client.post("/v1/decisions", json=body, headers=headers).get_json()
    assert answer["policy"] == sign_for(made).get_json()["decision"]["policy"]


def test_who_sealed_a_message_reads_it_and_so_does_its_sender_but_nobody_else(made: Deployment) -> None:
    mandate = in_force(made)
    message_id = sign_for(made).get_json()["id"]
    revoked(made, mandate)
    auditor = made.new_key(role=Role.AUDITOR, operator_id=CENTRE)
    for path in (f"/v1/messages/{message_id}", f"/v1/messages/{message_id}/proof"):
        answers = [made.client.get(path, headers=bearer(made.keys[who])) for who in (BANK, CENTRE, OTHER)]
        assert [response.status_code for response in answers] == [200, 200, 404]
        assert made.client.get(path, headers=bearer(auditor)).status_code == 200
    own = made.sign().get_json()["id"]
    assert made.client.get(f"/v1/messages/{own}", headers=bearer(made.keys[CENTRE])).status_code == 404


def test_who_seals_under_a_mandate_replaces_only_what_it_sealed_itself(made: Deployment) -> None:
    in_force(made)
    own, theirs = made.sign(conversation="c").get_json(), sign_for(made, conversation="c").get_json()
    response = sign_for(made, conversation="c", edits=own["id"])
    assert problem(response) == (422, "edit-refused")
    assert claims_of(sign_for(made, conversation="c", edits=theirs["id"])).edits == theirs["id"]
    newer = sign_for(made, conversation="c").get_json()
    assert claims_of(made.sign(conversation="c", edits=newer["id"])).act is None


def test_a_conversation_is_the_principal_s_whoever_seals_in_it(made: Deployment) -> None:
    in_force(made)
    first, second = made.sign(conversation="c").get_json(), sign_for(made, conversation="c").get_json()
    assert second["conversation"] == {"id": first["conversation"]["id"], "seq": 2}
    own = made.sign(by=CENTRE, conversation="c").get_json()
    assert own["conversation"]["id"] != first["conversation"]["id"]


def test_nothing_under_a_mandate_claims_a_release(made: Deployment) -> None:
    in_force(made)
    response = sign_for(made, attestation={"id": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"})
    assert problem(response) == (422, "request-invalid")
    assert response.get_json()["errors"][0]["pointer"].startswith("/attestation")


def test_an_operator_needs_no_mandate_of_its_own(made: Deployment) -> None:
    response = sign_for(made, by=BANK)
    assert problem(response) == (422, "request-invalid")
    assert response.get_json()["errors"][0]["pointer"] == "/on_behalf_of"


@pytest.mark.parametrize("value", [1, None, [], {}, "", "x" * 64])
def test_on_behalf_of_is_an_operator_s_id(made: Deployment, value: object) -> None:
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT, "on_behalf_of": value}
    response = made.client.post("/v1/messages", json=body, headers=bearer(made.keys[CENTRE]))
    assert problem(response) == (422, "request-invalid")


@pytest.mark.parametrize("value", ["nobody", "a\x00b", "../kundsvar", "ROOT", "åäö"])
def test_an_operator_that_is_not_there_has_given_no_mandate(made: Deployment, value: str) -> None:
    assert problem(sign_for(made, on_behalf_of=value)) == (403, "mandate-missing")


def test_two_test_operators_have_mandates_and_their_seals_are_tests(tmp_path: Path) -> None:
    trying = {"environment": Environment.TEST}
    made = deploy(tmp_path, operator(BANK, **trying), centre(**trying))
    offered = given_in_test(made)
    assert claims_of(offered).op.test
    answer = made.verify(seal=offered.get_json()["seal"], content=TEXT)
    assert (answer["reason"], answer["sender"]["environment"]) == ("test_seal", "test")


def given_in_test(made: Deployment) -> Any:
    headers = {who: bearer(made.new_key(role=Role.ADMIN, operator_id=who)) for who in (BANK, CENTRE)}
    until = f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"
    body = {"to": CENTRE, "channels": ["chat"], "purposes": ["service"], "valid_until": until}
    mandate = made.client.post("/v1/operator/mandates", json=body, headers=headers[BANK]).get_json()
    path = f"/v1/operator/mandates/{mandate['id']}/accept"
    assert made.client.post(path, headers=headers[CENTRE]).get_json()["state"] == "in_force"
    return sign_for(made)
