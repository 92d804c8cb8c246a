"""What every check of an operator ends with: passed, failed, or could not be checked, with what was answered.

A source that is down, slow or answers nonsense never makes a check pass, and never makes it fail either: it could not
be checked, and is asked again later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from registry.model import EvidenceKind


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_BE_CHECKED = "could_not_be_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What a source answered, byte for byte, for whoever wants to see later what a check rested on.

    `source` names what was asked: a URL, or `dns:<name>/TXT@<resolver>`. It never holds a secret.
    """

    source: str
    media_type: str
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check, done. Failed and unchecked ones are kept as well; only passed ones become evidence.

    `method` says in a few plain words how it was checked, as the public page shows it. `reason` is a code of the
    check's own list, `detail` a sentence for the operator and the registrar: what was found, and what to do. `facts`
    are what the source said of the operator (its name, its standing, its country), by name; from outside, bounded.
    """

    kind: EvidenceKind
    outcome: Outcome
    method: str
    reason: str
    detail: str
    checked_at: datetime
    valid_until: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[StoredAnswer, ...] = ()
