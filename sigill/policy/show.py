"""Which disclosure texts to show with a message."""

from collections.abc import Iterable, Mapping

from sigill.policy.decision import Obligation
from sigill.policy.facts import Facts
from sigill.policy.model import ObligationDefinition, TextMoment, TextUse
from sigill.policy.words import Scope
from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Enquiry

_STANDING_ALONE = frozenset({Channel.EMAIL, Channel.LETTER, Channel.FORUM})
"""Channels where a message is read without those before it, so that it must say everything itself."""


def texts_to_show(
    definitions: Mapping[str, ObligationDefinition], obligations: Iterable[Obligation], facts: Facts
) -> tuple[str, ...]:
    """Return the keys of the texts that these obligations ask to show with this message, each once."""
    keys: dict[str, None] = {}
    for obligation in obligations:
        for use in definitions[obligation.id].texts:
            key = _form(use, facts)
            if key is not None and _now(use.moment, obligation, facts):
                keys[key] = None
    return tuple(keys)


def _form(use: TextUse, facts: Facts) -> str | None:
    if facts.channel is Channel.PHONE and facts.direction is Direction.OUTBOUND and "phone_outbound" in use.keys:
        return use.keys["phone_outbound"]
    return use.keys.get(facts.channel, use.keys.get("any"))


def _now(moment: TextMoment, obligation: Obligation, facts: Facts) -> bool:
    talk = facts.conversation
    match moment:
        case TextMoment.EACH_MESSAGE:
            return facts.enquiry is not Enquiry.UNCLASSIFIED  # it may be about something else
        case TextMoment.UNTIL_SHOWN:
            return not _shown(facts)
        case TextMoment.WHEN_VISIBLE:
            return obligation.parameters.get("show") == "visible"
        case TextMoment.HUMAN_REQUESTED:
            return talk.human_requested_minutes_ago is not None and not talk.handoff_recorded
        case _:  # the customer asks whether this is a person
            return Scope.IDENTITY_QUESTION in facts.scope


def _shown(facts: Facts) -> bool:
    """Whether the customer of this conversation has seen it and nobody else has answered since."""
    talk = facts.conversation
    back_to_ai = facts.authorship is Authorship.AI and talk.last_authorship not in {None, Authorship.AI}
    if facts.channel in _STANDING_ALONE or talk.first_ai_message or back_to_ai:
        return False
    return talk.disclosure_shown or facts.disclosure is DisclosureMode.SHOWN_BEFORE
