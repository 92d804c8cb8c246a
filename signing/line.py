"""The line in which messages of one process wait to be sealed together."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from transparency.commit_queue import MAX_BATCH, MAX_WAITING, CommitObserver, CommitQueue

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Place(NamedTuple):
    item: Any
    work: Callable[[Sequence[Any]], Sequence[Any]]


class Line:
    """Whoever finds nobody working works, for all who wait; any number of threads. One per process and world."""

    def __init__(
        self, *, max_batch: int = MAX_BATCH, max_waiting: int = MAX_WAITING, observer: CommitObserver | None = None
    ) -> None:
        self._queue = CommitQueue[_Place, Any](
            _work, max_batch=max_batch, max_waiting=max_waiting, observer=observer, turn=_after_the_others
        )

    def submit(
        self, items: Sequence[Item], *, work: Callable[[Sequence[Item]], Sequence[Answer]], lane: str
    ) -> Sequence[Answer | Exception]:
        """Wait until `work` was done on these items, together with others; return its answers, or what it raised.

        Everybody's `work` is the same; it must not submit to this line itself. Raises Overloaded when too many wait.
        """
        return self._queue.submit([_Place(item, work) for item in items], lane=lane)


@contextmanager
def _after_the_others() -> Iterator[None]:
    """Let everybody who is about to submit do so first: greenlets go on only when somebody lets them."""
    time.sleep(0)
    yield


def _work(places: Sequence[_Place]) -> Sequence[Any]:
    return places[0].work([place.item for place in places])
