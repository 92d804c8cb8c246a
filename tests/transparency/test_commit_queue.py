import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transparency.commit_queue import CommitQueue, NobodyWatches, _Ticket
from transparency.errors import CommitInterrupted, Overloaded


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
    queue: CommitQueue[int, int], requests: Sequence[int], *, lanes: str = ""
) -> tuple[list[threading.Thread], list[Any]]:
    """Start one thread per request, each only when the one before waits in the queue; `lanes` has a letter for each."""
    answers: list[Any] = [None] * len(requests)

    def work(place: int, request: int) -> None:
        try:
            (answers[place],) = queue.submit([request], lane=lanes[place : place + 1])
        except BaseException as error:  # noqa: BLE001 - what the thread got is the answer
            answers[place] = error

    threads = []
    for place, request in enumerate(requests):
        threads.append(threading.Thread(target=work, args=(place, request)))
        threads[-1].start()
        until(lambda place=place: queue._led and queue._waiting >= place)  # type: ignore[misc]
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
    assert [type(answer) for answer in answers[1:]] == [KeyboardInterrupt, CommitInterrupted]


class Interrupted(threading.Event):
    """An event whose waiter gets a signal first, after it was perhaps set by another thread."""

    def __init__(self, *, appointed: bool) -> None:
        super().__init__()
        if appointed:
            self.set()

    def wait(self, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt(timeout)


def ticket(request: int, woken: threading.Event | None = None, *, lane: str = "") -> _Ticket[int, int]:
    return _Ticket[int, int](lane, [request], 0.0, woken=woken or threading.Event())


def put(queue: CommitQueue[int, int], *tickets: _Ticket[int, int]) -> None:
    for each in tickets:
        queue._lanes.setdefault(each.lane, deque()).append(each)
        queue._waiting += 1


@pytest.mark.parametrize("other_lane", ["", "b"])
@pytest.mark.parametrize("appointed", [False, True])
def test_a_thread_interrupted_while_it_waits_leaves_the_queue_in_order(
    committer: Committer, appointed: bool, other_lane: str
) -> None:
    queue = CommitQueue[int, int](committer.commit)
    left, stays = ticket(1, Interrupted(appointed=appointed)), ticket(2, lane=other_lane)
    put(queue, left, stays)
    with pytest.raises(KeyboardInterrupt):
        queue._wait(left)
    assert queue._lanes == {other_lane: deque([stays])}
    assert queue._waiting == 1
    assert stays.woken.is_set() is appointed


def test_the_last_one_interrupted_when_it_was_to_lead_leaves_nobody_leading(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    left = ticket(1, Interrupted(appointed=True))
    put(queue, left)
    queue._led = True
    with pytest.raises(KeyboardInterrupt):
        queue._wait(left)
    committer.gate.set()
    assert queue.submit([4]) == [8]


def test_a_thread_interrupted_while_others_commit_for_it_just_leaves(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit)
    with pytest.raises(KeyboardInterrupt):
        queue._wait(ticket(1, Interrupted(appointed=False)))


def test_a_flood_in_one_lane_delays_another_lane_by_one_batch(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_batch=3)
    threads, answers = submit_in_threads(queue, [1, 2, 3, 4, 5, 6, 7, 8], lanes="aaaaaaab")
    committer.gate.set()
    join(threads)
    assert answers == [2, 4, 6, 8, 10, 12, 14, 16]
    assert committer.batches == [[1], [2, 8, 3], [4, 5, 6], [7]]


def test_lanes_take_turns_in_the_order_in_which_they_came(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_batch=4)
    threads, _ = submit_in_threads(queue, [1, 2, 3, 4, 5, 6, 7, 8, 9], lanes="xaaabbccc")
    committer.gate.set()
    join(threads)
    assert committer.batches == [[1], [2, 5, 7, 3], [6, 8, 4, 9]]
    assert (queue._lanes, queue._waiting, queue._led) == ({}, 0, False)


def test_a_submission_that_does_not_fit_waits_for_the_next_batch_and_is_first_there(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_batch=4)
    threads = [threading.Thread(target=queue.submit, args=([1],), kwargs={"lane": "x"})]
    threads[0].start()
    until(lambda: committer.batches)
    for lane, requests in (("a", [2, 3]), ("b", [4, 5, 6, 7]), ("a", [8])):
        before = queue._waiting
        threads.append(threading.Thread(target=queue.submit, args=(requests,), kwargs={"lane": lane}))
        threads[-1].start()
        until(lambda before=before: queue._waiting > before)  # type: ignore[misc]
    committer.gate.set()
    join(threads)
    assert committer.batches == [[1], [2, 3], [4, 5, 6, 7], [8]]


@dataclass
class Watcher:
    """Writes down what it is told."""

    batches: list[tuple[int, float, float]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def committed(self, leaves: int, waited_s: float, took_s: float) -> None:
        self.batches.append((leaves, waited_s, took_s))

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)

    def waiting(self, count: int) -> None:
        self.counts.append(count)


def test_what_waits_is_bounded_and_who_is_refused_was_not_committed(committer: Committer) -> None:
    watcher = Watcher()
    queue = CommitQueue[int, int](committer.commit, max_waiting=3, observer=watcher)
    threads, answers = submit_in_threads(queue, [1, 2, 3, 4], lanes="abcd")
    with pytest.raises(Overloaded, match="3 messages wait to be committed; at most 3 may"):
        queue.submit([5], lane="e")
    committer.gate.set()
    join(threads)
    assert queue.submit([6]) == [12]
    assert answers == [2, 4, 6, 8]
    assert [request for batch in committer.batches for request in batch] == [1, 2, 3, 4, 6]
    assert watcher.refusals == ["overloaded"]


def test_a_submission_larger_than_the_bound_is_let_in_where_nothing_waits(committer: Committer) -> None:
    queue = CommitQueue[int, int](committer.commit, max_waiting=2)
    committer.gate.set()
    assert queue.submit([1, 2, 3]) == [2, 4, 6]
    assert queue.submit([]) == []


def test_the_observer_is_told_what_waits_how_long_and_what_a_commit_took(committer: Committer) -> None:
    watcher = Watcher()
    queue = CommitQueue[int, int](committer.commit, observer=watcher)
    threads, _ = submit_in_threads(queue, [1, 2, 3])
    time.sleep(0.02)
    committer.gate.set()
    join(threads)
    assert watcher.counts == [1, 0, 1, 2, 0]
    assert [leaves for leaves, _, _ in watcher.batches] == [1, 2]
    (_, first_waited_s, first_took_s), (_, second_waited_s, second_took_s) = watcher.batches
    assert 0 <= first_waited_s < first_took_s
    assert first_took_s >= 0.02
    assert second_waited_s >= 0.02
    assert 0 <= second_took_s < 10


def test_an_observer_that_is_not_there_costs_nothing(committer: Committer) -> None:
    committer.gate.set()
    nobody = NobodyWatches()
    nobody.refused("overloaded")
    assert CommitQueue[int, int](committer.commit, observer=nobody).submit([1]) == [2]


arrivals = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=14
)  # lane, how many requests, milliseconds until the next comes


@settings(max_examples=25, deadline=None)
@given(arrivals=arrivals, max_batch=st.integers(1, 6), max_waiting=st.integers(1, 40), slow=st.booleans())
def test_whatever_comes_whenever_is_committed_once_in_the_order_of_its_lane_or_refused(
    arrivals: list[tuple[str, int, int]], max_batch: int, max_waiting: int, slow: bool
) -> None:
    batches: list[list[int]] = []
    leading = threading.Lock()

    def commit(requests: Sequence[int]) -> list[int | Exception]:
        assert leading.acquire(blocking=False), "two leaders at once"
        batches.append(list(requests))
        if slow:
            time.sleep(0.001)
        leading.release()
        return [request * 2 for request in requests]

    watcher = Watcher()
    queue = CommitQueue[int, int](commit, max_batch=max_batch, max_waiting=max_waiting, observer=watcher)
    answers: dict[int, Any] = {}

    def submit(number: int, lane: str, requests: list[int]) -> None:
        try:
            answers[number] = queue.submit(requests, lane=lane)
        except Overloaded as error:
            answers[number] = error

    threads, asked = [], []
    for number, (lane, count, pause_ms) in enumerate(arrivals):
        asked.append([number * 10 + place for place in range(count)])
        threads.append(threading.Thread(target=submit, args=(number, lane, asked[number])))
        threads[-1].start()
        time.sleep(pause_ms / 1000)
    join(threads)
    refused = {number for number, answer in answers.items() if isinstance(answer, Overloaded)}
    accepted = [request for number, requests in enumerate(asked) if number not in refused for request in requests]
    committed = [request for batch in batches for request in batch]
    assert sorted(committed) == accepted
    for number, requests in enumerate(asked):
        if number not in refused:
            assert answers[number] == [request * 2 for request in requests]
            begin = committed.index(requests[0]) if requests else 0
            assert committed[begin : begin + len(requests)] == requests
    assert all(len(batch) <= max(max_batch, *map(len, asked)) for batch in batches)
    assert len(watcher.refusals) == len(refused)
    assert watcher.counts[-1] == 0
    assert (queue._lanes, queue._waiting, queue._led) == ({}, 0, False)
