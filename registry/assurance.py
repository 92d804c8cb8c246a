"""How sure it is who an operator is: computed from unexpired evidence each time, never stored."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from registry.model import AssuranceLevel, Evidence, EvidenceKind, Operator

_REQUIREMENTS: Final = (
    (AssuranceLevel.QUALIFIED_SEAL, (frozenset({EvidenceKind.SEAL_CERTIFICATE, EvidenceKind.REGISTER}),)),
    (
        AssuranceLevel.IDENTITY_CHECKED,
        (
            frozenset({EvidenceKind.DOMAIN, EvidenceKind.REGISTER}),
            frozenset({EvidenceKind.DOMAIN, EvidenceKind.LEI}),
        ),
    ),
    (AssuranceLevel.DOMAIN_PROVEN, (frozenset({EvidenceKind.DOMAIN}),)),
)


def attained_level(evidence: Iterable[Evidence], *, at: datetime) -> AssuranceLevel:
    """Return the highest level whose requirements hold at `at` (aware, UTC).

    Expired evidence counts for nothing, and neither does evidence of kind demonstration: it lets an invented operator
    seal, and proves nothing. Never raises: no evidence is DECLARED.
    """
    held = {item.kind for item in evidence if item.valid_from <= at < item.valid_until}
    for level, alternatives in _REQUIREMENTS:
        if any(needed <= held for needed in alternatives):
            return level
    return AssuranceLevel.DECLARED


def is_demonstration(operator: Operator) -> bool:
    """Tell whether the operator is made up: it seals on evidence that proves nothing."""
    return any(item.kind is EvidenceKind.DEMONSTRATION for item in operator.evidence)
