from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from registry.asking.exchange import Answered, NoAnswer, Question
from registry.asking.remembered import RememberedFetch, Room

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Counting:
    """Answers with how often it was asked."""

    status: int = 200
    body: bytes = b"x"
    asked: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Answered:
        self.asked.append(question)
        return Answered(url=question.url, status=self.status, headers={}, body=self.body)


def ask(number: int = 1, *, body: bytes | None = None) -> Question:
    return Question(url=f"https://register.example/{number}", body=body)


def test_a_good_answer_is_given_again_with_the_time_it_was_fetched() -> None:
    clock, carrying = Clock(), Counting()
    fetch = RememberedFetch(carrying, now=clock)
    assert fetch(ask()).fetched_at is None
    clock.at = NOW + timedelta(minutes=59)
    assert fetch(ask()).fetched_at == NOW
    assert len(carrying.asked) == 1


@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(seconds=-1)])
def test_an_answer_is_forgotten_at_its_time_and_when_the_clock_is_set_back(later: timedelta) -> None:
    clock, carrying = Clock(), Counting()
    fetch = RememberedFetch(carrying, now=clock)
    fetch(ask())
    clock.at = NOW + later
    assert fetch(ask()).fetched_at is None
    assert len(carrying.asked) == 2


@pytest.mark.parametrize("status", [204, 302, 404, 429, 500])
def test_only_good_answers_are_remembered(status: int) -> None:
    carrying = Counting(status=status)
    fetch = RememberedFetch(carrying, now=Clock())
    fetch(ask())
    fetch(ask())
    assert len(carrying.asked) == 2


def test_another_question_is_another_answer() -> None:
    carrying = Counting()
    fetch = RememberedFetch(carrying, now=Clock())
    for question in (ask(1), ask(2), ask(1, body=b"a"), ask(1, body=b"b")):
        fetch(question)
    assert len(carrying.asked) == 4
    fetch(Question(url=ask(1).url, headers={"Accept": "text/plain"}))
    assert len(carrying.asked) == 5


def test_the_oldest_is_forgotten_when_there_are_too_many_or_too_many_bytes() -> None:
    for room in (Room(answers=2), Room(total_bytes=200)):
        carrying = Counting(body=b"x" * 100)
        fetch = RememberedFetch(carrying, now=Clock(), room=room)
        for number in (1, 2, 3, 3, 2, 1):
            fetch(ask(number))
        assert [question.url[-1] for question in carrying.asked] == ["1", "2", "3", "1"]


def test_an_answer_longer_than_all_room_is_given_and_not_kept() -> None:
    carrying = Counting(body=b"x" * 300)
    fetch = RememberedFetch(carrying, now=Clock(), room=Room(total_bytes=200))
    assert len(fetch(ask()).body) == 300
    fetch(ask())
    assert len(carrying.asked) == 2


def test_a_remembered_answer_longer_than_is_asked_for_is_not_given() -> None:
    carrying = Counting(body=b"x" * 300)
    fetch = RememberedFetch(carrying, now=Clock())
    fetch(ask())
    fetch(Question(url=ask().url, most_bytes=200))
    assert len(carrying.asked) == 2


def test_no_answer_is_passed_on_and_not_remembered() -> None:
    def silent(question: Question) -> Answered:
        raise NoAnswer("timeout", f"nothing from {question.url}")

    fetch = RememberedFetch(silent, now=Clock())
    for _ in range(2):
        with pytest.raises(NoAnswer):
            fetch(ask())
