"""Taking turns: who lost a race for a conversation waits for the others of this process that lost one too."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Final

_TURNS: Final = tuple(Lock() for _ in range(64))  # a conversation has one of them


@contextmanager
def turns(reference_macs: Iterable[str | None]) -> Iterator[None]:
    """Hold the turns of these conversations; always taken in one order, so that no two wait for each other."""
    with ExitStack() as held:
        for number in sorted({hash(mac) % len(_TURNS) for mac in reference_macs}):
            held.enter_context(_TURNS[number])
        yield
