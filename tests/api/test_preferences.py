"""`Prefer: return=minimal`: the answer without the whole decision, for who has read it once."""

from typing import Any

import pytest

from tests.api.test_sealed_answers import check_described
from tests.builders_deployment import TEXT, Deployment

MESSAGE: dict[str, Any] = {
    "authorship": "ai",
    "channel": "chat",
    "enquiry": "informational",
    "text": TEXT,
    "language": "sv",
    "customer": {"jurisdiction": "SE"},
}
MINIMAL = {"Prefer": "return=minimal"}


def post(made: Deployment, path: str, body: object, **headers: str) -> Any:
    return made.client.post(
        path, json=body, headers={"Authorization": f"Bearer {made.keys['exempelbanken']}", **headers}
    )


def test_a_short_answer_says_what_is_owed_and_shows_the_same_texts(shared: Deployment) -> None:
    whole, brief = (post(shared, "/v1/messages", MESSAGE, **headers) for headers in ({}, MINIMAL))
    assert brief.headers["Preference-Applied"] == "return=minimal"
    assert "Preference-Applied" not in whole.headers
    check_described(brief.get_json())
    decision, owed = whole.get_json()["decision"], brief.get_json()["owed"]
    assert owed["verdict"] == decision["verdict"] == "allow_with_obligations"
    assert owed["texts"] == decision["texts"]
    assert owed["texts"]
    assert [each["id"] for each in owed["obligations"]] == [each["id"] for each in decision["obligations"]]
    assert {each["deadline_minutes"] for each in owed["obligations"]} == {None, 3}
    assert len(brief.data) < len(whole.data) / 2


@pytest.mark.parametrize(
    ("header", "is_brief"),
    [
        ("return=minimal", True),
        ("respond-async, return=minimal", True),
        ('Return = "minimal"; detail=none', True),
        ("return=minimal, return=representation", True),
        ("return=representation, return=minimal", False),
        ("return", False),
        ("returns=minimal", False),
        ("minimal", False),
        (";=,,=;", False),
        ("", False),
    ],
)
def test_the_first_preference_counts_and_what_is_none_is_ignored(
    shared: Deployment, header: str, *, is_brief: bool
) -> None:
    answer = post(shared, "/v1/messages", MESSAGE, Prefer=header)
    assert answer.status_code == 201
    assert ("owed" in answer.get_json()) is is_brief
    check_described(answer.get_json())


def test_a_batch_is_answered_as_briefly(shared: Deployment) -> None:
    body = {"messages": [MESSAGE, {"text": 7}, MESSAGE]}
    answer = post(shared, "/v1/messages/batch", body, **MINIMAL)
    assert answer.headers["Preference-Applied"] == "return=minimal"
    first, second, third = answer.get_json()["results"]
    assert first["owed"] == third["owed"]
    assert "decision" not in first
    assert second["status"] == 422


def test_a_request_brought_again_is_one_request_whichever_answer_is_preferred(shared: Deployment) -> None:
    key = {"Idempotency-Key": "preferred"}
    first = post(shared, "/v1/messages", MESSAGE, **key, **MINIMAL)
    whole = post(shared, "/v1/messages", MESSAGE, **key)
    again = post(shared, "/v1/messages", MESSAGE, **key, **MINIMAL)
    assert whole.get_json()["seal"] == first.get_json()["seal"]
    assert whole.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data


def test_a_refusal_says_why_however_brief_an_answer_was_preferred(shared: Deployment) -> None:
    answer = post(shared, "/v1/messages", MESSAGE | {"enquiry": "credit_decision"}, **MINIMAL)
    assert answer.status_code == 403
    assert answer.get_json()["rules"]
