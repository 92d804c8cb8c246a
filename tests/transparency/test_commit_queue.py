import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from transparency.commit_queue import CommitQueue, _Ticket
from transparency.errors import StoreUnavailable


class Committer:
    """Doubles its requests; waits for `gate` first; raises what it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.error: BaseException | None = None
        self.inside = 0

    def commit(self, requests: Sequence[int]) -> list[int | Exception]:
        self.inside += 1
        assert self.inside == 1, "two leaders at once"
        self.batches.append(list(requests))
        self.gate.wait(timeout=10)
        self.inside -= 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return [request * 2 for request in requests]


@pytest.fixture
def committer() -> Committer:
    return Committer()


def submit_in_threads(
    queue: CommitQueue[int, int], requests: Sequence[int]
) -> tuple[list[threading.Thread], list[Any]]:
    """Start one thread per request, each only when the one before waits in the queue."""
    answers: list[Any] = [None] * len(requests)

    def work(place: int, request: int) -> None:
        try:
            (answers[place],) = queue.submit([request])
        except BaseException as error:  # noqa: BLE001 - what the thread got is the answer
            answers[place] = error

    threads = []
    for place, request in enumerate(requests):
        threads.append(threading.Thread(target=work, args=(place, request)))
        threads[-1].start()
        until(lambda place=place: queue._led and len(queue._waiting) >= place)  # type: ignore[misc]
    return threads, answers


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


def join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_what_waits_while_one_batch_is_committed_becomes_the_next(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    threads, answers = submit_in_threads(queue, [1, 2, 3, 4])
    committer.gate.set()
    join(threads)
    assert answers == [2, 4, 6, 8]
    assert committer.batches == [[1], [2, 3, 4]]
    assert not queue._led


def test_a_batch_is_bounded(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_batch=2)
    threads, answers = submit_in_threads(queue, [1, 2, 3, 4, 5, 6])
    committer.gate.set()
    join(threads)
    assert answers == [2, 4, 6, 8, 10, 12]
    assert committer.batches == [[1], [2, 3], [4, 5], [6]]


def test_one_submission_is_never_split(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_batch=2)
    committer.gate.set()
    assert queue.submit([1, 2, 3]) == [2, 4, 6]
    assert committer.batches == [[1, 2, 3]]


def test_an_error_of_the_commit_answers_its_batch_and_no_other(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    committer.error = RuntimeError("once")
    threads, answers = submit_in_threads(queue, [1, 2, 3])
    committer.gate.set()
    join(threads)
    assert isinstance(answers[0], RuntimeError)
    assert answers[1:] == [4, 6]


def test_a_leader_interrupted_in_its_commit_hands_the_lead_on(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    committer.error = KeyboardInterrupt()
    threads, answers = submit_in_threads(queue, [1, 2])
    committer.gate.set()
    join(threads)
    assert isinstance(answers[0], KeyboardInterrupt)
    assert answers[1] == 4


def test_whoever_shares_a_batch_with_an_interrupted_leader_is_told(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    threads, answers = submit_in_threads(queue, [1, 2, 3])
    until(lambda: committer.batches)
    committer.gate.set()
    committer.gate = threading.Event()
    until(lambda: len(committer.batches) == 2)
    committer.error = KeyboardInterrupt()
    committer.gate.set()
    join(threads)
    assert answers[0] == 2
    assert [type(answer) for answer in answers[1:]] == [KeyboardInterrupt, StoreUnavailable]


class Interrupted(threading.Event):
    """An event whose waiter gets a signal first, after it was perhaps set by another thread."""

    def __init__(self, *, appointed: bool) -> None:
        super().__init__()
        if appointed:
            self.set()

    def wait(self, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt(timeout)


@pytest.mark.parametrize("appointed", [False, True])
def test_a_thread_interrupted_while_it_waits_leaves_the_queue_in_order(committer: Committer, appointed: bool) -> None:
    queue = CommitQueue[int, int](committer.commit)
    left, stays = _Ticket[int, int]([1], woken=Interrupted(appointed=appointed)), _Ticket[int, int]([2])
    queue._waiting.extend([left, stays])
    with pytest.raises(KeyboardInterrupt):
        queue._wait(left)
    assert list(queue._waiting) == [stays]
    assert stays.woken.is_set() is appointed


def test_a_thread_interrupted_while_others_commit_for_it_just_leaves(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    with pytest.raises(KeyboardInterrupt):
        queue._wait(_Ticket[int, int]([1], woken=Interrupted(appointed=False)))
