"""The values of a mandate: who may seal for whom, what, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from registry.model import OperatorId
from sigill.vocabulary import Channel, Enquiry, Purpose

MandateId = NewType("MandateId", str)

LONGEST: Final = timedelta(days=366)
MAX_DAILY: Final = 10_000_000


class MandateState(StrEnum):
    """Where a mandate stands; only one in force lets anybody seal."""

    OFFERED = "offered"
    TO_COME = "to_come"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REVOKED = "revoked"


class MandateParty(StrEnum):
    """Who ended a mandate."""

    PRINCIPAL = "principal"
    MANDATARY = "mandatary"
    REGISTRAR = "registrar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a mandate covers, in `[valid_from, valid_until)` (UTC).

    `enquiries` None: of every kind. `daily_messages` None: as many as may be; else the most sealed in one UTC day.
    """

    channels: tuple[Channel, ...]
    enquiries: tuple[Enquiry, ...] | None
    purposes: tuple[Purpose, ...]
    valid_from: datetime
    valid_until: datetime
    daily_messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A mandate of the principal for the mandatary: given by the one, accepted by the other, ended by either."""

    id: MandateId
    principal_id: OperatorId
    mandatary_id: OperatorId
    terms: Terms
    given_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: MandateParty | None = None

    @property
    def since(self) -> datetime | None:
        """When it came, or comes, into force; None before it is accepted."""
        return None if self.accepted_at is None else max(self.accepted_at, self.terms.valid_from)

    def state_at(self, at: datetime) -> MandateState:
        """Where it stands at `at`, as far as is known now: an offer nobody took up runs out too."""
        if self.revoked_at is not None:
            return MandateState.REVOKED
        if at >= self.terms.valid_until:
            return MandateState.EXPIRED
        if self.since is None:
            return MandateState.OFFERED
        return MandateState.IN_FORCE if at >= self.since else MandateState.TO_COME
