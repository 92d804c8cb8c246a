"""How a receipt that somebody kept ends when it is held against the log as it is shown today."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sigill.tlog.faults import Fault, Finding

_CONTRADICTIONS: Final = frozenset([Fault.FORKED, Fault.NOT_CONSISTENT, Fault.SHRUNK])


class Kept(StrEnum):
    """What to say of it; `OWN_WORD` comes beside, where the keys were the service's own."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    """What is signed today cannot have grown from what was signed then."""
    UNPROVEN = "unproven"
    """Something is missing, damaged, or not signed as it should be."""
    OWN_WORD = "own_word"


def conclude(findings: Iterable[Finding]) -> Kept:
    """Return what faults amount to: a contradiction outweighs whatever else is wrong."""
    faults = {finding.fault for finding in findings}
    if not faults:
        return Kept.AGREES
    return Kept.CONTRADICTS if faults & _CONTRADICTIONS else Kept.UNPROVEN
