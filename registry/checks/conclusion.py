"""What follows from a check: evidence that is added or ended, the step that says so, when it is asked again. Pure.

- Passed: evidence, unless what is held already has more than half of its time left. Asked again in time.
- Failed: what was held for the same subject ends at once, and a registrar is told; else the failure alone is noted.
- Could not be checked: never evidence, and nothing ends by it. It is tried again after growing pauses, until what is
  held has ended by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from registry.checks.kept import CheckStatus
from registry.checks.outcome import CheckResult, Outcome
from registry.model import Evidence, EvidenceKind
from registry.steps import Act, Step
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json

AHEAD: Final = timedelta(days=7)
"""How long before its end evidence is asked for again."""

SEAL_EVERY: Final = timedelta(days=1)
FIRST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE: Final = timedelta(hours=12)
MOST_TRIES: Final = 12
"""How often in a row something is tried that never passed yet: some three days."""

_SOONEST: Final = timedelta(days=1)
LOOK_AGAIN: Final = "look_again"
"""The reason of a check that only a person can make: a registrar is told, and it is not tried again."""

NOT_SET_UP: Final = frozenset({"no_resolvers", "no_anchors", "no_register"})
"""Reasons that are the guarantor's own: trying again soon would change nothing."""

_PUBLIC_SUBJECTS: Final = frozenset({EvidenceKind.DOMAIN})


class AskedBy(StrEnum):
    """Why a check was made."""

    OPERATOR = "operator"
    REGISTRAR = "registrar"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """A check as it was asked for. `by` is who asked, in the words of the public history; `tries` how often in vain."""

    subject: str
    asked_by: AskedBy
    by: str
    checked_by: str
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What to write. `due_at` None: it is not asked again by itself. No `step`: the log says nothing of it."""

    status: CheckStatus
    adds: Evidence | None = None
    ends: tuple[str, ...] = ()
    step: Step | None = None
    due_at: datetime | None = None
    tries: int = 0


def conclude(
    result: CheckResult, checking: Checking, *, held: Sequence[Evidence], at: datetime, evidence_id: str
) -> Conclusion:
    """Return what follows at `at` (aware). `held` is unexpired evidence of this kind and subject.

    `evidence_id` is the id of the evidence that may be added. Raises ValueError for a passed check without an end.
    """
    match result.outcome:
        case Outcome.PASSED:
            return _conclude_passed(result, checking, held=held, at=at, evidence_id=evidence_id)
        case Outcome.FAILED:
            return _conclude_failed(result, checking, held=held, at=at)
        case _:
            return _conclude_unchecked(result, checking, held=held, at=at)


def digest_of(body: bytes) -> str:
    """Return the base64url SHA-256 of a stored answer: what the public history says of it."""
    return format_base64url(sha256(body).digest())


def _conclude_passed(
    result: CheckResult, checking: Checking, *, held: Sequence[Evidence], at: datetime, evidence_id: str
) -> Conclusion:
    until = result.valid_until
    if until is None:
        raise ValueError("a check that passed says until when")
    latest = max((item.valid_until for item in held), default=at)
    if latest - at > (until - at) / 2:
        return Conclusion(status=CheckStatus.SETTLED, due_at=_due(result.kind, latest, at))
    if until <= at:  # what it rests on is over already
        return Conclusion(status=CheckStatus.SETTLED)
    added = Evidence(
        id=evidence_id,
        kind=result.kind,
        method=result.method[:200],
        checked_by=checking.checked_by,
        valid_from=min(result.checked_at, at),
        valid_until=until,
    )
    said: dict[str, Json] = {
        **_about(result, checking),
        "method": added.method,
        "evidence": evidence_id,
        "valid_until": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "answers": [digest_of(answer.body) for answer in result.answers],
    }
    step = Step(act=Act.EVIDENCE_ADDED, at=at, by=checking.by, said=said)
    return Conclusion(status=CheckStatus.SETTLED, adds=added, step=step, due_at=_due(result.kind, until, at))


def _conclude_failed(result: CheckResult, checking: Checking, *, held: Sequence[Evidence], at: datetime) -> Conclusion:
    about = _about(result, checking)
    if not held:
        step = Step(act=Act.CHECK_FAILED, at=at, by=checking.by, said=about)
        return Conclusion(status=CheckStatus.SETTLED, step=step)
    ends = tuple(item.id for item in held)
    step = Step(act=Act.EVIDENCE_ENDED, at=at, by=checking.by, said={**about, "evidence": list(ends)})
    return Conclusion(status=CheckStatus.ALARM, ends=ends, step=step)


def _conclude_unchecked(
    result: CheckResult, checking: Checking, *, held: Sequence[Evidence], at: datetime
) -> Conclusion:
    tries = checking.tries + 1
    pause = min(FIRST_PAUSE * 2 ** min(checking.tries, 10), LONGEST_PAUSE)
    pause = LONGEST_PAUSE if result.reason in NOT_SET_UP else pause
    first_seal = result.kind is EvidenceKind.SEAL_CERTIFICATE and not held  # only the operator can send that again
    given_up = not held and (tries >= MOST_TRIES or first_seal or result.reason in NOT_SET_UP)
    if given_up or result.reason == LOOK_AGAIN:
        lost = checking.asked_by is AskedBy.SCHEDULE
        return Conclusion(status=CheckStatus.ALARM if lost else CheckStatus.SETTLED)
    return Conclusion(status=CheckStatus.SETTLED, due_at=at + pause, tries=tries)


def _due(kind: EvidenceKind, until: datetime, at: datetime) -> datetime:
    if kind is EvidenceKind.SEAL_CERTIFICATE:
        return at + SEAL_EVERY
    return max(until - AHEAD, at + _SOONEST)


def _about(result: CheckResult, checking: Checking) -> Mapping[str, Json]:
    """Return what everybody may know of a check: never what a source said of people."""
    about: dict[str, Json] = {"kind": result.kind.value, "reason": str(result.reason)}
    return about | ({"domain": checking.subject} if result.kind in _PUBLIC_SUBJECTS else {})
