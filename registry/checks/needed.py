"""What evidence an operator needs before anybody decides to verify it, and what of that is missing. Pure.

Everybody shows a domain, and who it is in law: a company register, a LEI or a qualified seal certificate, whichever its
country has. Banks and insurers show their licence beside that. In the test environment nothing is needed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from registry.checks.kept import KeptCheck
from registry.checks.licence import needs_licence
from registry.model import Environment, EvidenceKind, Operator
from sigill.vocabulary import Industry


class Need(StrEnum):
    """One thing that has to be shown."""

    DOMAIN = "domain"
    IDENTITY = "identity"
    LICENCE = "licence"


SHOWN_BY: Final[Mapping[Need, tuple[EvidenceKind, ...]]] = {
    Need.DOMAIN: (EvidenceKind.DOMAIN,),
    Need.IDENTITY: (EvidenceKind.REGISTER, EvidenceKind.LEI, EvidenceKind.SEAL_CERTIFICATE),
    Need.LICENCE: (EvidenceKind.LICENCE,),
}
"""Any one kind of these is enough for a need."""


@dataclass(frozen=True, slots=True)
class MissingEvidence:
    """A need that nothing shows now, what would show it, and the newest check that tried to (None: nobody tried)."""

    need: Need
    kinds: tuple[EvidenceKind, ...]
    last: KeptCheck | None


def needs_of(industry: Industry, environment: Environment) -> tuple[Need, ...]:
    """Return what an operator has to show."""
    if environment is Environment.TEST:
        return ()
    licence = (Need.LICENCE,) if needs_licence(industry) else ()
    return (Need.DOMAIN, Need.IDENTITY, *licence)


def missing_evidence(operator: Operator, checks: Iterable[KeptCheck], *, at: datetime) -> tuple[MissingEvidence, ...]:
    """Return what an operator still has to show at `at` (aware); empty where a registrar may verify it.

    `checks` are those of this operator, in any order.
    """
    made = sorted(checks, key=lambda check: check.checked_at)
    held = {item.kind for item in operator.evidence if item.valid_from <= at < item.valid_until}
    missing = [need for need in needs_of(operator.industry, operator.environment) if held.isdisjoint(SHOWN_BY[need])]
    return tuple(MissingEvidence(need, SHOWN_BY[need], _last(made, SHOWN_BY[need])) for need in missing)


def _last(made: list[KeptCheck], kinds: tuple[EvidenceKind, ...]) -> KeptCheck | None:
    return next((check for check in reversed(made) if check.kind in kinds), None)
