"""The values of the sending policy: contact points, promises, daily totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from registry.model import OperatorId
from sigill.vocabulary import Channel

ContactId = NewType("ContactId", str)
PromiseId = NewType("PromiseId", str)


class ContactKind(StrEnum):
    """What a message can come from."""

    PHONE = "phone"
    SENDER_NAME = "sender_name"
    MAIL_DOMAIN = "mail_domain"
    APP = "app"
    HANDLE = "handle"


class ContactState(StrEnum):
    """Where a contact point stands. Only a verified one is ever shown as the operator's.

    A contested one is another's, or looks like another's: a registrar decides.
    """

    DECLARED = "declared"
    CONTESTED = "contested"
    VERIFIED = "verified"
    REFUSED = "refused"
    ENDED = "ended"


class Method(StrEnum):
    """How a contact point was verified."""

    PHONE_CODE = "phone_code"
    PROVEN_DOMAIN = "proven_domain"
    REGISTRAR = "registrar"
    DEMONSTRATION = "demonstration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact point. `key` is what it is found by: two spellings of one thing have the same.

    `note` is a registrar's or the reason of its state, in words everyone may read; verified in `[verified_at,
    valid_until)`.
    """

    id: ContactId
    operator_id: OperatorId
    kind: ContactKind
    value: str
    key: str
    state: ContactState
    declared_at: datetime
    note: str | None = None
    method: Method | None = None
    verified_at: datetime | None = None
    valid_until: datetime | None = None
    ended_at: datetime | None = None

    def is_verified(self, at: datetime) -> bool:
        """Tell whether it counts as the operator's at `at`."""
        return (
            self.state is ContactState.VERIFIED
            and self.verified_at is not None
            and self.valid_until is not None
            and self.verified_at <= at < self.valid_until
        )


class PromiseKind(StrEnum):
    """What is promised: that everything carries a seal, or, where nothing can carry one, that it is announced."""

    SEALS = "seals"
    ANNOUNCES = "announces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an operator promises of one channel, on the days `[since, until)` (UTC); without `until`: for now.

    Nothing is deleted: `ended_at` is when it was said that the promise ends.
    """

    id: PromiseId
    operator_id: OperatorId
    channel: Channel
    since: date
    made_at: datetime
    until: date | None = None
    ended_at: datetime | None = None

    @property
    def kind(self) -> PromiseKind:
        """What is promised: calls are announced, everything else is sealed."""
        return PromiseKind.ANNOUNCES if self.channel is Channel.PHONE else PromiseKind.SEALS

    def holds_on(self, day: date) -> bool:
        """Tell whether it covers a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Total:
    """How many messages of one channel were sent, and how many of them sealed."""

    sent: int
    sealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTotals:
    """What an operator declared of one day (UTC). A correction is a new `version`; the older ones stay.

    `statement` is what it signed, `thumbprint` the key.
    """

    operator_id: OperatorId
    day: date
    version: int
    totals: Mapping[Channel, Total]
    statement: str
    thumbprint: str
    declared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotals:
    """One day as everyone may read it: declared by the operator, and counted by us from the seals of that day."""

    day: date
    declared: Mapping[Channel, Total]
    counted: Mapping[Channel, int]
    version: int
