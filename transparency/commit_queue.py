"""Group commit: many threads submit, one of them at a time commits for all that wait.

No thread of its own: whoever finds nobody leading leads, commits one batch, wakes those it answered and hands the
lead to one that still waits. While one commit is on its way to the disk, the next batch gathers by itself.

Whoever submits does so in a lane (its log). Lanes take turns, so that one operator's flood delays nobody else's
message by more than one batch. What waits is bounded: beyond `max_waiting` requests, submitting is refused at once.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from transparency.errors import CommitInterrupted, Overloaded

MAX_BATCH: Final = 256
MAX_WAITING: Final = 4096

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class CommitObserver(Protocol):
    """Told how the queue fares, for metrics; must be quick and never raise."""

    def committed(self, leaves: int, waited_s: float, took_s: float) -> None:
        """Note a transaction: how many requests it held, how long the first had waited, how long it took."""

    def refused(self, reason: str) -> None:
        """Note that a submission was refused: `overloaded`."""

    def waiting(self, count: int) -> None:
        """Note how many requests wait now."""


class NobodyWatches:
    """The observer of whoever has no metrics."""

    def committed(self, leaves: int, waited_s: float, took_s: float) -> None:
        """Do nothing."""

    def refused(self, reason: str) -> None:
        """Do nothing."""

    def waiting(self, count: int) -> None:
        """Do nothing."""


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Request, Answer]):
    lane: str
    requests: Sequence[Request]
    since_s: float
    answers: Sequence[Answer | Exception] = ()
    answered: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class CommitQueue(Generic[Request, Answer]):
    """Calls `commit` with batches of requests; it returns one answer or exception per request, in their order.

    `commit` is never called by two threads at once. What it raises is the answer to the whole batch. `turn` is waited
    for before a batch is taken, and held until it is committed.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Request]], Sequence[Answer | Exception]],
        *,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        observer: CommitObserver | None = None,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._commit = commit
        self._turn = turn
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._observer = observer or NobodyWatches()
        self._mutex = threading.Lock()
        self._lanes: dict[str, deque[_Ticket[Request, Answer]]] = {}  # in the order of their turns; none is empty
        self._waiting = 0
        self._led = False

    def submit(self, requests: Sequence[Request], *, lane: str = "") -> Sequence[Answer | Exception]:
        """Wait until these requests are committed, all in one batch, and return their answers in order.

        Raises Overloaded when too much waits already; then nothing of it will be committed.
        """
        ticket: _Ticket[Request, Answer] = _Ticket(lane, requests, time.monotonic())
        with self._mutex:
            if self._waiting and self._waiting + len(requests) > self._max_waiting:
                self._observer.refused("overloaded")
                raise Overloaded(f"{self._waiting} messages wait to be committed; at most {self._max_waiting} may")
            self._lanes.setdefault(lane, deque()).append(ticket)
            self._count(len(requests))
            leads = not self._led
            self._led = True
        if not leads:
            self._wait(ticket)
        if not ticket.answered:
            self._lead()
        return ticket.answers

    def _lead(self) -> None:
        """Commit what waits when the turn has come: what arrives while waiting for it is committed too."""
        batch: list[_Ticket[Request, Answer]] = []
        try:
            with self._turn():
                batch = self._take()
                self._answer(batch)
        finally:
            with self._mutex:
                self._appoint()
            for ticket in batch:
                if not ticket.answered:
                    lost = CommitInterrupted("the commit was interrupted: it may have been made, or not")
                    ticket.answers = [lost] * len(ticket.requests)
                    ticket.answered = True
                ticket.woken.set()

    def _appoint(self) -> None:
        """Hand the lead to the one whose turn is next, if any waits; with the mutex held."""
        self._led = bool(self._lanes)
        if self._led:
            next(iter(self._lanes.values()))[0].woken.set()

    def _wait(self, ticket: _Ticket[Request, Answer]) -> None:
        """Wait for an answer or the lead. A thread interrupted meanwhile (a signal) leaves the queue in order."""
        try:
            ticket.woken.wait()
        except BaseException:
            with self._mutex:
                if ticket in self._lanes.get(ticket.lane, ()):
                    self._remove(ticket)
                    if ticket.woken.is_set():
                        self._appoint()
            raise

    def _remove(self, ticket: _Ticket[Request, Answer]) -> None:
        lane = self._lanes[ticket.lane]
        lane.remove(ticket)
        self._count(-len(ticket.requests))
        if not lane:
            del self._lanes[ticket.lane]

    def _take(self) -> list[_Ticket[Request, Answer]]:
        """Take a ticket from each lane in turn: at least one, and then as many as fit into a batch."""
        batch: list[_Ticket[Request, Answer]] = []
        room = self._max_batch
        with self._mutex:
            while self._lanes:
                name, lane = next(iter(self._lanes.items()))
                if batch and len(lane[0].requests) > room:
                    break
                ticket = lane.popleft()
                room -= len(ticket.requests)
                batch.append(ticket)
                del self._lanes[name]
                if lane:
                    self._lanes[name] = lane  # behind the others
            self._count(-sum(len(ticket.requests) for ticket in batch))
        return batch

    def _count(self, more: int) -> None:
        self._waiting += more
        self._observer.waiting(self._waiting)

    def _answer(self, batch: Sequence[_Ticket[Request, Answer]]) -> None:
        requests = [request for ticket in batch for request in ticket.requests]
        answers: Sequence[Answer | Exception]
        begun_s = time.monotonic()
        try:
            answers = self._commit(requests)
        except Exception as error:  # noqa: BLE001 - every submitter is told, whatever it was
            answers = [error] * len(requests)
        waited_s = begun_s - min(ticket.since_s for ticket in batch)
        self._observer.committed(len(requests), waited_s, time.monotonic() - begun_s)
        begin = 0
        for ticket in batch:
            ticket.answers = answers[begin : begin + len(ticket.requests)]
            ticket.answered = True
            begin += len(ticket.requests)
