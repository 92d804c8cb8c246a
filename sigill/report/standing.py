"""Where an operator stands: a seal vouches for its moment, the registry tells what changed since."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an operator stands in the registry."""

    APPLIED = "applied"
    VERIFIED = "verified"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Standing:
    """The operator's state when it sealed and now, as the registry knows them."""

    then: State
    now: State
