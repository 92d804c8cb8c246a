"""Builders of events and of whole conversations: seals and events in one chain, every link to overrule.

talk = Talk()
talk.say(Authorship.AI).happen(HumanRequested()).happen(Handoff(Speaker.AI, Speaker.HUMAN)).say(Authorship.HUMAN)
check_chain(talk.links, trust=talk.trust)   # ()
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sigill.event.kinds import Happening, HumanRequested
from sigill.event.token import TYP as EVENT_TYP
from sigill.event.token import EventClaims, sign_event
from sigill.report.trust import Trust
from sigill.seal.claims import ConversationClaim, audience_of, operator_url
from sigill.seal.token import previous_hash, sign_seal
from sigill.vocabulary import Authorship
from tests.builders_seal import (
    ISSUER,
    NOW,
    OPERATOR_ID,
    SIGNER,
    MemoryLog,
    MemorySigner,
    make_claims,
    make_disclosures,
    make_jti,
    make_trust,
    make_values,
)

EVENT_SIGNER: Final = MemorySigner(60)
CONVERSATION: Final = "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"
BEGINNING: Final = ConversationClaim(id=CONVERSATION, seq=1, prev=None)


def make_event_claims(happening: Happening | None = None, *, at: datetime = NOW, **changes: Any) -> EventClaims:
    """Return whole and valid claims of an event; `changes` overrule single ones."""
    claims = EventClaims(
        iss=ISSUER,
        aud=audience_of(ISSUER),
        sub=operator_url(ISSUER, OPERATOR_ID),
        iat=at.replace(microsecond=0),
        jti=make_jti(at),
        conv=BEGINNING,
        ev=HumanRequested() if happening is None else happening,
    )
    return replace(claims, **changes)


def event_trust(*, around: datetime = NOW, **changes: Any) -> Trust:
    """Return a trust file's content with the keys of seals and of events; `changes` overrule parts of the latter."""
    keys = (SIGNER.published(around=around), EVENT_SIGNER.published(around=around, typ=EVENT_TYP, **changes))
    return make_trust(MemoryLog(), *keys)


@dataclass
class Talk:
    """A conversation of an operator with a customer; each link a minute after the one before it."""

    id: str = CONVERSATION
    operator_id: str = OPERATOR_ID
    links: list[str] = field(default_factory=list)
    trust: Trust = field(default_factory=event_trust)

    def say(self, by: Authorship = Authorship.AI, *, signer: MemorySigner = SIGNER, **changes: Any) -> Self:
        """Add a message."""
        values = make_values(f"Svar nummer {len(self.links) + 1}.", jti=self._jti())
        claims = make_claims(make_disclosures(values, jti=self._jti()), jti=self._jti(), by=by, at=self._at())
        claims = replace(claims, conv=self._next(), sub=operator_url(ISSUER, self.operator_id))
        self.links.append(sign_seal(replace(claims, **changes), signer=signer))
        return self

    def happen(self, happening: Happening, *, signer: MemorySigner = EVENT_SIGNER, **changes: Any) -> Self:
        """Add an event."""
        claims = make_event_claims(happening, at=self._at(), jti=self._jti(), conv=self._next())
        claims = replace(claims, sub=operator_url(ISSUER, self.operator_id))
        self.links.append(sign_event(replace(claims, **changes), signer=signer))
        return self

    def _at(self) -> datetime:
        return NOW + timedelta(minutes=len(self.links))

    def _jti(self) -> str:
        return make_jti(self._at(), number=len(self.links) + 1)

    def _next(self) -> ConversationClaim:
        prev = previous_hash(self.links[-1]) if self.links else None
        return ConversationClaim(id=self.id, seq=len(self.links) + 1, prev=prev)
