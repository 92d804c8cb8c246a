"""A check that was made, as the registry keeps it: passed, failed, or could not be checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.checks.outcome import Outcome
from registry.model import EvidenceKind


class CheckStatus(StrEnum):
    """Whether a registrar has to look: `alarm` where evidence that the operator had was lost, or soon will be."""

    SETTLED = "settled"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheck:
    """One check of an operator. `subject` is what was checked: a domain, an identifier, a certificate's SHA-256.

    `evidence_id` names the evidence that the check added, None where it added none. `facts` and `detail` may name
    people (a sole trader): they are for the operator itself, registrars and auditors.
    """

    id: str
    operator_id: str
    kind: EvidenceKind
    subject: str
    outcome: Outcome
    status: CheckStatus
    method: str
    reason: str
    detail: str
    facts: Mapping[str, str]
    checked_by: str
    checked_at: datetime
    valid_until: datetime | None
    evidence_id: str | None
