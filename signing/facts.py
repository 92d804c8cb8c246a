"""Facts gathered once for one decision: declared by the operator, known from the registry, known to the service."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from conversations.chain import ChainState
from registry.assurance import attained_level
from registry.errors import AiSystemUnknown
from registry.model import AiSystem, Operator
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


class UsedSystem(NamedTuple):
    """The AI system that took part; `of_actor`: it is of who seals for the operator, under its mandate."""

    system: AiSystem
    of_actor: bool = False


def system_of(declared: Declared, operator: Operator, *, actor: Operator | None = None) -> UsedSystem | None:
    """Return the AI system that took part: the one named, or the only one there is.

    Under a mandate it may be the operator's or the `actor`'s; a name that both use needs `ai_of`. Raises
    RequestInvalid where a human's message names one or it is not clear whose, AiSystemUnknown where it is not
    registered.
    """
    if declared.authorship is Authorship.HUMAN:
        if declared.ai_system is not None:
            raise RequestInvalid("/ai", "a human's message names no AI system; if AI helped, it is ai_assisted or ai")
        return None
    owners = _owners(declared, operator, actor)
    if declared.ai_system is not None:
        return _find_system(declared.ai_system, owners, actor)
    active = [UsedSystem(system, owner is actor) for owner in owners for system in owner.ai_systems if system.active]
    if declared.authorship is Authorship.AI and len(active) != 1:
        allowed = sorted({used.system.ref for used in active})
        raise RequestInvalid("/ai/system", "say which AI system wrote this", allowed=allowed)
    return active[0] if len(active) == 1 else None


def _owners(declared: Declared, operator: Operator, actor: Operator | None) -> list[Operator]:
    """Return those whose AI systems may be meant."""
    both = [operator] if actor is None else [operator, actor]
    if declared.ai_of is None:
        return both
    named = [owner for owner in both if owner.id == declared.ai_of]
    if not named:
        raise RequestInvalid("/ai/of", "an AI system is of one of these", allowed=[owner.id for owner in both])
    return named


def _find_system(ref: str, owners: list[Operator], actor: Operator | None) -> UsedSystem:
    having = [owner for owner in owners if any(system.ref == ref and system.active for system in owner.ai_systems)]
    if len(having) > 1:
        raise RequestInvalid("/ai/of", "both have a system of this name", allowed=[owner.id for owner in having])
    if not having and len(owners) > 1:
        raise AiSystemUnknown(ref, sorted({each.ref for owner in owners for each in owner.ai_systems if each.active}))
    owner = having[0] if having else owners[0]
    return UsedSystem(find_ai_system(owner, ref), owner is actor)


def gather_facts(
    declared: Declared, *, operator: Operator, chain: ChainState | None, system: UsedSystem | None, at: datetime
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
