"""Batches: one outcome for each message, in order, whatever happens on the way."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.client import Client, Patience
from sigill.client.answers import read_batch
from sigill.client.batch import Item, Outcome, TextMessage, chunks_of
from sigill.client.errors import (
    AnswerNotTrusted,
    NotSealable,
    NotSent,
    Refused,
    RequestRefused,
    ServiceUnavailable,
    SettingsRefused,
    UnexpectedAnswer,
)
from sigill.client.sealed import Sealed
from sigill.report.trust import format_trust
from tests.builders_contract import Service, contract_service
from tests.builders_seal import MemorySigner, make_trust
from tests.builders_service import PlayedService, problem, reply, trust_members

TEXTS = [f"Hej! Kort nummer {number} är på väg." for number in range(12)]
QUICK = Patience(for_s=5.0, first_s=0.001, longest_s=0.002)
_TRUST = "/.well-known/sigill-trust.json"
SMALL = 5  # messages in a chunk


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("sigill.client.batch.chunks_of.__kwdefaults__", {"most": SMALL, "most_bytes": 1_000_000})
    with contract_service(TEXTS) as service:
        yield service


def client_of(service: Service, **settings: Any) -> Client:
    merged: dict[str, Any] = {"api_key": "sk-test", "timeout_s": 2.0, "patience": QUICK} | settings
    return Client(service.url, **merged)


def message(text: str, **fields: Any) -> TextMessage:
    asked: Any = {"authorship": "ai", "channel": "chat", "enquiry": "informational", "text": text} | fields
    made: TextMessage = asked
    return made


MESSAGES = [message(text) for text in TEXTS]


def shown(outcomes: list[Outcome]) -> list[str]:
    """Return the message of each outcome that is sealed, the name of the error otherwise."""
    return [
        next(text for text in TEXTS if item.text.startswith(text)) if isinstance(item, Sealed) else type(item).__name__
        for item in outcomes
    ]


def test_every_message_is_sealed_in_order_in_as_few_requests_as_fit(contract: Service) -> None:
    outcomes = client_of(contract).sign_batch(MESSAGES, idempotency_key="run-1")
    assert shown(outcomes) == TEXTS == contract.log
    assert contract.keys == ["run-1.0", "run-1.5", "run-1.10"]
    assert "nummer 3 " not in contract.bodies[0].decode()


def test_an_empty_batch_asks_nothing(contract: Service) -> None:
    assert client_of(contract).sign_batch([]) == []
    assert contract.keys == []


def test_one_bad_message_fails_alone(contract: Service) -> None:
    contract.refused = {TEXTS[1]}
    messages = [*MESSAGES[:3], message("Hej\u200b"), message(""), MESSAGES[3]]
    outcomes = client_of(contract).sign_batch(messages)
    assert shown(outcomes) == [TEXTS[0], "Refused", TEXTS[2], "NotSealable", "NotSealable", TEXTS[3]]
    refused = outcomes[1]
    assert isinstance(refused, Refused)
    assert refused.instead[0]["value"] == "ai_assisted"


def test_a_chunk_of_nothing_that_can_be_sealed_is_not_sent(contract: Service) -> None:
    outcomes = client_of(contract).sign_batch([message("")] * SMALL + MESSAGES[:1])
    assert shown(outcomes) == ["NotSealable"] * SMALL + [TEXTS[0]]
    assert len(contract.keys) == 1


@pytest.mark.parametrize("fault", ["drop before", "drop after", "cut short", "503", "429", "409", "502"])
def test_a_request_that_got_lost_is_repeated_and_seals_nothing_twice(contract: Service, fault: str) -> None:
    contract.faults = [fault, "", fault, fault]
    assert shown(client_of(contract).sign_batch(MESSAGES)) == TEXTS == contract.log
    assert len(contract.keys) == 6
    assert len(set(contract.keys)) == 3


def test_messages_that_found_the_service_busy_are_asked_for_again(contract: Service) -> None:
    contract.items_put_off = [1, 3]
    outcomes = client_of(contract).sign_batch(MESSAGES[:SMALL])
    assert shown(outcomes) == TEXTS[:SMALL]
    assert sorted(contract.log) == TEXTS[:SMALL]


def test_messages_that_stay_put_off_are_told_with_the_key_to_go_on_with(contract: Service) -> None:
    contract.items_put_off = [1]
    once = client_of(contract, patience=Patience(for_s=0.0))
    outcomes = once.sign_batch(MESSAGES[:3], idempotency_key="run-2")
    assert shown(outcomes) == [TEXTS[0], "ServiceUnavailable", TEXTS[2]]
    put_off = outcomes[1]
    assert isinstance(put_off, ServiceUnavailable)
    assert put_off.idempotency_key == "run-2.0"
    assert shown(once.sign_batch(MESSAGES[:3], idempotency_key="run-2")) == TEXTS[:3]
    assert contract.log == [TEXTS[0], TEXTS[2], TEXTS[1]]


def test_a_batch_that_was_cut_off_goes_on_under_its_key(contract: Service) -> None:
    contract.faults = ["", "drop after"]
    once = client_of(contract, patience=Patience(for_s=0.0))
    first = once.sign_batch([*MESSAGES[:11], message("")], idempotency_key="run-3")
    assert shown(first) == TEXTS[:5] + ["ServiceUnavailable"] * 5 + ["NotSent", "NotSealable"]
    assert "no whole answer" in str(first[10])
    assert isinstance(first[10], NotSent)
    second = once.sign_batch(MESSAGES[:11], idempotency_key="run-3")
    assert shown(second) == TEXTS[:11] == contract.log


def test_other_messages_under_the_same_key_are_refused(contract: Service) -> None:
    client = client_of(contract)
    client.sign_batch(MESSAGES[:2], idempotency_key="run-4")
    outcomes = client.sign_batch([MESSAGES[0], MESSAGES[2]], idempotency_key="run-4")
    assert shown(outcomes) == [TEXTS[0], "RequestRefused"]


def test_a_refused_key_ends_the_sending(contract: Service) -> None:
    contract.faults = ["401"]
    outcomes = client_of(contract).sign_batch(MESSAGES[:7])
    assert [type(item) for item in outcomes] == [RequestRefused] * 5 + [NotSent] * 2
    assert len(contract.keys) == 1


def test_messages_are_read_as_they_are_sent(contract: Service) -> None:
    read: list[int] = []

    def messages() -> Iterator[TextMessage]:
        for number, item in enumerate(MESSAGES):
            read.append(number)
            yield item

    outcomes = client_of(contract).sign_many(messages())
    assert isinstance(next(outcomes), Sealed)
    assert len(read) == SMALL + 1
    assert len(list(outcomes)) == 11


def test_what_could_not_be_checked_is_not_sealed() -> None:
    away = Client("http://127.0.0.1:1", patience=Patience(for_s=0.0))
    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        away.sign_many(MESSAGES)


@pytest.mark.parametrize("key", ["a b", "x" * 236])
def test_a_key_leaves_room_for_the_number_of_the_chunk(contract: Service, key: str) -> None:
    with pytest.raises(SettingsRefused, match="1 to 235 ASCII"):
        client_of(contract).sign_batch(MESSAGES, idempotency_key=key)


@pytest.mark.parametrize(
    ("item", "says"), [({"text": 5}, "has a text"), ({}, "has a text"), ({"text": "x"}, "missing")]
)
def test_a_message_of_another_shape_is_a_programmer_s_error(contract: Service, item: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        client_of(contract).sign_batch([item])


# --- nothing is believed ---


def test_a_seal_that_is_another_message_s_is_not_believed(contract: Service) -> None:
    for text in list(contract.texts):
        contract.texts[text] = TEXTS[0]
    outcomes = client_of(contract).sign_batch(MESSAGES[:3])
    assert shown(outcomes) == [TEXTS[0], "AnswerNotTrusted", "AnswerNotTrusted"]
    assert isinstance(outcomes[1], AnswerNotTrusted)


def test_keys_that_are_too_old_are_fetched_anew_once_for_all(contract: Service, service: PlayedService) -> None:
    outcomes = client_of(contract).sign_batch(MESSAGES[:2])
    case = contract.case
    assert case is not None
    old, new = reply(format_trust(make_trust(case.log, MemorySigner(9).published()))), reply(trust_members(case))
    service.replies[_TRUST] = [old, old]
    results = [{"status": 201, **item.members} for item in outcomes if isinstance(item, Sealed)]
    service.replies["/v1/messages/batch"] = reply({"results": results})
    doubting = Client(service.url, api_key="sk", patience=Patience(for_s=0.0))
    assert shown(doubting.sign_batch(MESSAGES[:2])) == ["TrustTooOld"] * 2
    service.replies[_TRUST] = [new]
    assert shown(doubting.sign_batch(MESSAGES[:2])) == TEXTS[:2]


@pytest.mark.parametrize(
    "results",
    [None, {}, [], [{"status": 201}], [1, 2], [{"status": 201}] * 3],
)
def test_an_answer_with_another_number_of_results_is_none(results: object) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"results|one result for each"):
        read_batch({"results": results}, count=2)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({}, UnexpectedAnswer),
        ({"status": "201"}, UnexpectedAnswer),
        ({"status": 201}, UnexpectedAnswer),
        ({"status": 422}, UnexpectedAnswer),
        ({"status": 422, "problem": {"type": "x/request-invalid", "detail": "d"}}, RequestRefused),
        ({"status": 409, "problem": {"type": "x/conversation-busy"}}, ServiceUnavailable),
        ({"status": 409, "problem": {"type": "x/conflict"}}, RequestRefused),
        ({"status": 503, "problem": None}, ServiceUnavailable),
        ({"status": 403, "problem": {"type": "x/policy-refusal", "rules": 1}}, Refused),
    ],
)
def test_each_result_is_read_on_its_own(item: dict[str, Any], error: type[Exception]) -> None:
    assert [type(read) for read in read_batch({"results": [item]}, count=1)] == [error]


# --- cutting ---


@settings(max_examples=50)
@given(
    texts=st.lists(st.sampled_from([*TEXTS, "", "Hej\u200b", "x" * 500]), max_size=12),
    most=st.integers(1, 5),
    most_bytes=st.integers(1, 3000),
)
def test_chunks_hold_every_message_in_order_within_their_bounds(texts: list[str], most: int, most_bytes: int) -> None:
    messages = [message(text) for text in texts]
    chunks = list(chunks_of(messages, most=most, most_bytes=most_bytes))
    again = list(chunks_of(iter(messages), most=most, most_bytes=most_bytes))
    assert [(first, len(chunk)) for first, chunk in chunks] == [(first, len(chunk)) for first, chunk in again]
    together = [item for _, chunk in chunks for item in chunk]
    assert [item.message.text if isinstance(item, Item) else "?" for item in together] == [
        "?" if text in {"", "Hej\u200b"} else text for text in texts
    ]
    position = 0
    for first, chunk in chunks:
        assert first == position
        assert len(chunk) <= most
        data = b",".join(item.data for item in chunk if isinstance(item, Item))
        assert len(data) <= most_bytes or len(chunk) == 1
        position += len(chunk)


def test_what_is_sent_is_what_was_asked() -> None:
    (((_, (fault, item))),) = chunks_of([message(""), MESSAGES[0]])
    assert isinstance(fault, NotSealable)
    assert isinstance(item, Item)
    assert json.loads(item.data) == item.asked


def test_a_problem_for_the_whole_batch_is_the_outcome_of_each(service: PlayedService, contract: Service) -> None:
    assert contract.case is not None
    service.replies[_TRUST] = reply(trust_members(contract.case))
    service.replies["/v1/messages/batch"] = problem("body-too-large", 413, detail="too large")
    outcomes = Client(service.url, api_key="sk").sign_batch(MESSAGES[:2])
    assert [type(item) for item in outcomes] == [RequestRefused] * 2
