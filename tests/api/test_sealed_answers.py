"""The answer that is written by hand is the answer its schema describes, whatever the message says."""

import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.schemas.messages import DecisionSchema, ResultSchema, SealedSchema
from api.sealed import dump_json
from tests.builders_deployment import TEXT, Deployment

BANK = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}


def check_described(answer: dict[str, Any]) -> None:
    """Fail unless every member is a known one, of its kind, and no required one is missing."""
    assert SealedSchema().validate(answer) == {}
    assert SealedSchema().dump(answer) == answer
    assert ResultSchema().validate({"status": 201} | answer) == {}
    assert ("decision" in answer) is not ("owed" in answer)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"conversation": "c"},
        {"authorship": "ai", "language": "sv", "customer": {"jurisdiction": "SE", "vulnerable": True}},
        {"authorship": "ai_assisted", "enquiry": "credit_decision", "agent": "7", "draft": "ai"},
        {"text": None, "html": "<p>Hej</p>", "channel": "email"},
        {"enquiry": "complaint", "channel": "phone", "language": "de"},
        {"enquiry": "credit_decision", "conversation": "c"},
    ],
)
def test_every_member_of_an_answer_is_described_and_none_is_missing(
    shared: Deployment, changes: dict[str, Any]
) -> None:
    response = shared.sign(**MESSAGE | changes)
    assert response.status_code == 201, response.data
    check_described(response.get_json())


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
    channel=st.sampled_from(["chat", "email", "sms", "letter"]),
)
@example(text='"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\u2029</script>', channel="chat")
@example(text="👩\u200d💻 👍🏽 åäö", channel="chat")
@example(text='Citat: "ja" \\ nej', channel="email")
@example(text="\ufffd\U0010ffff", channel="chat")
def test_any_text_that_is_sealed_comes_back_as_it_was_sent(shared: Deployment, text: str, channel: str) -> None:
    response = shared.sign(**MESSAGE | {"text": text, "channel": channel})
    if response.status_code != 201:
        assert response.status_code == 422
        return
    answer = json.loads(response.data)
    check_described(answer)
    assert answer["embedded_text"].startswith(text.rstrip("\n")[:1])
    assert shared.verify(code=answer["code"], content=answer["embedded_text"])["answer"] == "genuine"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_is_dumped_is_json_without_blanks(value: object) -> None:
    text = dump_json(value)
    assert json.loads(text) == value
    assert json.loads(dump_json(value, sort_keys=True)) == value
    assert "\n" not in text


def test_a_decision_that_is_asked_for_is_described_too(shared: Deployment) -> None:
    headers = {"Authorization": f"Bearer {shared.keys[BANK]}"}
    for enquiry, by in (("informational", "ai"), ("credit_decision", "ai"), ("complaint", "human")):
        body = {"authorship": by, "channel": "chat", "enquiry": enquiry}
        answer = shared.client.post("/v1/decisions", json=body, headers=headers).get_json()
        assert DecisionSchema().validate(answer) == {}
        assert DecisionSchema().dump(answer) == answer


def test_messages_of_one_kind_share_what_is_written_of_their_decision_and_others_do_not(
    shared: Deployment,
) -> None:
    first, second, other = (
        shared.sign(**MESSAGE | changes).get_json()["decision"]
        for changes in ({}, {"text": "Annat"}, {"language": "da"})
    )
    assert first == second
    assert isinstance(shared.app, Flask)
    assert other["policy"] == first["policy"]
