"""Roots that a log is known by from elsewhere, asked for as its tree is rebuilt: kept checkpoints, heads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sigill.tlog.faults import Fault


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """What the tree's root must have been at `size`; which fault it is if it was not, and where that root was seen."""

    size: int
    root: bytes
    fault: Fault
    where: str


class KnownRoots:
    """Known roots in the order of their sizes, each handed out once."""

    def __init__(self, roots: Iterable[KnownRoot]) -> None:
        self._roots: Iterator[KnownRoot] = iter(roots)
        self._next = next(self._roots, None)

    def up_to(self, size: int) -> Iterator[KnownRoot]:
        """Yield those up to `size` that were not yielded before."""
        while self._next is not None and self._next.size <= size:
            yield self._next
            self._next = next(self._roots, None)
