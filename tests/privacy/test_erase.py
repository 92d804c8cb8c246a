"""Erasing: a leaf that says so, nothing left but a tombstone, every proof still holds; once, however often asked."""

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest

from conversations.tables import conversation_entries, conversations, edits
from policies.tables import decisions
from privacy import erase as module
from privacy.errors import RecordNotFound, RequesterInvalid, RetentionNotOver
from registry.errors import OperatorNotFound
from settings import read_settings
from sigill.encoding.base64url import format_base64url
from sigill.report.chain import check_chain
from sigill.report.trust import parse_trust
from sigill.seal.token import parse_seal
from sigill.status.token import parse_status_list
from sigill.tlog.erasure import Ground, parse_erasure
from sigill.tlog.leaf import AnyLeaf, Leaf, LeafKind, format_leaf, leaf_of
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from sigill.vocabulary import WithdrawalReason
from signing.withdraw import withdraw
from storage.engine import writing
from storage.metadata import metadata
from tests.builders_deployment import NOW, TEXT, Deployment
from tests.builders_log_over_http import check_whole_log
from tests.builders_privacy import BANK, REFUSED, TELCO, auditor, erase_it, rows
from transparency.erasures import forgotten_name
from transparency.errors import GuardFailed, LogUnknown, StoreUnavailable
from transparency.log import TransparencyLog
from transparency.tables import records, tokens, tombstones, withdrawals
from wiring import build_services


def sealed(made: Deployment, **changes: Any) -> dict[str, Any]:
    response = made.sign(**changes)
    assert response.status_code == 201, response.get_data(as_text=True)
    value: dict[str, Any] = response.get_json()
    return value


def jws_of(answer: dict[str, Any]) -> str:
    return str(answer["seal"].split("~")[0])


def test_an_erasure_is_a_leaf_whose_record_says_who_asked_and_why(made: Deployment) -> None:
    seal = sealed(made)
    done = erase_it(made, seal["id"])
    body = made.services.log.record(BANK, done.index)
    assert body is not None
    assert made.services.log.leaf(BANK, done.index) == leaf_of(LeafKind.ERASE, body)
    said = parse_erasure(body)
    assert (said.indexes, said.kind, said.log_id) == ((seal["log"]["index"],), LeafKind.SEAL, BANK)
    assert (said.ground, said.requester) == (Ground.DATA_SUBJECT_REQUEST, "DPO-2026-117")
    assert said.at == int((NOW + timedelta(days=2000)).timestamp())
    assert (done.erased, done.id) == (seal["log"]["index"], seal["id"])


def test_every_proof_of_every_leaf_still_verifies(made: Deployment) -> None:
    before, seal, after = sealed(made), sealed(made), sealed(made)
    done = erase_it(made, seal["id"])
    check_whole_log(made, BANK)
    log = made.services.trust().logs[BANK]
    proofs: list[tuple[str, AnyLeaf]] = [(done.receipt, made.services.log.leaf(BANK, done.index))]
    for each in (before, seal, after):
        leaf: AnyLeaf = Leaf(LeafKind.SEAL, hashlib.sha256(jws_of(each).encode()).digest())
        proofs += [(each["receipt"], leaf), (made.services.log.receipt(BANK, each["log"]["index"]), leaf)]
    for receipt, leaf in proofs:
        verify_proof(receipt, leaf_hash=hash_leaf(format_leaf(leaf)), origin=log.origin, keys=[parse_vkey(log.vkey)])


def test_nothing_of_the_message_is_left_in_any_row(made: Deployment) -> None:
    seal = sealed(made, conversation="chat-1", recipient="+46701234567")
    withdraw(seal["id"], operator_id=BANK, reason=WithdrawalReason.WRONG_RECIPIENT, world=made.services.signing)
    erase_it(made, seal["id"])
    claims = parse_seal(seal["seal"]).claims
    said = (seal["id"], seal["code"].replace("-", ""), jws_of(seal), claims.rcp or "", seal["conversation"]["id"])
    for table in metadata.sorted_tables:
        for row in rows(made, table):
            for value in row.values():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                assert not [part for part in said if part in text], (table.name, row)


