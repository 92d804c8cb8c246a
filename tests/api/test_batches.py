"""Batches over HTTP: each message stands for itself, in order, and a retry seals only what is not sealed yet."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.resources import messages
from api.schemas.messages import MAX_BATCH, ResultsSchema, SealedSchema
from api.sealing import seal_messages
from api.world import BATCHES_AT_ONCE
from policies.records import load_decision
from registry.model import StateChange
from registry.operators import change_state
from sigill.encoding.base64url import format_base64url
from sigill.report.standing import State
from sigill.report.trust import parse_trust
from sigill.seal.token import jws_hash, parse_seal
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from storage.engine import reading, writing
from tests.builders_deployment import NOW, TEXT, Deployment
from transparency.errors import StoreUnavailable
from wiring import build_app

BANK = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
JSON = "application/json"


def post(made: Deployment, body: object, *, key: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {made.keys[BANK]}", "Content-Type": JSON}
    if key is not None:
        headers["Idempotency-Key"] = key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return made.client.post("/v1/messages/batch", data=data, headers=headers, buffered=True)


def seal(made: Deployment, items: Sequence[object], *, key: str | None = None) -> list[dict[str, Any]]:
    response = post(made, {"messages": list(items)}, key=key)
    assert response.status_code == 200, response.get_data(as_text=True)
    results: list[dict[str, Any]] = response.get_json()["results"]
    assert len(results) == len(items)
    return results


def size(made: Deployment) -> int:
    head = made.services.log.head(BANK)
    assert head is not None
    return head.size


def slug(problem: dict[str, Any]) -> str:
    return str(problem["type"]).rpartition("/")[2]


def check_proven(made: Deployment, answer: dict[str, Any]) -> None:
    """Fail unless the answer's receipt proves its seal."""
    trust = parse_trust(made.client.get("/.well-known/sigill-trust.json").data)
    log = trust.logs[BANK]
    leaf = format_leaf(Leaf(LeafKind.SEAL, jws_hash(parse_seal(answer["seal"]).jws.text)))
    proven = verify_proof(answer["receipt"], leaf_hash=hash_leaf(leaf), origin=log.origin, keys=[parse_vkey(log.vkey)])
    assert proven.index == answer["log"]["index"]


def test_every_message_has_its_own_result_in_the_order_asked(shared: Deployment) -> None:
    before = size(shared)
    results = seal(shared, [MESSAGE | {"text": f"Nummer {number}"} for number in range(7)])
    for number, result in enumerate(results):
        assert result["status"] == 201
        assert result["embedded_text"].startswith(f"Nummer {number}")
        assert result["log"]["index"] == before + number
        check_proven(shared, result)
    assert size(shared) == before + 7


def test_a_result_has_what_a_single_message_s_answer_has(shared: Deployment) -> None:
    item = MESSAGE | {"authorship": "ai", "conversation": "alike", "language": "sv", "recipient": "+46701740605"}
    alone = shared.sign(**item).get_json()
    (result,) = seal(shared, [item])
    assert result.pop("status") == 201
    assert set(result) == set(alone)
    assert {name: type(value) for name, value in result.items()} == {name: type(alone[name]) for name in result}
    assert result["decision"]["policy"] == alone["decision"]["policy"]
    assert (alone["conversation"]["seq"], result["conversation"]["seq"]) == (1, 2)
    assert SealedSchema().dump(result) == result


def test_messages_of_one_conversation_follow_each_other_in_the_order_given(shared: Deployment) -> None:
    items = [MESSAGE | {"conversation": "ab"[number % 2], "text": f"Nummer {number}"} for number in range(12)]
    seals = [parse_seal(result["seal"]) for result in seal(shared, items)]
    for conversation in (seals[0::2], seals[1::2]):
        places = [found.claims.conv for found in conversation]
        assert [place and place.seq for place in places] == [1, 2, 3, 4, 5, 6]
        hashes = [format_base64url(jws_hash(found.jws.text)) for found in conversation]
        assert [place and place.prev for place in places] == [None, *hashes[:-1]]


