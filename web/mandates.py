"""What a page shows of mandates: who may send for whom. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from registry.mandates.model import Mandate, MandateState
from sigill.report.words import Words
from web.dates import tell_day
from web.world import WebWorld


class ShownMandate(NamedTuple):
    """A mandate with its parties' trading names."""

    mandate: Mandate
    principal: str
    mandatary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateView:
    """One mandate in the reader's words; `past` where it lets nobody seal any more."""

    says: str
    covers: str
    time: str
    past: bool


def view_mandate(shown: ShownMandate, *, words: Words, world: WebWorld) -> MandateView:
    """Return a mandate as the operator's page shows it, at this moment."""
    mandate, terms = shown.mandate, shown.mandate.terms
    begin = tell_day(mandate.since or terms.valid_from, language=words.language, zone=world.zone)
    end = tell_day(mandate.revoked_at or terms.valid_until, language=words.language, zone=world.zone)
    covers = [words.channel(channel) for channel in terms.channels] + [words.purpose(each) for each in terms.purposes]
    covers += [words.enquiry(enquiry) for enquiry in terms.enquiries or ()]
    return MandateView(
        says=words.label("mandate_says", agent=shown.mandatary, principal=shown.principal),
        covers=", ".join(covers),
        time=words.label("mandate_time", begin=begin, end=end),
        past=mandate.state_at(world.now()) in {MandateState.EXPIRED, MandateState.REVOKED},
    )
