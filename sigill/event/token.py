"""An event of a conversation: a compact JWS (RFC 7515) of type `sigill-event+jwt`, ES256 with a key of its own.

    {"iss": "https://guarantor.example", "aud": "https://guarantor.example/verify", "sub": "<iss>/registry/operators/…",
     "iat": 1795305600, "jti": "<ULID>", "conv": {"id": "<ULID>", "seq": 3, "prev": "<SHA-256 of the JWS before>"},
     "ev": {"kind": "handoff", "from": "ai", "to": "human", "why": "asked"}, "at": 1795305000, "late": true}

It stands in the same chain as the conversation's seals: `prev` is the hash of the JWS before it, be that a seal or an
event. `parse_event` says well-formed, never trusted; one value has one spelling, and unknown members are refused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedSeal
from sigill.event.kinds import Happening, format_happening, parse_happening
from sigill.keys.p256 import Signer
from sigill.seal.claim_values import ConversationClaim
from sigill.seal.frame import check_parties, format_conversation, parse_conversation, read_jti
from sigill.seal.jws import EVENT_TYP as TYP
from sigill.seal.jws import CompactJws, parse_jws, sign_jws
from sigill.seal.members import check_members, read_text, read_time

MAX_EVENT_BYTES: Final = 4096
_REQUIRED: Final = {"iss", "aud", "sub", "iat", "jti", "conv", "ev"}
_OPTIONAL: Final = frozenset({"at", "late"})

__all__ = [
    "TYP",
    "EventClaims",
    "ParsedEvent",
    "format_event_claims",
    "parse_event",
    "parse_event_claims",
    "sign_event",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventClaims:
    """What an event says; times are aware UTC in whole seconds.

    `at` is when it happened, where it was told afterwards; `late`, that this was long after.
    """

    iss: str
    aud: str
    sub: str
    iat: datetime
    jti: str
    conv: ConversationClaim
    ev: Happening
    at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """Well-formed, not trusted."""

    jws: CompactJws
    claims: EventClaims


def parse_event(text: str) -> ParsedEvent:
    """Read an event strictly. Raises MalformedSeal saying what is wrong."""
    if len(text) > MAX_EVENT_BYTES:
        raise MalformedSeal(f"an event of {len(text)} characters; at most {MAX_EVENT_BYTES} are read")
    jws = parse_jws(text, typ=TYP)
    claims = parse_event_claims(jws.payload)
    _check_spelling(text, claims)
    return ParsedEvent(jws, claims)


def sign_event(claims: EventClaims, *, signer: Signer) -> str:
    """Return the signed JWS of `claims`; inverse of `parse_event`."""
    return sign_jws(format_event_claims(claims), typ=TYP, signer=signer)


def parse_event_claims(value: object) -> EventClaims:
    """Read the payload of an event; inverse of `format_event_claims`. Raises MalformedSeal naming the member."""
    members = check_members(value, required=_REQUIRED, optional=_OPTIONAL, where="the payload")
    if members.get("late", True) is not True or ("late" in members and "at" not in members):
        raise MalformedSeal("late is true beside at, or absent")
    claims = EventClaims(
        iss=read_text(members, "iss"),
        aud=read_text(members, "aud"),
        sub=read_text(members, "sub"),
        iat=read_time(members, "iat"),
        jti=read_jti(members),
        conv=parse_conversation(members["conv"]),
        ev=parse_happening(members["ev"]),
        at=read_time(members, "at") if "at" in members else None,
        late="late" in members,
    )
    check_parties(iss=claims.iss, aud=claims.aud, sub=claims.sub)
    return claims


def format_event_claims(claims: EventClaims) -> dict[str, Any]:
    """Return the payload of an event as a JSON-able value."""
    payload: dict[str, Any] = {
        "iss": claims.iss,
        "aud": claims.aud,
        "sub": claims.sub,
        "iat": int(claims.iat.timestamp()),
        "jti": claims.jti,
        "conv": format_conversation(claims.conv),
        "ev": format_happening(claims.ev),
    }
    if claims.at is not None:
        payload["at"] = int(claims.at.timestamp())
    if claims.late:
        payload["late"] = True
    return payload


def _check_spelling(text: str, claims: EventClaims) -> None:
    """Refuse blanks, other orders of members and escapes: two byte strings never stand for one event."""
    canonical = format_canonical_json(format_event_claims(claims))
    if parse_base64url(text.split(".")[1]) != canonical:
        raise MalformedSeal("the payload of an event is canonical JSON (RFC 8785)")
