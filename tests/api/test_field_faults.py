"""Every message about a field helps to mend it."""

from typing import Any

import pytest

from tests.builders_deployment import Deployment


def _faults(deployment: Deployment, **changes: Any) -> dict[str, dict[str, Any]]:
    return {fault["pointer"]: fault for fault in deployment.sign(**changes).get_json()["errors"]}


def test_a_misspelt_field_is_answered_with_the_one_meant(shared: Deployment) -> None:
    fault = _faults(shared, languge="sv")["/languge"]
    assert fault["detail"] == "there is no such field; did you mean language?"
    assert "language" in fault["allowed_values"]


def test_a_field_like_no_other_is_answered_with_all_there_are(shared: Deployment) -> None:
    fault = _faults(shared, zzz=1)["/zzz"]
    assert fault["detail"] == "there is no such field"
    assert len(fault["allowed_values"]) > 10


@pytest.mark.parametrize("value", [None, 7, [], "robot"])
def test_a_word_that_is_missing_or_none_lists_the_words_there_are(shared: Deployment, value: Any) -> None:
    body = {"channel": "chat", "enquiry": "informational", "text": "Hej"} | (
        {} if value is None else {"authorship": value}
    )
    headers = {"Authorization": f"Bearer {shared.keys['exempelbanken']}"}
    problem = shared.client.post("/v1/messages", json=body, headers=headers).get_json()
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["allowed_values"]) == ("/authorship", ["human", "ai_assisted", "ai"])


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"customer": {"jurisdiction": "Sverige"}}, "/customer/jurisdiction", "a country such as SE"),
        ({"sent_at": "igår"}, "/sent_at", "2026-11-22T14:02:00Z"),
        ({"customer": 7}, "/customer", "a JSON object is needed"),
    ],
)
def test_a_form_that_is_wrong_is_shown_right(shared: Deployment, changes: Any, pointer: str, said: str) -> None:
    assert said in _faults(shared, **changes)[pointer]["detail"]
