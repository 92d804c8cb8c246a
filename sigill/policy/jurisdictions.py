"""Which jurisdictions there are and which stand over them: SE in EU in EEA, NO in EEA, US-CA in US, GB in UK."""

from collections.abc import Iterable
from typing import Final

from sigill.policy.errors import UnknownJurisdiction

_EU_MEMBERS: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_US_STATES: Final = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY "
    "OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)

PARENT: Final[dict[str, str | None]] = {
    "EEA": None,
    "EU": "EEA",
    **dict.fromkeys(_EU_MEMBERS.split(), "EU"),
    **dict.fromkeys(("IS", "LI", "NO"), "EEA"),
    "CH": None,
    "UK": None,
    "GB": "UK",  # ISO's word for it
    "US": None,
    **{f"US-{state}": "US" for state in _US_STATES.split()},
}
"""The one jurisdiction directly over each; None at the top."""


def reach(codes: Iterable[str]) -> frozenset[str]:
    """Return `codes` with everything that stands over them: {"SE"} -> {"SE", "EU", "EEA"}.

    Raises UnknownJurisdiction for an unknown code and for none at all.
    """
    reached: set[str] = set()
    for code in codes:
        at: str | None = code
        while at is not None:
            if at not in PARENT:
                raise UnknownJurisdiction(f"unknown jurisdiction {at[:20]!r}", given=at, allowed=tuple(sorted(PARENT)))
            reached.add(at)
            at = PARENT[at]
    if not reached:
        raise UnknownJurisdiction("no jurisdiction given", given="", allowed=tuple(sorted(PARENT)))
    return frozenset(reached)
