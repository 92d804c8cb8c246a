"""Facts gathered once for one decision: declared by the operator, known from the registry, known to the service."""

from datetime import datetime, timedelta
from typing import Final

from conversations.chain import ChainState
from registry.assurance import attained_level
from registry.model import Operator
from registry.operators import find_ai_system
from sigill.event.kinds import Speaker
from sigill.policy.facts import MAX_MINUTES, ConversationFacts, Facts
from sigill.vocabulary import Authorship, Channel, Direction, Language
from signing.errors import RequestInvalid
from signing.request import Declared

_CUSTOMER_BEGINS: Final = {Channel.CHAT, Channel.PHONE, Channel.FORUM, Channel.SOCIAL, Channel.VIDEO, Channel.VISIT}
_LANGUAGES: Final = {
    "SE": Language.SV,
    "NO": Language.NB,
    "DK": Language.DA,
    "FI": Language.FI,
    "DE": Language.DE,
    "AT": Language.DE,
    "ES": Language.ES,
}


_NOT_BEGUN: Final = ConversationFacts(
    first_ai_message=True,
    disclosure_shown=False,
    human_requested_minutes_ago=None,
    last_authorship=None,
    handoff_recorded=False,
)


def direction_of(declared: Declared) -> Direction:
    """Return the declared direction, or the channel's usual one: in a chat the customer began, a mail is sent out."""
    if declared.direction is not None:
        return declared.direction
    return Direction.INBOUND if declared.channel in _CUSTOMER_BEGINS else Direction.OUTBOUND


def language_of(declared: Declared, operator: Operator) -> Language:
    """Return the declared language, or that of the customer's place, or of the operator's first market, or English."""
    if declared.language is not None:
        return declared.language
    return _LANGUAGES.get(declared.jurisdiction or operator.markets[0], Language.EN)


def system_of(declared: Declared, operator: Operator) -> str | None:
    """Return the AI system that took part: the one named, or the operator's only one.

    Raises RequestInvalid where a human's message names one, AiSystemUnknown where it is not registered.
    """
    if declared.authorship is Authorship.HUMAN:
        if declared.ai_system is not None:
            raise RequestInvalid("/ai", "a human's message names no AI system; if AI helped, it is ai_assisted or ai")
        return None
    if declared.ai_system is not None:
        return find_ai_system(operator, declared.ai_system).ref
    active = sorted(system.ref for system in operator.ai_systems if system.active)
    if declared.authorship is Authorship.AI and len(active) != 1:
        raise RequestInvalid("/ai/system", "say which AI system wrote this", allowed=active)
    return active[0] if len(active) == 1 else None


def gather_facts(
    declared: Declared, *, operator: Operator, chain: ChainState | None, system: str | None, at: datetime
) -> Facts:
    """Return the facts as of `at` and of the conversation's state `chain`. Raises RequestInvalid."""
    if declared.draft is not None and declared.authorship is not Authorship.AI_ASSISTED:
        raise RequestInvalid("/draft", "draft is said of ai_assisted messages only")
    places = (declared.jurisdiction,) if declared.jurisdiction is not None else operator.markets
    return Facts(
        industry=operator.industry,
        jurisdictions=tuple(sorted(set(places))),
        enquiry=declared.enquiry,
        authorship=declared.authorship,
        channel=declared.channel,
        direction=direction_of(declared),
        purpose=declared.purpose,
        role=declared.role,
        language=language_of(declared, operator),
        scope=tuple(sorted(set(declared.scope))),
        draft=declared.draft,
        disclosure=declared.disclosure,
        attestation=declared.attestation,
        vulnerable=declared.vulnerable,
        ai_system_registered=system is not None,
        operator_flags=tuple(sorted(operator.flags)),
        assurance_level=int(attained_level(operator.evidence, at=at)),
        conversation=conversation_facts(chain, at=at),
        on=at.date(),
    )


def conversation_facts(chain: ChainState | None, *, at: datetime) -> ConversationFacts:
    """Return what a decision at `at` may know of a conversation (None: it has not begun)."""
    if chain is None or chain.seq == 0:
        return _NOT_BEGUN
    return ConversationFacts(
        first_ai_message=not chain.ai_has_spoken,
        disclosure_shown=chain.disclosure_shown,
        human_requested_minutes_ago=_minutes_since(chain.human_requested_at, at),
        last_authorship=chain.last_by,
        handoff_recorded=chain.announced is Speaker.HUMAN,
    )


def _minutes_since(then: datetime | None, at: datetime) -> int | None:
    """Return whole minutes; 0 where the clock went back, and no more than facts may hold."""
    if then is None:
        return None
    return min(max((at - then) // timedelta(minutes=1), 0), MAX_MINUTES)
