"""Facts gathered once for one decision: declared by the operator, known from the registry, known to the service."""

from datetime import datetime
from typing import Final

from conversations.chain import ChainState
from registry.assurance import attained_level
from registry.model import Operator
from registry.operators import find_ai_system
from sigill.policy.facts import ConversationFacts, Facts
from sigill.vocabulary import AttestationLevel, Authorship, Channel, Direction, Language
from signing.errors import RequestInvalid
from signing.request import SignRequest

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


def direction_of(request: SignRequest) -> Direction:
    """Return the declared direction, or the channel's usual one: in a chat the customer began, a mail is sent out."""
    if request.direction is not None:
        return request.direction
    return Direction.INBOUND if request.channel in _CUSTOMER_BEGINS else Direction.OUTBOUND


def language_of(request: SignRequest, operator: Operator) -> Language:
    """Return the declared language, or that of the customer's place, or of the operator's first market, or English."""
    if request.language is not None:
        return request.language
    return _LANGUAGES.get(request.jurisdiction or operator.markets[0], Language.EN)


def system_of(request: SignRequest, operator: Operator) -> str | None:
    """Return the AI system that took part: the one named, or the operator's only one.

    Raises RequestInvalid where a human's message names one, AiSystemUnknown where it is not registered.
    """
    if request.authorship is Authorship.HUMAN:
        if request.ai_system is not None:
            raise RequestInvalid("/ai", "a human's message names no AI system; if AI helped, it is ai_assisted or ai")
        return None
    if request.ai_system is not None:
        return find_ai_system(operator, request.ai_system).ref
    active = sorted(system.ref for system in operator.ai_systems if system.active)
    if request.authorship is Authorship.AI and len(active) != 1:
        raise RequestInvalid("/ai/system", "say which AI system wrote this", allowed=active)
    return active[0] if len(active) == 1 else None


def gather_facts(
    request: SignRequest, *, operator: Operator, chain: ChainState | None, system: str | None, at: datetime
) -> Facts:
    """Return the facts as of `at` and of the conversation's state `chain`. Raises RequestInvalid."""
    if request.draft is not None and request.authorship is not Authorship.AI_ASSISTED:
        raise RequestInvalid("/draft", "draft is said of ai_assisted messages only")
    places = (request.jurisdiction,) if request.jurisdiction is not None else operator.markets
    return Facts(
        industry=operator.industry,
        jurisdictions=tuple(sorted(set(places))),
        enquiry=request.enquiry,
        authorship=request.authorship,
        channel=request.channel,
        direction=direction_of(request),
        purpose=request.purpose,
        role=request.role,
        language=language_of(request, operator),
        scope=tuple(sorted(set(request.scope))),
        draft=request.draft,
        disclosure=request.disclosure,
        attestation=AttestationLevel.C,
        vulnerable=request.vulnerable,
        ai_system_registered=system is not None,
        operator_flags=tuple(sorted(operator.flags)),
        assurance_level=int(attained_level(operator.evidence, at=at)),
        conversation=_conversation_facts(chain),
        on=at.date(),
    )


def _conversation_facts(chain: ChainState | None) -> ConversationFacts:
    if chain is None:
        chain = ChainState(id="")
    return ConversationFacts(
        first_ai_message=not chain.ai_has_spoken,
        disclosure_shown=chain.disclosure_shown,
        human_requested_minutes_ago=None,
        last_authorship=chain.last_by,
        handoff_recorded=False,
    )