def test_the_code_and_the_id_of_an_erased_message_look_like_unknown_ones(made: Deployment) -> None:
    seal = sealed(made)
    erase_it(made, seal["id"])
    known = made.verify(code=seal["code"], content=TEXT)
    unknown = made.verify(code="0000-0000-0000", content=TEXT)
    assert {name for name in known if known[name] != unknown[name]} <= {"receipt", "checked_at"}
    assert known["reason"] == "code_unknown"
    key = {"Authorization": f"Bearer {made.keys[BANK]}"}
    answers = [
        made.client.get(f"/v1/messages/{each}", headers=key) for each in (seal["id"], "01JD8Z6Q2V4T7M9K3C5B1A0XYZ")
    ]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].get_json() == answers[1].get_json()


def test_whoever_keeps_the_sealed_message_is_still_told_the_truth(made: Deployment) -> None:
    seal = sealed(made)
    assert made.verify(seal=seal["seal"], content=TEXT)["reason"] == "genuine"
    erase_it(made, seal["id"])
    found = made.verify(seal=seal["seal"], content=TEXT)
    assert (found["answer"], found["reason"]) == ("genuine", "genuine_erased_since")
    assert {check["detail"] for check in found["checks"] if check["check"] == "log"} == {"in_the_log"}
    assert made.verify(seal=seal["seal"], content=TEXT + " Ring oss.")["answer"] == "not_genuine"
    alone = made.verify(seal=seal["seal"])
    assert (alone["answer"], alone["reason"]) == ("incomplete", "give_content")


def test_a_withdrawn_message_stays_withdrawn_online_and_in_its_list(made: Deployment) -> None:
    seal = sealed(made)
    claim = parse_seal(seal["seal"]).claims.status
    assert claim is not None
    withdraw(seal["id"], operator_id=BANK, reason=WithdrawalReason.FRAUD, world=made.services.signing)
    done = erase_it(made, seal["id"])
    assert made.verify(seal=seal["seal"], content=TEXT)["reason"] == "withdrawn"
    published = made.services.status_lists.current(int(claim.uri.rpartition("/")[2]))
    assert published is not None
    assert parse_status_list(published.token.decode()).list.status(claim.idx) == 1
    (kept,) = rows(made, withdrawals)
    assert (kept["jti"], kept["reason"]) == (forgotten_name(seal["id"]), "other")
    assert made.services.log.record(BANK, kept["idx"]) is None
    stones = {row["idx"]: row["kind"] for row in rows(made, tombstones)}
    assert stones == {done.erased: "seal", kept["idx"]: "revoke"}


def test_asking_again_gets_the_same_answer(made: Deployment) -> None:
    seal = sealed(made)
    first = erase_it(made, seal["id"])
    sealed(made)
    again = erase_it(made, seal["id"], ground=Ground.OPERATOR_REQUEST, requester="somebody else", days=2500)
    assert again == first
    assert len([row for row in rows(made, records) if row["kind"] == "erase"]) == 1


