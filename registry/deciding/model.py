"""The values of deciding about operators."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from registry.lookalikes import Likeness

TO_CONFIRM: Final = timedelta(hours=72)


class Decision(StrEnum):
    """What is decided about an operator."""

    VERIFY = "verify"
    SUSPEND = "suspend"
    LIFT = "lift"
    REVOKE = "revoke"
    RENAME = "rename"
    MERGE = "merge"


class ProposalStatus(StrEnum):
    """Where a proposal stands. `UNCONFIRMED`: in force on one person's word, and the second has not looked yet."""

    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a registrar wants decided. `name` is the new one (rename), `into` the id of the operator to go over into."""

    decision: Decision
    reason: str
    name: str | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A decision on its way, or taken. People are named by their ids.

    `number` is the leaf it began with; `based_on` the position in the life cycle it was made in, `position` the one it
    brought about. `closed_by` rejected or withdrew it, for `closed_reason`.
    """

    operator_id: str
    number: int
    ask: Ask
    persons: int
    based_on: int
    status: ProposalStatus
    proposed_by: str
    proposed_at: datetime
    position: int | None = None
    confirmed_by: str | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    closed_at: datetime | None = None

    @property
    def deciders(self) -> frozenset[str]:
        """Who made the decision: the persons of one that took effect, who rejected one that never did."""
        rejected = self.status is ProposalStatus.REJECTED and self.position is None
        by = (self.closed_by,) if rejected else (self.proposed_by, self.confirmed_by)
        return frozenset(each for each in by if each is not None)

    def is_overdue(self, at: datetime) -> bool:
        """Tell whether a suspension by one person should have been confirmed by now."""
        return self.status is ProposalStatus.UNCONFIRMED and at >= self.proposed_at + TO_CONFIRM


class NameKind(StrEnum):
    """What is compared with what others are called."""

    NAME = "name"
    DOMAIN = "domain"
    SENDER = "sender"


class LikenessStatus(StrEnum):
    """Whether somebody has looked at a likeness."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hit:
    """A name of another operator that a new one resembles."""

    operator: str
    known: str
    likeness: Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLikeness:
    """A name that resembles some others', for a registrar to look at."""

    operator_id: str
    number: int
    kind: NameKind
    name: str
    hits: tuple[Hit, ...]
    status: LikenessStatus
    found_at: datetime
    closed_by: str | None = None
    closed_reason: str | None = None
    closed_at: datetime | None = None


class AppealStatus(StrEnum):
    """How an appeal was answered."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """What an operator says against a decision. `about` is `state-<position>` or `proposal-<number>`."""

    operator_id: str
    number: int
    about: str
    reason: str
    made_at: datetime
    status: AppealStatus
    answered_by: str | None = None
    answer: str | None = None
    answered_at: datetime | None = None
