"""Medians, spreads and ratios of samples taken in interleaved rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of samples, with the least and the greatest."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range of one or more values."""
    return Spread(median(values), min(values), max(values))


def ratios(values: Sequence[float], to: Sequence[float]) -> Spread:
    """Return the spread of the ratios taken round by round: what slows a whole round does not touch its ratio.

    Beside nothing (no message ended in a round) everything is infinitely much.
    """
    return spread([value / other if other else inf for value, other in zip(values, to, strict=True)])
