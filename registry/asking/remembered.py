"""Remembers good answers for a time, so that a register is not asked the same twice; bounded in number and bytes."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import Final, TypeAlias

from registry.asking.configured import Clock
from registry.asking.exchange import Answered, Fetch, Question

_GOOD: Final = 200
_Key: TypeAlias = tuple[str, bytes | None, tuple[tuple[str, str], ...]]


def is_good(answered: Answered) -> bool:
    """Tell whether an answer is worth keeping: it has status 200."""
    return answered.status == _GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much is remembered: for how long, how many answers, how many bytes of them together."""

    time: timedelta = timedelta(hours=1)
    answers: int = 256
    total_bytes: int = 8 * 1024 * 1024


class RememberedFetch:
    """A `Fetch` that asks another one for what it does not remember. Threads may share it.

    Only answers that are `worth_keeping` are remembered; one given again says in `fetched_at` when it was fetched.
    """

    def __init__(
        self, fetch: Fetch, *, now: Clock, room: Room | None = None, worth_keeping: Callable[[Answered], bool] = is_good
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._room = room or Room()
        self._worth_keeping = worth_keeping
        self._kept: OrderedDict[_Key, Answered] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __call__(self, question: Question) -> Answered:
        """Return the remembered answer, or ask. Raises NoAnswer."""
        key = (question.url, question.body, tuple(sorted(question.headers.items())))
        with self._lock:
            kept = self._look_up(key)
        if kept is not None and len(kept.body) <= question.most_bytes:
            return kept
        answered = self._fetch(question)
        if self._worth_keeping(answered):
            with self._lock:
                self._keep(key, replace(answered, fetched_at=answered.fetched_at or self._now()))
        return answered

    def _look_up(self, key: _Key) -> Answered | None:
        kept = self._kept.get(key)
        if kept is None or kept.fetched_at is None:
            return None
        age = self._now() - kept.fetched_at
        if timedelta(0) <= age < self._room.time:  # one from the future was kept before the clock was set back
            return kept
        self._forget(key)
        return None

    def _keep(self, key: _Key, answered: Answered) -> None:
        if key in self._kept:
            self._forget(key)
        self._kept[key] = answered
        self._bytes += len(answered.body)
        while len(self._kept) > self._room.answers or self._bytes > self._room.total_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: _Key) -> None:
        self._bytes -= len(self._kept.pop(key).body)
