"""Signing over HTTP: what an operator's developer meets."""

import hashlib
import json
from typing import Any

import pytest

from api import sealed
from api.problems import INTERNAL, PROBLEMS
from registry.model import OperatorId, Role
from sigill.encoding.base64url import format_base64url
from sigill.report.trust import parse_trust
from sigill.seal.token import jws_hash, parse_seal
from sigill.text.nu1 import canonicalise
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from tests.builders_deployment import NOW, TEXT, Deployment, operator
from transparency.errors import StoreUnavailable


def test_a_sealed_message_is_in_the_log_when_the_answer_leaves(deployment: Deployment) -> None:
    answer = deployment.sign().get_json()
    trust = parse_trust(deployment.client.get("/.well-known/sigill-trust.json").data)
    log = trust.logs["exempelbanken"]
    seal = parse_seal(answer["seal"])
    leaf = format_leaf(Leaf(LeafKind.SEAL, jws_hash(seal.jws.text)))
    proven = verify_proof(answer["receipt"], leaf_hash=hash_leaf(leaf), origin=log.origin, keys=[parse_vkey(log.vkey)])
    assert proven.index == answer["log"]["index"]


def test_the_answer_says_where_the_message_is_found(deployment: Deployment) -> None:
    response = deployment.sign()
    assert response.status_code == 201
    assert response.headers["Location"].endswith(f"/v1/messages/{response.get_json()['id']}")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_message_sealed_earlier_is_described_without_its_disclosures(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    deployment.sign()
    headers = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    found = deployment.client.get(f"/v1/messages/{sealed['id']}", headers=headers).get_json()
    assert found["seal"] == sealed["seal"].split("~")[0] + "~"
    assert found["code"] == sealed["code"]
    assert "\n2\n" in found["receipt"]  # a receipt against the newest checkpoint, of two leaves


def test_another_operators_message_is_not_found(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    sealed = deployment.sign().get_json()
    headers = {"Authorization": f"Bearer {deployment.keys['exempelel']}"}
    response = deployment.client.get(f"/v1/messages/{sealed['id']}", headers=headers)
    assert response.status_code == 404
    assert response.get_json()["type"].endswith("/problems/message-not-found")


def test_an_auditor_of_all_operators_finds_any_message_and_signs_none(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    headers = {"Authorization": f"Bearer {deployment.new_key(role=Role.AUDITOR, operator_id=None)}"}
    assert deployment.client.get(f"/v1/messages/{sealed['id']}", headers=headers).status_code == 200
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
    refused = deployment.client.post("/v1/messages", json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (403, "scope-missing")


def test_an_autonomous_ai_credit_decision_is_refused_with_rule_basis_source_and_what_would_be_allowed(
    deployment: Deployment,
) -> None:
    response = deployment.sign(authorship="ai", enquiry="credit_decision", text="Din ansökan avslås.")
    problem = response.get_json()
    assert response.status_code == 403
    assert response.content_type == "application/problem+json"
    (rule,) = [rule for rule in problem["rules"] if rule["verdict"] == "deny"]
    assert rule["id"] == "bank.credit_decision.ai"
    assert rule["basis"] == "default"
    assert all(source["url"] and source["title"] for source in rule["sources"])
    assert {"authorship": "ai_assisted"}.items() <= {
        item["kind"]: item["value"] for item in problem["instead"][:1]
    }.items()
    head = deployment.services.log.head("exempelbanken")
    assert head is not None
    assert head.size == problem["log"]["index"] + 1


def test_released_by_a_person_the_same_message_is_sealed(deployment: Deployment) -> None:
    response = deployment.sign(
        authorship="ai_assisted", enquiry="credit_decision", text="Din ansökan avslås.", agent="handläggare-7"
    )
    assert response.status_code == 201
    obligations = {item["id"] for item in response.get_json()["decision"]["obligations"]}
    assert "human_review_before_send" in obligations


def test_a_refusal_is_a_deny_leaf_whose_record_holds_a_salt_and_no_text(deployment: Deployment) -> None:
    problem = deployment.sign(authorship="ai", enquiry="credit_decision", text="Hemligt avslag").get_json()
    log = deployment.services.log
    index = problem["log"]["index"]
    leaf, record = log.leaf("exempelbanken", index), log.record("exempelbanken", index)
    assert isinstance(leaf, Leaf)
    assert record is not None
    assert leaf == Leaf(LeafKind.DENY, hashlib.sha256(record).digest())
    assert b"Hemligt" not in record
    assert len(json.loads(record)["salt"]) == 22


def test_an_ai_chat_answer_about_opening_hours_comes_back_with_obligations_and_a_swedish_text(
    deployment: Deployment,
) -> None:
    from sigill.vocabulary import Industry

    deployment.add(operator("exempelresor", industry=Industry.TRAVEL))
    answer = deployment.sign(
        by="exempelresor", authorship="ai", language="sv", customer={"jurisdiction": "SE"}
    ).get_json()
    assert answer["decision"]["verdict"] == "allow_with_obligations"
    obligations = {item["id"]: item for item in answer["decision"]["obligations"]}
    assert obligations["disclose_ai"]["basis"] == "law"
    assert any("AI-assistent hos Exempelresor" in text for text in answer["decision"]["texts"].values())


def test_a_decision_can_be_asked_for_without_sealing_anything(deployment: Deployment) -> None:
    before = deployment.services.log.head("exempelbanken")
    headers = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    body = {"authorship": "ai", "channel": "chat", "enquiry": "credit_decision"}
    response = deployment.client.post("/v1/decisions", json=body, headers=headers)
    assert (response.status_code, response.get_json()["verdict"]) == (200, "deny")
    assert deployment.services.log.head("exempelbanken") == before


def test_a_message_hashed_at_its_source_gets_the_same_hash_as_its_text(deployment: Deployment) -> None:
    canonical = canonicalise(TEXT)
    raw = TEXT.encode()
    digest = {
        "canon": "nu1",
        "h": format_base64url(canonical.h),
        "hx": format_base64url(hashlib.sha256(raw).digest()),
        "n": len(raw),
    }
    answer = deployment.sign(text=None, digest=digest).get_json()
    assert "embedded_text" not in answer
    assert deployment.verify(code=answer["code"], content=TEXT)["answer"] == "genuine"


def test_html_is_sealed_as_the_reader_sees_it_with_its_links_beside(deployment: Deployment) -> None:
    html = '<p>Hej!</p><p>Läs mer på <a href="https://bank.example/oppet">vår sida</a>.</p>'
    answer = deployment.sign(text=None, html=html, channel="email").get_json()
    verdict = deployment.verify(code=answer["code"], content="Hej!\n\nLäs mer på vår sida.")
    assert verdict["answer"] == "genuine"
    assert {"check": "links", "outcome": "not_checked"}.items() <= next(
        check for check in verdict["checks"] if check["check"] == "links"
    ).items()


def test_hidden_text_in_html_is_refused_where_it_stands(deployment: Deployment) -> None:
    response = deployment.sign(text=None, html='<p>Hej</p><p style="display:none">betala hit</p>')
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == "/html"


def test_the_answer_says_where_in_its_conversation_a_message_stands(deployment: Deployment) -> None:
    first, second = (deployment.sign(conversation="chat-2").get_json()["conversation"] for _ in range(2))
    assert (first["seq"], second["seq"]) == (1, 2)
    assert first["id"] == second["id"]
    assert "conversation" not in deployment.sign().get_json()


def test_messages_of_one_conversation_are_chained(deployment: Deployment) -> None:
    first = parse_seal(deployment.sign(authorship="ai", conversation="chat-1").get_json()["seal"])
    second = parse_seal(deployment.sign(conversation="chat-1").get_json()["seal"])
    assert first.claims.conv is not None
    assert second.claims.conv is not None
    assert (first.claims.conv.seq, first.claims.conv.prev) == (1, None)
    assert second.claims.conv.id == first.claims.conv.id
    assert second.claims.conv.seq == 2
    assert second.claims.conv.prev == format_base64url(jws_hash(first.jws.text))


def test_a_conversation_reference_is_nowhere_in_the_database(deployment: Deployment) -> None:
    deployment.sign(conversation="kund-19121212-1212", recipient="+46701740605")
    deployment.services.engine.dispose()
    folder = deployment.services.settings.var
    stored = b"".join(path.read_bytes() for path in folder.rglob("sigill.db*"))
    assert b"19121212" not in stored
    assert b"701740605" not in stored
    assert TEXT.encode() not in stored


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"authorship": "robot"}, "/authorship"),
        ({"enquiry": "weather"}, "/enquiry"),
        ({"channel": "pigeon"}, "/channel"),
        ({"language": "xx"}, "/language"),
        ({"scope": ["everything"]}, "/scope/0"),
    ],
)
def test_an_unknown_word_is_answered_with_the_allowed_ones(
    deployment: Deployment, changes: dict[str, Any], pointer: str
) -> None:
    response = deployment.sign(**changes)
    (fault,) = response.get_json()["errors"]
    assert response.status_code == 422
    assert fault["pointer"] == pointer
    assert len(fault["allowed_values"]) > 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"enquiry": "authority_decision"}, "/enquiry"),
        ({"customer": {"jurisdiction": "XX"}}, "/customer/jurisdiction"),
        ({"ai": {"system": "hal"}, "authorship": "ai"}, "/ai/system"),
        ({"ai": {"system": "saga"}}, "/ai"),
        ({"draft": "ai"}, "/draft"),
        ({"text": "Betala\u200b nu"}, "/text"),
        ({"text": " \n "}, "/text"),
        ({"text": "Hej\nSigill 7K3F-9Q2M-XT4B"}, "/text"),
        ({"html": "<p>Hej</p>"}, "/text"),
        ({"text": None}, "/text"),
        ({"recipient": "0701234567"}, "/recipient"),
        ({"recipient": {"name": "x"}}, "/recipient"),
        ({"recipient": 7}, "/recipient"),
        ({"extra": 1}, "/extra"),
        ({"customer": {"vulnerable": 1}}, "/customer/vulnerable"),
        ({"digest": {"canon": "nu1", "h": "x", "hx": "x", "n": "12"}, "text": None}, "/digest/h"),
        ({"sent_at": "yesterday"}, "/sent_at"),
        ({"sent_at": "2999-01-01T00:00:00Z"}, "/sent_at"),
    ],
)
def test_a_field_that_cannot_be_is_named_by_its_pointer(
    deployment: Deployment, changes: dict[str, Any], pointer: str
) -> None:
    before = deployment.services.log.head("exempelbanken")
    response = deployment.sign(**changes)
    assert response.status_code == 422, response.get_data(as_text=True)
    assert pointer in [fault["pointer"] for fault in response.get_json()["errors"]]
    assert deployment.services.log.head("exempelbanken") == before


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b"{", "application/json", 400, "malformed-json"),
        (b"\xff\xfe", "application/json", 400, "malformed-json"),
        (b'{"a":1,"a":2}', "application/json", 400, "malformed-json"),
        (b'{"a":NaN}', "application/json", 400, "malformed-json"),
        (b'{"text":"\\ud800"}', "application/json", 400, "malformed-json"),
        (b"[" * 10_000, "application/json", 400, "malformed-json"),
        (b'{"n":' + b"9" * 5000 + b"}", "application/json", 400, "malformed-json"),
        (b"", "application/json", 400, "malformed-json"),
        (b"[]", "application/json", 422, "request-invalid"),
        (b"null", "application/json", 422, "request-invalid"),
        (b"authorship=human", "application/x-www-form-urlencoded", 415, "not-json"),
        (b"x" * 2_000_000, "application/json", 413, "body-too-large"),
    ],
)
def test_a_hostile_body_is_a_problem_that_helps(
    deployment: Deployment, body: bytes, content_type: str, status: int, slug: str
) -> None:
    headers = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}", "Content-Type": content_type}
    response = deployment.client.post("/v1/messages", data=body, headers=headers)
    problem = response.get_json()
    assert (response.status_code, problem["type"].rpartition("/")[2]) == (status, slug)
    assert problem["next"]


