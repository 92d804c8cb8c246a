"""Slowing down whoever guesses: after some wrong ones, a wait that doubles with each further one.

The wait is told to the client (429, Retry-After), never sat out by a worker. A few wrong ones are free: people mistype.
Being right does not wipe out what was wrong before, or a guesser would use a code of its own in between.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from limiting.counters import Counters
from limiting.limiter import Subjects

_MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Leniency:
    """How many wrong ones are free within `memory_s`, and how the wait grows from `first_s` to `longest_s`."""

    free: int
    first_s: int = 1
    longest_s: int = 600
    memory_s: int = 3600

    def wait_s(self, wrong: int) -> int:
        """Return how long to wait after so many wrong ones; 0 for none."""
        beyond = wrong - self.free
        return 0 if beyond <= 0 else min(self.longest_s, self.first_s << min(beyond - 1, _MOST_DOUBLINGS))


KEYS: Final = Leniency(free=10)  # a client with an old key in ten places is no guesser
CODES: Final = Leniency(free=20)  # many customers may share one address of a telephone network
ONE_THING: Final = Leniency(free=5)  # for whatever can be named: a call, an account


class Guessing:
    """Counts wrong guesses by kind ("key", "code", …) and subject (an address's, a thing's)."""

    def __init__(self, counters: Counters, *, subjects: Subjects) -> None:
        self._counters = counters
        self._subjects = subjects

    def wait_s(self, kind: str, subject: str) -> int:
        """Return how many whole seconds a subject has to wait before its next guess; 0 for none."""
        return ceil(self._counters.left_s(self._waiting(kind, subject)))

    def note_wrong(self, kind: str, subject: str, *, leniency: Leniency, guesses: int = 1) -> int:
        """Count wrong guesses; return how many seconds the subject waits from now on."""
        name = self._subjects.name(f"wrong {kind}", subject).hex()
        wrong = self._counters.add(name, lasts_s=leniency.memory_s, amount=guesses)
        wait_s = 0 if wrong is None else leniency.wait_s(wrong)
        if wait_s:
            waiting = self._waiting(kind, subject)
            self._counters.clear(waiting)
            self._counters.add(waiting, lasts_s=wait_s)
        return wait_s

    def _waiting(self, kind: str, subject: str) -> str:
        return self._subjects.name(f"waiting {kind}", subject).hex()