def test_a_message_is_decided_on_the_conversation_as_the_one_before_left_it(shared: Deployment) -> None:
    ai = MESSAGE | {"conversation": "facts", "authorship": "ai"}
    results = seal(shared, [ai | {"disclosure": "separate"}, ai, ai])
    with reading(shared.services.engine) as connection:
        facts = [load_decision(connection, result["id"]) for result in results]
    spoken = [found and found.facts["conversation"]["first_ai_message"] for found in facts]
    shown = [found and found.facts["conversation"]["disclosure_shown"] for found in facts]
    assert (spoken, shown) == ([True, False, False], [False, True, True])


BAD: dict[str, tuple[object, int, str]] = {
    "a number": (7, 422, "request-invalid"),
    "null": (None, 422, "request-invalid"),
    "a list": ([], 422, "request-invalid"),
    "an empty object": ({}, 422, "request-invalid"),
    "an unknown member": (MESSAGE | {"extra": 1}, 422, "request-invalid"),
    "an unknown word": (MESSAGE | {"channel": "pigeon"}, 422, "request-invalid"),
    "two contents": (MESSAGE | {"html": "<p>Hej</p>"}, 422, "request-invalid"),
    "a refusal": (MESSAGE | {"authorship": "ai", "enquiry": "credit_decision"}, 403, "policy-refusal"),
    "hidden characters": (MESSAGE | {"text": "Betala\u200b nu"}, 422, "text-not-canonicalisable"),
    "a bad recipient": (MESSAGE | {"recipient": "0701234567"}, 422, "malformed-address"),
    "an unknown system": (MESSAGE | {"authorship": "ai", "ai": {"system": "hal"}}, 422, "ai-system-unknown"),
    "hidden html": (MESSAGE | {"text": None, "html": "<p hidden>x</p>"}, 422, "malformed-html"),
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_message_fails_alone_with_the_problem_it_would_have_alone(shared: Deployment, bad: str) -> None:
    item, status, expected = BAD[bad]
    if isinstance(item, dict):
        item = {name: value for name, value in item.items() if value is not None}
    good = MESSAGE | {"conversation": f"beside {bad}"}
    first, failed, last = seal(shared, [good, item, good])
    assert (first["status"], last["status"]) == (201, 201)
    assert (first["conversation"]["seq"], last["conversation"]["seq"]) == (1, 2)
    assert (failed["status"], slug(failed["problem"])) == (status, expected)
    assert set(failed) == {"status", "problem"}
    assert failed["problem"]["status"] == status
    headers = {"Authorization": f"Bearer {shared.keys[BANK]}"}
    alone = shared.client.post("/v1/messages", data=json.dumps(item), content_type=JSON, headers=headers)
    problem = alone.get_json()
    assert alone.status_code == status
    varies = {"decision_id", "log"}
    assert {name: value for name, value in failed["problem"].items() if name not in varies} == {
        name: value for name, value in problem.items() if name not in varies
    }


def test_a_refused_message_leaves_its_conversation_as_it_was_within_a_batch(shared: Deployment) -> None:
    good = MESSAGE | {"conversation": "refused"}
    bad = good | {"authorship": "ai", "enquiry": "credit_decision"}
    before = size(shared)
    results = seal(shared, [good, bad, good, bad])
    assert [result["status"] for result in results] == [201, 403, 201, 403]
    assert [result["conversation"]["seq"] for result in results if result["status"] == 201] == [1, 2]
    assert results[3]["problem"]["log"]["index"] == before + 3
    assert size(shared) == before + 4


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"messages": []}, 422, "request-invalid"),
        ({"messages": [MESSAGE] * (MAX_BATCH + 1)}, 422, "request-invalid"),
        ({"messages": "all"}, 422, "request-invalid"),
        ({"messages": [MESSAGE], "more": 1}, 422, "request-invalid"),
        ({}, 422, "request-invalid"),
        ([MESSAGE], 422, "request-invalid"),
        (b"null", 422, "request-invalid"),
        (b"{", 400, "malformed-json"),
        (b'{"messages":[{"text":"\\ud800"}]}', 400, "malformed-json"),
        (b'{"messages":[{"text":"a","text":"b"}]}', 400, "malformed-json"),
        (b'{"messages":[' + b"[" * 10_000, 400, "malformed-json"),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(shared: Deployment, body: object, status: int, expected: str) -> None:
    before = size(shared)
    response = post(shared, body)
    assert (response.status_code, slug(response.get_json())) == (status, expected)
    assert size(shared) == before


