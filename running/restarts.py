"""When to start a process again: decided from deaths and times alone, all in monotonic seconds.

A process that dies rests half a second before its next start, twice as long after each further death in a row, ten
seconds at most. One that stayed alive for half a minute starts again from half a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 10.0
STEADY_AFTER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """Alive since `since_s`, after `deaths` deaths in a row."""

    since_s: float
    deaths: int


@dataclass(frozen=True, slots=True)
class Resting:
    """Not alive, and to be started at `until_s`; `deaths` deaths in a row so far."""

    until_s: float
    deaths: int


NEVER_STARTED: Final = Resting(until_s=float("-inf"), deaths=0)


def after_start(state: Resting, *, at_s: float) -> Running:
    """Return the state of a process just started."""
    return Running(since_s=at_s, deaths=state.deaths)


def after_death(state: Running, *, at_s: float) -> Resting:
    """Return how long a process that died at `at_s` rests."""
    deaths = 1 if at_s - state.since_s >= STEADY_AFTER_S else state.deaths + 1
    return Resting(until_s=at_s + rest_s(deaths), deaths=deaths)


def rest_s(deaths: int) -> float:
    """Return the rest after so many deaths in a row, at least one."""
    rest = FIRST_REST_S
    for _ in range(deaths - 1):
        if rest >= LONGEST_REST_S:
            break
        rest *= 2
    return min(rest, LONGEST_REST_S)


def due(states: Mapping[str, Running | Resting], *, at_s: float) -> list[str]:
    """Return the names of the processes to start now, in the order of the mapping."""
    return [name for name, state in states.items() if isinstance(state, Resting) and state.until_s <= at_s]


def seconds_to_next_start(states: Mapping[str, Running | Resting], *, at_s: float) -> float | None:
    """Return how long nothing needs starting; None when every process runs."""
    rests = [state.until_s for state in states.values() if isinstance(state, Resting)]
    return max(0.0, min(rests) - at_s) if rests else None
