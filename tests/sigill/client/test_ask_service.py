"""Asking the service about a message."""

from typing import Any

import pytest

from sigill.client import Client
from sigill.client.errors import RequestRefused, UnexpectedAnswer
from sigill.report.answers import Answer
from tests.builders_seal import some_hash
from tests.builders_service import PlayedService, problem, reply, verdict_members

_PATH = "/v1/verifications"


def test_a_verdict_comes_with_its_checks_and_the_whole_report(service: PlayedService) -> None:
    service.replies[_PATH] = reply(verdict_members())
    verdict = Client(service.url).verify(text="Hej", recipient="a@example.se", language="sv")
    assert verdict.answer is Answer.GENUINE
    assert verdict.headline == "Everything we checked agrees"
    assert verdict.checks[0]["outcome"] == "passed"
    assert verdict.members["sender"]["name"] == "Exempelbanken"
    assert service.bodies(_PATH) == [{"text": "Hej", "recipient": "a@example.se", "language": "sv"}]


def test_no_key_is_shown_for_what_anyone_may_ask(service: PlayedService) -> None:
    service.replies[_PATH] = reply(verdict_members())
    Client(service.url, api_key="sk-test").verify(code="7K3F-9Q2M-XT4B")
    assert "Authorization" not in service.requests[0].headers


def test_everything_brought_is_sent(service: PlayedService) -> None:
    service.replies[_PATH] = reply(verdict_members())
    beside: Any = {"content": "Hej", "links": (some_hash(1),), "files": (), "recipient": {"reference": "17"}}
    Client(service.url).verify(seal="x~", **beside)
    assert service.bodies(_PATH)[0] == {
        "seal": "x~",
        "content": "Hej",
        "links": [some_hash(1)],
        "files": [],
        "recipient": {"reference": "17"},
    }


@pytest.mark.parametrize("given", [{}, {"text": "a", "code": "b"}])
def test_exactly_one_thing_is_verified(given: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="exactly one of text, seal, code and link"):
        Client("https://sigill.example").verify(**given)


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"answer": "sure"}, "answer"),
        ({"answer": None}, "answer"),
        ({"headline": 1}, "headline"),
        ({"next": None}, "next"),
        ({"checks": None}, "checks"),
        ({"checks": [1]}, "checks"),
        ({"checks": [{"check": "signature", "outcome": "passed", "detail": "x"}]}, "words"),
    ],
)
def test_a_verdict_of_another_shape_is_unexpected(
    service: PlayedService, change: dict[str, object], lacks: str
) -> None:
    service.replies[_PATH] = reply(verdict_members(**change))
    with pytest.raises(UnexpectedAnswer, match=f"lacks {lacks}"):
        Client(service.url).verify(text="Hej")


def test_a_seal_the_service_cannot_read_is_refused_with_advice(service: PlayedService) -> None:
    service.replies[_PATH] = problem("malformed-seal", 422, detail="a seal ends in ~", next="Copy the seal again.")
    with pytest.raises(RequestRefused, match=r"a seal ends in ~\. Copy the seal again\."):
        Client(service.url).verify(seal="x")