def test_many_at_once_in_two_processes_make_one_erasure(made: Deployment) -> None:
    seal = sealed(made)
    settings = made.services.settings
    other = build_services(read_settings({"VAR": str(settings.var), "DATABASE_URL": settings.database_url}))
    deployments = [made, Deployment(other, made.app)] * 3
    answers: list[Any] = []
    ready = threading.Barrier(len(deployments))

    def one(each: Deployment) -> None:
        ready.wait()
        answers.append(erase_it(each, seal["id"]))

    threads = [threading.Thread(target=one, args=(each,)) for each in deployments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.engine.dispose()
    assert len(answers) == len(deployments)
    assert len({(answer.index, answer.receipt) for answer in answers}) == 1


def test_within_the_minimum_it_is_refused_with_the_rule_and_the_day(made: Deployment) -> None:
    seal = sealed(made)
    for days in (0, 89.9):
        with pytest.raises(RetentionNotOver, match=r"90 days \(rule bank.minimum, basis: default\)") as raised:
            erase_it(made, seal["id"], days=days)
        assert timedelta(days=90) <= raised.value.until - NOW < timedelta(days=90, hours=1)  # it was sealed since
    assert rows(made, tombstones) == []
    erase_it(made, seal["id"], days=90.1)


def test_an_order_of_a_court_outranks_the_minimum_and_is_logged_as_one(made: Deployment) -> None:
    seal = sealed(made)
    done = erase_it(made, seal["id"], days=0, ground=Ground.AUTHORITY_ORDER, requester="T 1234-26")
    body = made.services.log.record(BANK, done.index)
    assert body is not None
    assert parse_erasure(body).ground is Ground.AUTHORITY_ORDER


def test_what_a_law_asks_to_be_kept_is_kept_so_long(made: Deployment) -> None:
    seal = sealed(made, enquiry="advice", authorship="human", customer={"jurisdiction": "SE"})
    with pytest.raises(RetentionNotOver, match=r"1825 days \(rule retain_record, basis: law\)"):
        erase_it(made, seal["id"], days=1800)
    erase_it(made, seal["id"], days=1826)


def test_a_refusal_is_erased_by_its_decision_s_id(made: Deployment) -> None:
    refused = made.sign(**REFUSED)
    assert refused.status_code == 403
    decision_id, index = refused.get_json()["decision_id"], refused.get_json()["log"]["index"]
    assert made.services.log.record(BANK, index) is not None
    done = erase_it(made, decision_id)
    assert done.erased == index
    assert made.services.log.record(BANK, index) is None
    assert rows(made, decisions) == []
    assert [row["kind"] for row in rows(made, tombstones)] == ["deny"]
    check_whole_log(made, BANK)


def test_an_idempotency_key_does_not_bring_back_what_was_erased(made: Deployment) -> None:
    headers = {"Authorization": f"Bearer {made.keys[BANK]}", "Idempotency-Key": "k1"}
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
    seal = made.client.post("/v1/messages", json=body, headers=headers).get_json()
    erase_it(made, seal["id"], ground=Ground.AUTHORITY_ORDER)
    again = made.client.post("/v1/messages", json=body, headers=headers)
    assert again.status_code == 404
    assert rows(made, tokens) == []


def test_only_what_is_the_operator_s_own_is_erased(made: Deployment) -> None:
    seal = sealed(made)
    for message_id, by in ((seal["id"], TELCO), ("01JD8Z6Q2V4T7M9K3C5B1A0XYZ", BANK), ("nothing", BANK), ("", BANK)):
        with pytest.raises(RecordNotFound):
            erase_it(made, message_id, operator_id=by)
    with pytest.raises(OperatorNotFound):
        erase_it(made, seal["id"], operator_id="nobody")
    done = erase_it(made, seal["id"])
    with pytest.raises(RecordNotFound):
        erase_it(made, seal["id"], operator_id=TELCO)
    assert len(rows(made, tombstones)) == 1 == done.index - done.erased


@pytest.mark.parametrize(
    "requester",
    ["", " x", "x" * 81, "two\nlines", "anna@example.com", "19800101-1234", "+46 70 123 45 67", "0701-234567"],
)
def test_a_requester_is_a_short_reference_without_personal_data(made: Deployment, requester: str) -> None:
    with pytest.raises(RequesterInvalid):
        erase_it(made, sealed(made)["id"], requester=requester)
    assert rows(made, tombstones) == []


def test_who_always_loses_is_told_so(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = sealed(made)
    tried: list[str] = []

    def faster(*_: Any, **__: Any) -> None:
        tried.append("again")
        raise GuardFailed("somebody was faster")

    monkeypatch.setattr(module, "erase_together", faster)
    with pytest.raises(GuardFailed, match="every try"):
        erase_it(made, seal["id"])
    assert len(tried) == module.MAX_TRIES


def test_an_erasure_whose_log_is_gone_is_an_error(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = sealed(made)
    erase_it(made, seal["id"])
    monkeypatch.setattr(TransparencyLog, "head", lambda *_: None)
    with pytest.raises(LogUnknown):
        erase_it(made, seal["id"])


@pytest.mark.parametrize("hidden", ["tombstones", "decisions"])
def test_a_database_that_does_not_answer_is_told_as_that(made: Deployment, hidden: str) -> None:
    seal = sealed(made)
    with writing(made.services.engine) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {hidden} RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        erase_it(made, seal["id"])


# --- conversations ---


def conversation(made: Deployment, conversation_id: str) -> Any:
    return made.client.get(f"/v1/conversations/{conversation_id}?limit=2", headers=auditor(made))


def whole(made: Deployment, conversation_id: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = made.client.get(f"/v1/conversations/{conversation_id}?limit=2{cursor}", headers=auditor(made)).get_json()
        entries += page["entries"]
        if page["next"] is None:
            return entries
        cursor = f"&cursor={page['next']}"


def test_a_conversation_says_erased_in_that_place_and_its_chain_holds(made: Deployment) -> None:
    messages = [sealed(made, conversation="chat-1") for _ in range(5)]
    conversation_id = messages[0]["conversation"]["id"]
    for number in (1, 2, 4):
        erase_it(made, messages[number]["id"])
    found = whole(made, conversation_id)
    assert [(each["seq"], each["kind"]) for each in found] == [
        (1, "message"),
        (2, "erased"),
        (3, "erased"),
        (4, "message"),
        (5, "erased"),
    ]
    gone = found[1]
    digest = hashlib.sha256(jws_of(messages[1]).encode()).digest()
    assert gone["jws_hash"] == format_base64url(digest)
    assert gone["erased_at"] == (NOW + timedelta(days=2000)).isoformat()
    assert {name for name, value in gone.items() if value is not None} == {"seq", "kind", "jws_hash", "erased_at"}
    trust = parse_trust(made.client.get("/.well-known/sigill-trust.json").data)
    links = [each["jws"] for each in found if each["kind"] != "erased"]
    left = {each["seq"]: each["jws_hash"] for each in found if each["kind"] == "erased"}
    assert check_chain(links, trust=trust, erased=left) == ()
    assert [fault.name for fault in check_chain(links, trust=trust)] == ["missing"]
    wrong = left | {3: left[2]}
    assert [(fault.name, fault.seq) for fault in check_chain(links, trust=trust, erased=wrong)] == [("altered", 4)]


def test_a_conversation_goes_on_after_what_was_erased(made: Deployment) -> None:
    first = sealed(made, conversation="chat-1")
    second = sealed(made, conversation="chat-1")
    erase_it(made, second["id"])
    third = sealed(made, conversation="chat-1")
    assert third["conversation"] == {"id": first["conversation"]["id"], "seq": 3}
    claims = parse_seal(third["seal"]).claims
    assert claims.conv is not None
    assert claims.conv.prev == format_base64url(hashlib.sha256(jws_of(second).encode()).digest())


def test_with_its_last_entry_a_conversation_goes_and_its_reference_begins_anew(made: Deployment) -> None:
    first = sealed(made, conversation="chat-1")
    key = {"Authorization": f"Bearer {made.keys[BANK]}"}
    address = f"/v1/conversations/{first['conversation']['id']}/events"
    event = made.client.post(address, json={"kind": "human_joined"}, headers=key).get_json()
    erase_it(made, first["id"])
    assert len(rows(made, conversations)) == 1
    erase_it(made, event["id"])
    assert (rows(made, conversations), rows(made, conversation_entries)) == ([], [])
    assert {row["conversation_id"] for row in rows(made, tombstones)} == {None}
    assert conversation(made, first["conversation"]["id"]).status_code == 404
    anew = sealed(made, conversation="chat-1")
    assert anew["conversation"]["seq"] == 1
    assert anew["conversation"]["id"] != first["conversation"]["id"]


def test_who_keeps_a_replaced_message_is_told_so_whichever_was_erased(made: Deployment) -> None:
    first = sealed(made, conversation="chat-1")
    second = sealed(made, conversation="chat-1", edits=first["id"])
    erase_it(made, second["id"])
    assert made.verify(seal=first["seal"], content=TEXT)["reason"] == "genuine_newer_version"
    (older, _) = whole(made, first["conversation"]["id"])
    assert older["edited_by"]["id"] is None
    refused = made.sign(conversation="chat-1", edits=first["id"])
    assert "erased since" in refused.get_json()["detail"]
    erase_it(made, first["id"])
    assert made.verify(seal=first["seal"], content=TEXT)["reason"] == "genuine_newer_version"
    assert made.verify(seal=second["seal"], content=TEXT)["reason"] == "genuine_erased_since"
    (kept,) = rows(made, edits)
    assert {kept["edited_jti"][0], kept["jti"][0]} == {"~"}
