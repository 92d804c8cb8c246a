"""Trying again at a server that drops, delays and refuses: nothing is sealed twice, nothing goes on for ever."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.client import Client, Patience
from sigill.client.errors import (
    NotSealable,
    Refused,
    RequestRefused,
    ServiceUnavailable,
    SettingsRefused,
)
from sigill.client.retry import check_key, new_key, try_again
from tests.builders_contract import DROPS, FAULTS, Service, contract_service

TEXTS = [f"Hej! Kort nummer {number} är på väg." for number in range(3)]
ASKED: Any = {"authorship": "ai", "channel": "chat", "enquiry": "informational"}
QUICK = Patience(for_s=5.0, first_s=0.001, longest_s=0.002)


@pytest.fixture
def contract() -> Iterator[Service]:
    with contract_service(TEXTS) as service:
        yield service


def client_of(service: Service, **settings: Any) -> Client:
    merged: dict[str, Any] = {"api_key": "sk-test", "timeout_s": 2.0, "patience": QUICK} | settings
    return Client(service.url, **merged)


# --- one message ---


@pytest.mark.parametrize("fault", sorted({*FAULTS, *DROPS} - {"500", "401", "503 later"}))
def test_what_may_pass_is_tried_again_with_the_same_key_and_sealed_once(contract: Service, fault: str) -> None:
    contract.faults = [fault, fault]
    sealed = client_of(contract).sign(TEXTS[0], **ASKED)
    assert sealed.text.startswith(TEXTS[0])
    assert contract.log == [TEXTS[0]]
    assert len(contract.keys) == 3
    assert len(set(contract.keys)) == 1
    assert len(set(contract.bodies)) == 1


def test_an_answer_that_takes_too_long_is_asked_for_again(contract: Service) -> None:
    contract.faults = ["slow"]
    client_of(contract, timeout_s=0.1).sign(TEXTS[0], **ASKED)
    assert contract.log == [TEXTS[0]]
    assert len(contract.keys) > 1


@pytest.mark.parametrize(("fault", "error"), [("500", ServiceUnavailable), ("401", RequestRefused)])
def test_what_will_not_pass_is_not_tried_again(contract: Service, fault: str, error: type[Exception]) -> None:
    contract.faults = [fault]
    with pytest.raises(error):
        client_of(contract).sign(TEXTS[0], **ASKED)
    assert len(contract.keys) == 1


def test_every_call_has_a_key_of_its_own(contract: Service) -> None:
    client = client_of(contract)
    client.sign(TEXTS[0], **ASKED)
    client.sign(TEXTS[0], **ASKED)
    assert contract.log == [TEXTS[0]] * 2
    assert len(set(contract.keys)) == 2


def test_the_caller_may_go_on_later_with_the_key_of_the_failure(contract: Service) -> None:
    contract.faults = ["drop after"] * 3
    with pytest.raises(ServiceUnavailable, match="same idempotency key") as caught:
        client_of(contract, patience=Patience(for_s=0.0)).sign(TEXTS[0], **ASKED)
    contract.faults = []
    key = caught.value.idempotency_key
    assert key == contract.keys[0]
    client_of(contract).sign(TEXTS[0], idempotency_key=key, **ASKED)
    assert contract.log == [TEXTS[0]]


def test_a_key_used_for_another_message_is_refused(contract: Service) -> None:
    client = client_of(contract)
    client.sign(TEXTS[0], idempotency_key="order-17", **ASKED)
    with pytest.raises(RequestRefused) as caught:
        client.sign(TEXTS[1], idempotency_key="order-17", **ASKED)
    assert caught.value.problem == "idempotency-key-reused"
    assert contract.log == [TEXTS[0]]


@pytest.mark.parametrize("key", ["", "a b", 'a"b', "a\\b", "å", "a\n", "x" * 256])
def test_a_key_that_the_service_would_read_otherwise_is_refused_at_once(contract: Service, key: str) -> None:
    with pytest.raises(SettingsRefused, match="idempotency key"):
        client_of(contract).sign(TEXTS[0], idempotency_key=key, **ASKED)
    assert contract.keys == []


def test_a_random_key_is_one_that_the_service_takes() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert {check_key(key) for key in keys} == keys


def test_a_seal_whose_keys_cannot_be_fetched_can_be_asked_for_again(contract: Service) -> None:
    client = client_of(contract)
    down = Client("http://127.0.0.1:1", patience=Patience(for_s=0.0))
    client.trust = down.trust  # type: ignore[method-assign]
    with pytest.raises(ServiceUnavailable, match="cannot be reached") as caught:
        client.sign(TEXTS[0], **ASKED)
    assert caught.value.idempotency_key == contract.keys[0]
    assert contract.log == [TEXTS[0]]


# --- how long, and after which pauses ---


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    at_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now_s(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds


def patience_of(clock: Clock, **changes: Any) -> Patience:
    return replace(Patience(now_s=clock.now_s, sleep=clock.sleep, chance=lambda: 1.0), **changes)


def failing(times: int, error: Callable[[], ServiceUnavailable]) -> Callable[[], str]:
    left = [times]

    def attempt() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise error()
        return "done"

    return attempt


def test_pauses_double_up_to_the_longest() -> None:
    clock = Clock()
    patience = patience_of(clock, for_s=100.0, first_s=1.0, longest_s=5.0)
    assert try_again(failing(5, lambda: ServiceUnavailable("x")), patience=patience) == "done"
    assert clock.slept == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_what_the_service_asks_for_is_waited_first() -> None:
    clock = Clock()
    patience = patience_of(clock, for_s=100.0, first_s=1.0)
    try_again(failing(2, lambda: ServiceUnavailable("x", retry_after=7.0)), patience=patience)
    assert clock.slept == [8.0, 9.0]


def test_whoever_is_told_to_come_back_too_late_is_told_at_once() -> None:
    clock = Clock()
    with pytest.raises(ServiceUnavailable) as caught:
        try_again(
            failing(1, lambda: ServiceUnavailable("x", retry_after=3600.0)), patience=patience_of(clock, for_s=30.0)
        )
    assert caught.value.retry_after == 3600.0
    assert clock.slept == []


@settings(max_examples=60)
@given(
    for_s=st.floats(0, 100),
    first_s=st.floats(0.01, 10),
    chance=st.floats(0, 0.999),
    retry_after=st.none() | st.floats(0.1, 50),
)
def test_no_try_begins_after_the_deadline(
    for_s: float, first_s: float, chance: float, retry_after: float | None
) -> None:
    clock = Clock()
    patience = patience_of(clock, for_s=for_s, first_s=first_s, chance=lambda: max(chance, 0.1))
    begun: list[float] = []

    def attempt() -> None:
        begun.append(clock.at_s)
        raise ServiceUnavailable("x", retry_after=retry_after)

    with pytest.raises(ServiceUnavailable):
        try_again(attempt, patience=patience)
    assert begun[0] == 0.0
    assert begun[-1] <= for_s


def test_each_pause_is_told_to_whoever_wants_to_know(contract: Service) -> None:
    told: list[tuple[str, float]] = []
    patience = replace(QUICK, on_retry=lambda error, pause_s: told.append((str(error), pause_s)))
    contract.faults = ["503", "drop before"]
    client_of(contract, patience=patience).sign(TEXTS[0], **ASKED)
    assert [words for words, _ in told if "Try again later" in words or "no whole answer" in words] == [
        words for words, _ in told
    ]
    assert len(told) == 2


def test_jitter_makes_pauses_differ() -> None:
    assert len({Patience().pause_s(3, retry_after=None) for _ in range(50)}) > 40


# --- a message shown while it is written ---


def test_a_message_is_sealed_when_it_is_complete(contract: Service) -> None:
    with client_of(contract).stream(**ASKED) as message:
        shown = [message.write(token) for token in ("Hej! ", "Kort nummer 1 ", "är på väg.")]
        assert contract.log == []
        with pytest.raises(NotSealable, match="not sealed yet"):
            message.sealed  # noqa: B018
    assert "".join(shown) == message.text == TEXTS[1]
    assert message.sealed.text.startswith(TEXTS[1])
    assert contract.log == [TEXTS[1]]
    with pytest.raises(NotSealable, match="another message"):
        message.write("!")
    assert message.seal() is message.sealed


def test_a_message_that_broke_off_is_not_sealed_unless_it_stays_shown(contract: Service) -> None:
    def tokens() -> Iterator[str]:
        yield TEXTS[2]
        raise RuntimeError("the model broke off")

    with pytest.raises(RuntimeError, match="model"), client_of(contract).stream(**ASKED) as message:
        message.write("".join(map(message.write, tokens())))
    assert message.text == TEXTS[2]
    assert contract.log == []
    message.seal()
    assert contract.log == [TEXTS[2]]


def test_sealing_a_streamed_message_again_after_a_failure_seals_it_once(contract: Service) -> None:
    contract.faults = ["drop after"]
    message = client_of(contract, patience=Patience(for_s=0.0)).stream(**ASKED)
    message.write(TEXTS[0])
    with pytest.raises(ServiceUnavailable):
        message.seal()
    message.seal()
    assert contract.log == [TEXTS[0]]
    assert len(set(contract.keys)) == 1


def test_a_streamed_message_may_be_refused(contract: Service) -> None:
    contract.refused = {TEXTS[0]}
    with pytest.raises(Refused), client_of(contract).stream(**ASKED) as message:
        message.write(TEXTS[0])
