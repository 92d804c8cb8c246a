"""What stands in the way of an erasure.

PrivacyError(SigillError)
├── RecordNotFound      nothing of this operator's has this id
├── RetentionNotOver    it is to be kept longer: which rule says so, on what basis, and until when
├── LegallyHeld         a legal hold keeps it
├── RequesterInvalid    a reference, reason or month that cannot be taken
├── HoldNotFound        no hold of this id is in force
└── SaltKeyNeeded       the operator still seals in that month
"""

from datetime import datetime

from sigill.errors import SigillError
from sigill.policy.retention import Period


class PrivacyError(SigillError):
    """The root of this package's errors."""


class RecordNotFound(PrivacyError):
    """No message, event or refusal of this operator has this id."""


class RetentionNotOver(PrivacyError):
    """It is within its minimum retention: `period` is the rule, `until` (aware) when it may be asked again."""

    def __init__(self, period: Period, *, until: datetime) -> None:
        basis = period.basis.replace("_", " ")
        super().__init__(
            f"kept at least {period.days} days (rule {period.rule}, basis: {basis}); ask again from "
            f"{until:%Y-%m-%d %H:%M} UTC. {period.why}"
        )
        self.period = period
        self.until = until


class LegallyHeld(PrivacyError):
    """A legal hold keeps it; the message names the hold."""


class RequesterInvalid(PrivacyError):
    """A reference, a reason or a month that cannot be taken; says which and why."""


class HoldNotFound(PrivacyError):
    """No hold of this id is in force."""


class SaltKeyNeeded(PrivacyError):
    """Messages are still sealed with the salt key of that month."""
