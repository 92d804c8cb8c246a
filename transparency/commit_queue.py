"""Group commit: many threads submit, one of them at a time commits for all that wait.

No thread of its own: whoever finds nobody leading leads, commits one batch, wakes those it answered and hands the
lead to the first that still waits. While one commit is on its way to the disk, the next batch gathers by itself.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from transparency.errors import StoreUnavailable

MAX_BATCH: Final = 256

Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Request, Answer]):
    requests: Sequence[Request]
    answers: Sequence[Answer | Exception] = ()
    answered: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class CommitQueue(Generic[Request, Answer]):
    """Calls `commit` with batches of requests; it returns one answer or exception per request, in their order.

    `commit` is never called by two threads at once. What it raises is the answer to the whole batch.
    """

    def __init__(
        self, commit: Callable[[Sequence[Request]], Sequence[Answer | Exception]], *, max_batch: int = MAX_BATCH
    ) -> None:
        self._commit = commit
        self._max_batch = max_batch
        self._mutex = threading.Lock()
        self._waiting: deque[_Ticket[Request, Answer]] = deque()
        self._led = False

    def submit(self, requests: Sequence[Request]) -> Sequence[Answer | Exception]:
        """Wait until these requests are committed, all in one batch, and return their answers in order."""
        ticket = _Ticket[Request, Answer](requests)
        with self._mutex:
            self._waiting.append(ticket)
            leads = not self._led
            self._led = True
        if not leads:
            self._wait(ticket)
        if not ticket.answered:
            self._lead()
        return ticket.answers

    def _lead(self) -> None:
        batch = self._take()
        try:
            self._answer(batch)
        finally:
            with self._mutex:
                self._appoint()
            for ticket in batch:
                if not ticket.answered:
                    ticket.answers = [StoreUnavailable("the commit was interrupted") for _ in ticket.requests]
                    ticket.answered = True
                ticket.woken.set()

    def _appoint(self) -> None:
        """Hand the lead to the first that waits, if any; with the mutex held."""
        self._led = bool(self._waiting)
        if self._led:
            self._waiting[0].woken.set()

    def _wait(self, ticket: _Ticket[Request, Answer]) -> None:
        """Wait for an answer or the lead. A thread interrupted meanwhile (a signal) leaves the queue in order."""
        try:
            ticket.woken.wait()
        except BaseException:
            with self._mutex:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                    if ticket.woken.is_set():
                        self._appoint()
            raise

    def _take(self) -> list[_Ticket[Request, Answer]]:
        """Take tickets from the front: at least one, and then as many as fit into a batch."""
        batch: list[_Ticket[Request, Answer]] = []
        room = self._max_batch
        with self._mutex:
            while self._waiting and (not batch or len(self._waiting[0].requests) <= room):
                ticket = self._waiting.popleft()
                room -= len(ticket.requests)
                batch.append(ticket)
        return batch

    def _answer(self, batch: Sequence[_Ticket[Request, Answer]]) -> None:
        requests = [request for ticket in batch for request in ticket.requests]
        answers: Sequence[Answer | Exception]
        try:
            answers = self._commit(requests)
        except Exception as error:  # noqa: BLE001 - every submitter is told, whatever it was
            answers = [error] * len(requests)
        begin = 0
        for ticket in batch:
            ticket.answers = answers[begin : begin + len(ticket.requests)]
            ticket.answered = True
            begin += len(ticket.requests)
