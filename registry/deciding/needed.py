"""What a decision needs to be proven of an operator."""

from datetime import datetime
from typing import Final

from registry.model import Environment, EvidenceKind, Operator
from sigill.vocabulary import Industry

_LICENSED: Final = frozenset({Industry.BANK, Industry.INSURANCE})


def missing_evidence(operator: Operator, *, at: datetime) -> tuple[str, ...]:
    """Return codes of what is not proven at `at`: `domain`, `register_or_lei`, `licence`; empty where nothing is.

    A test operator needs nothing: its seals never answer *genuine*.
    """
    if operator.environment is Environment.TEST:
        return ()
    held = {item.kind for item in operator.evidence if item.valid_from <= at < item.valid_until}
    missing = []
    if EvidenceKind.DOMAIN not in held:
        missing.append("domain")
    if held.isdisjoint({EvidenceKind.REGISTER, EvidenceKind.LEI}):
        missing.append("register_or_lei")
    if operator.industry in _LICENSED and EvidenceKind.LICENCE not in held:
        missing.append("licence")
    return tuple(missing)