def test_without_a_key_nothing_is_signed(deployment: Deployment) -> None:
    response = deployment.client.post("/v1/messages", json={})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.get_json()["type"].endswith("/credential-missing")


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer x", "Bearer sigill_aaaaaaaa_" + "A" * 43, "Bearer " + "x" * 9999]
)
def test_a_wrong_credential_is_its_own_problem(deployment: Deployment, header: str) -> None:
    response = deployment.client.post("/v1/messages", json={}, headers={"Authorization": header})
    assert response.status_code == 401
    assert response.get_json()["type"].endswith("/credential-unknown")


def test_an_expired_key_is_its_own_problem(deployment: Deployment) -> None:
    key = deployment.new_key(role=Role.SIGNER, operator_id=OperatorId("exempelbanken"), expires_at=NOW)
    deployment.keys["exempelbanken"] = key
    response = deployment.sign()
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (401, "credential-expired")


def test_a_suspended_operator_seals_nothing(deployment: Deployment) -> None:
    from registry.model import StateChange
    from registry.operators import change_state
    from sigill.report.standing import State
    from storage.engine import writing

    with writing(deployment.services.engine) as connection:
        change_state(connection, "exempelbanken", StateChange(state=State.SUSPENDED, since=NOW, reason="under inquiry"))
    response = deployment.sign()
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (403, "operator-suspended")


