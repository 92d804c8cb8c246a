"""What a check can find."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """The kinds of findings, each with what must hold instead."""

    LOST = "lost"  # every acknowledged seal or refusal is in its log, with a proof that still holds
    TWICE = "duplicated"  # one seal or refusal per message, one index per leaf, one id per seal
    GAP = "gap"  # indices run from 0 to size - 1
    CHAIN = "broken chain"  # conversations count from 1, each message naming the one before
    HALF = "half written"  # a leaf, its token, its decision and its record are all there, or none
    ROOT = "wrong root"  # entries, tiles and signed checkpoint agree
    ANSWER = "wrong answer"  # only documented statuses, 503 with Retry-After, an answer in the end
    AWAY = "not recovered"  # the service comes back by itself


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise."""

    fault: Fault
    what: str
