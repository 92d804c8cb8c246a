"""Facts that no policy can be asked about. Each says which values are allowed, so that the sender can mend it.

SigillError
├── MalformedFacts (a Malformed)   kept facts that are not the canonical JSON of any facts
└── FactNotAllowed
    ├── EnquiryNotInIndustry       a kind of enquiry that this industry does not have
    ├── UnknownJurisdiction        a country or state outside the table in `jurisdictions.py`
    └── UnknownScope               a scope outside the vocabulary
"""

from sigill.errors import Malformed, SigillError


class MalformedFacts(Malformed):
    """Kept facts that are not the canonical JSON of any facts."""


class FactNotAllowed(SigillError):
    """A fact with a value no policy knows. `given` is that value, `allowed` the values there are, sorted."""

    def __init__(self, message: str, *, given: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.given = given
        self.allowed = allowed


class EnquiryNotInIndustry(FactNotAllowed):
    """The industry does not have this kind of enquiry; `allowed` lists those it has."""


class UnknownJurisdiction(FactNotAllowed):
    """No such jurisdiction, or none given; `allowed` lists those known."""


class UnknownScope(FactNotAllowed):
    """No such scope; `allowed` lists the vocabulary."""