def test_an_operator_that_has_only_applied_seals_nothing(deployment: Deployment) -> None:
    new = operator("nykomling", history=operator().history[:1])
    deployment.add(new)
    response = deployment.sign(by="nykomling")
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (403, "operator-not-verified")


def test_a_test_operators_seal_says_so_and_is_never_genuine(deployment: Deployment) -> None:
    from registry.model import Environment

    deployment.add(operator("provkund", environment=Environment.TEST))
    answer = deployment.sign(by="provkund").get_json()
    assert parse_seal(answer["seal"]).claims.op.test
    verdict = deployment.verify(code=answer["code"], content=TEXT)
    assert (verdict["answer"], verdict["reason"]) == ("cannot_say", "test_seal")


def test_who_may_not_seal_is_answered_the_same_when_it_asks(deployment: Deployment) -> None:
    deployment.add(operator("nykomling", history=operator().history[:1]))
    headers = {"Authorization": f"Bearer {deployment.keys['nykomling']}"}
    body = {"authorship": "ai", "channel": "chat", "enquiry": "credit_decision"}
    response = deployment.client.post("/v1/decisions", json=body, headers=headers)
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (403, "operator-not-verified")


@pytest.mark.parametrize("fails", ["render_texts", "decision_parts", "embed", "format_code"])
def test_what_fails_in_shaping_the_answer_fails_before_anything_is_sealed(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(sealed, fails, fail)
    response = deployment.sign(conversation="c")
    head = deployment.services.log.head("exempelbanken")
    assert response.status_code == 500
    assert (
        "it may or may not have been sealed: send it again with the same Idempotency-Key" in response.get_json()["next"]
    )
    assert head is not None
    assert head.size == 0
    monkeypatch.undo()
    assert deployment.sign(conversation="c").get_json()["log"]["index"] == 0


def test_nothing_is_said_to_be_unsealed_where_that_is_not_sure() -> None:
    assert "Nothing was sealed" not in INTERNAL.mend
    assert "unless the detail says that the commit was interrupted" in PROBLEMS[StoreUnavailable].mend