def test_a_suspended_operator_is_refused_as_a_whole(deployment: Deployment) -> None:
    with writing(deployment.services.engine) as connection:
        change_state(connection, BANK, StateChange(state=State.SUSPENDED, since=NOW, reason="r"))
    for key in (None, "1"):
        response = post(deployment, {"messages": [MESSAGE]}, key=key)
        assert (response.status_code, slug(response.get_json())) == (403, "operator-suspended")
    assert size(deployment) == 0


@pytest.mark.slow
def test_a_thousand_messages_are_sealed_and_as_many_bad_ones_refused(deployment: Deployment) -> None:
    items = [MESSAGE | {"conversation": f"c{number % 7}"} for number in range(MAX_BATCH)]
    results = seal(deployment, items, key="many")
    assert [result["log"]["index"] for result in results] == list(range(MAX_BATCH))
    assert [result["conversation"]["seq"] for result in results] == [number // 7 + 1 for number in range(MAX_BATCH)]
    for result in results[::111]:
        check_proven(deployment, result)
    bad: list[object] = [[7, {}, MESSAGE | {"text": "\u200b"}][number % 3] for number in range(MAX_BATCH)]
    assert {result["status"] for result in seal(deployment, bad)} == {422}
    assert seal(deployment, items, key="many") == results
    assert size(deployment) == MAX_BATCH


def padded(length: int) -> bytes:
    body = json.dumps({"messages": [MESSAGE]}).encode()
    return body + b" " * (length - len(body))


@pytest.mark.parametrize(("length", "status"), [(8 * 2**20, 200), (8 * 2**20 + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_batch_has_at_most_8_mib_however_it_arrives(
    shared: Deployment, length: int, status: int, chunked: bool
) -> None:
    before = size(shared)
    if chunked:
        response = shared.client.post(
            "/v1/messages/batch",
            content_type=JSON,
            headers={"Authorization": f"Bearer {shared.keys[BANK]}"},
            environ_overrides={
                "wsgi.input": io.BytesIO(padded(length)),
                "wsgi.input_terminated": True,
                "CONTENT_LENGTH": "",
            },
            buffered=True,
        )
    else:
        response = post(shared, padded(length))
    assert response.status_code == status
    assert size(shared) == before + (status == 200)


def test_results_are_sent_as_they_are_made(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_AT_ONCE", 3)
    headers = {"Authorization": f"Bearer {deployment.keys[BANK]}", "Idempotency-Key": "1"}
    body = {"messages": [MESSAGE] * 8}
    response = deployment.client.post("/v1/messages/batch", json=body, headers=headers)
    assert "Content-Length" not in response.headers
    sizes, text = [], b""
    for part in response.iter_encoded():
        text += part
        sizes.append(size(deployment))
    assert sizes[0] == 3
    assert sorted(set(sizes)) == [3, 6, 8]
    assert len(json.loads(text)["results"]) == 8


def cut(made: Deployment, items: Sequence[object], key: str) -> None:
    """Ask for a batch and go away after the first part of the answer."""
    headers = {"Authorization": f"Bearer {made.keys[BANK]}", "Idempotency-Key": key, "Content-Type": JSON}
    data = json.dumps({"messages": list(items)}).encode()
    response = made.client.post("/v1/messages/batch", data=data, headers=headers)
    next(iter(response.iter_encoded()))
    response.close()


def test_a_batch_that_was_cut_is_completed_by_its_retry_and_nothing_sealed_twice(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_AT_ONCE", 2)
    good = MESSAGE | {"conversation": "c"}
    refused = MESSAGE | {"authorship": "ai", "enquiry": "credit_decision"}
    items = [good, MESSAGE | {"extra": 1}, good, refused, good, 7, good]
    cut(deployment, items, "1")
    assert size(deployment) == 1
    results = seal(deployment, items, key="1")
    assert [result["status"] for result in results] == [201, 422, 201, 403, 201, 422, 201]
    assert [result["conversation"]["seq"] for result in results if result["status"] == 201] == [1, 2, 3, 4]
    assert size(deployment) == 5
    assert seal(deployment, items, key="1") == results
    assert size(deployment) == 5
    for result in results:
        if result["status"] == 201:
            check_proven(deployment, result)


def test_another_batch_with_the_same_key_is_refused_as_a_whole(shared: Deployment) -> None:
    seal(shared, [MESSAGE, MESSAGE], key="whole")
    before = size(shared)
    for items in ([MESSAGE], [MESSAGE] * 3, [MESSAGE, MESSAGE | {"text": "Annat"}]):
        response = post(shared, {"messages": items}, key="whole")
        assert (response.status_code, slug(response.get_json())) == (422, "idempotency-key-reused")
    assert size(shared) == before


def test_a_batch_s_key_is_free_again_when_its_answer_has_left_or_failed(shared: Deployment) -> None:
    for body, status in (({"messages": []}, 422), ({"messages": [MESSAGE]}, 200), ({"messages": [MESSAGE]}, 200)):
        assert post(shared, body, key="freed").status_code == status


def test_a_log_that_does_not_answer_fails_its_part_of_the_batch_and_the_retry_mends_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_AT_ONCE", 2)
    log, calls = deployment.services.log, []

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(log, name)

        def append_all(self, appends: Sequence[Any]) -> Any:
            calls.append(len(appends))
            if len(calls) == 2:
                return [StoreUnavailable("the database did not commit") for _ in appends]
            return log.append_all(appends)

    failing: Any = Failing()
    signing = replace(deployment.services.signing, log=failing)
    deployment.built = build_app(replace(deployment.services, signing=signing))
    items = [MESSAGE | {"conversation": "c", "text": f"Nummer {number}"} for number in range(6)]
    results = seal(deployment, items, key="1")
    assert [result["status"] for result in results] == [201, 201, 503, 503, 201, 201]
    assert [result["conversation"]["seq"] for result in results if result["status"] == 201] == [1, 2, 3, 4]
    again = seal(deployment, items, key="1")
    assert [again[number] for number in (0, 1, 4, 5)] == [results[number] for number in (0, 1, 4, 5)]
    assert [again[number]["conversation"]["seq"] for number in (2, 3)] == [5, 6]
    assert size(deployment) == 6


def test_a_database_lost_between_two_parts_of_a_batch_fails_the_rest_only(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_AT_ONCE", 2)
    calls: list[int] = []

    def seal_or_fail(requests: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise StoreUnavailable("the database did not answer")
        return seal_messages(requests, **options)

    monkeypatch.setattr(messages, "seal_messages", seal_or_fail)
    results = seal(deployment, [MESSAGE, MESSAGE, MESSAGE, 7, MESSAGE])
    assert [result["status"] for result in results] == [201, 201, 503, 422, 201]
    assert size(deployment) == 3


mixtures = st.lists(
    st.sampled_from([item for item, _, _ in BAD.values()] + [MESSAGE] * 6 + [MESSAGE | {"conversation": "mix"}] * 6),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(mixtures)
def test_any_mixture_is_answered_as_documented_and_only_the_good_are_sealed(
    shared: Deployment, mixture: list[object]
) -> None:
    before = size(shared)
    results = seal(shared, mixture)
    assert ResultsSchema().validate({"results": results}) == {}
    good = [item in (MESSAGE, MESSAGE | {"conversation": "mix"}) for item in mixture]
    assert [result["status"] == 201 for result in results] == good
    logged = [result["log"]["index"] for result in results if result["status"] == 201]
    logged += [result["problem"]["log"]["index"] for result in results if result["status"] == 403]
    assert sorted(logged) == list(range(before, size(shared)))


def test_more_batches_than_there_are_places_for_are_put_off_and_a_place_is_given_back(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.resources.messages._PATIENCE_S", 0.01)
    places = deployment.app.extensions["sigill"].batches
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    message = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": "Hej!"}
    for _ in range(BATCHES_AT_ONCE):
        assert places.acquire(blocking=False)
    put_off = deployment.client.post("/v1/messages/batch", json={"messages": [message]}, headers=key)
    assert (put_off.status_code, put_off.headers["Retry-After"]) == (503, "1")
    assert put_off.get_json()["type"].endswith("/problems/overloaded")
    for _ in range(BATCHES_AT_ONCE):
        places.release()
    bodies: list[dict[str, Any]] = [{"messages": [message]}, {"messages": []}, {"messages": [message, 7]}]
    for body in bodies * BATCHES_AT_ONCE:
        assert deployment.client.post("/v1/messages/batch", json=body, headers=key).status_code in {200, 422}
