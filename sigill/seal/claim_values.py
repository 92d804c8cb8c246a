"""The values of a seal's clear claims; `sigill.seal.claims` reads and writes them."""

from dataclasses import dataclass
from datetime import datetime

from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Draft,
    Industry,
    Purpose,
    Role,
    foreign_words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorClaim:
    """Who the operator was when sealing: trading name, EN 319 412-1 identifier, industry, assurance level 0 to 3."""

    name: str
    id: str
    ind: Industry
    lvl: int
    test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorshipClaim:
    """Who wrote it, with C2PA's oversight word and IPTC's source type for the same."""

    by: Authorship
    role: Role
    oversight: str | None
    dst: str

    @property
    def draft(self) -> Draft | None:
        """Who made the first draft of an assisted message; None for the others."""
        if self.by is not Authorship.AI_ASSISTED:
            return None
        return Draft.PERSON if self.dst == foreign_words(self.by, draft=Draft.PERSON).source_type else Draft.AI


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationClaim:
    """How sure the authorship is: level, method, and the SHA-256 of kept evidence."""

    lvl: AttestationLevel
    m: str
    ev: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationClaim:
    """A random conversation id, the position from 1, and the SHA-256 of the previous JWS in it (None at 1)."""

    id: str
    seq: int
    prev: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyClaim:
    """What decided: pack, version, digest over its layers, and the salted digest of the facts."""

    pack: str
    ver: str
    dig: str
    fd: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AiClaim:
    """The AI system that took part: the operator's, or (`of_actor`) of whoever sealed under a mandate."""

    system: str
    provider: str | None = None
    model: str | None = None
    of_actor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorClaim:
    """Who sealed for the operator, under its mandate: an operator itself (`act` of RFC 8693 section 4.1).

    `sub` is its registry URL, `name` and `id` as in OperatorClaim; `mandate` is in force since `since` (aware, UTC).
    """

    sub: str
    name: str
    id: str
    mandate: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusClaim:
    """Where a withdrawal would be seen: an index in the status list at `uri` (Token Status List draft-20)."""

    idx: int
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealClaims:
    """All clear claims; times are aware UTC, hashes base64url; `edits` is the jti of the message this one replaces."""

    iss: str
    aud: str
    sub: str
    iat: datetime
    exp: datetime
    jti: str
    op: OperatorClaim
    auth: AuthorshipClaim
    att: AttestationClaim
    ch: Channel
    dir: Direction
    pur: Purpose
    pol: PolicyClaim
    sd: tuple[str, ...]
    sent: datetime | None = None
    late: bool = False
    rcp: str | None = None
    conv: ConversationClaim | None = None
    ai: AiClaim | None = None
    edits: str | None = None
    status: StatusClaim | None = None
    act: ActorClaim | None = None


def audience_of(issuer: str) -> str:
    """Return the one verification audience of a guarantor."""
    return f"{issuer}/verify"


def operator_url(issuer: str, operator_id: str) -> str:
    """Return the `sub` of an operator's seals: its registry URL."""
    return f"{issuer}/registry/operators/{operator_id}"


def operator_id_of(claims: SealClaims | ActorClaim) -> str:
    """Return the registry's id of the operator, or of who sealed for it: the last part of `sub`."""
    return claims.sub.rpartition("/")[2]


def mandatary_of(claims: SealClaims) -> str | None:
    """Return the registry's id of who sealed for the operator, None where it sealed itself."""
    return None if claims.act is None else operator_id_of(claims.act)


def status_uri(issuer: str, number: int) -> str:
    """Return the address of a guarantor's status list: the list's name, whatever host serves it."""
    return f"{issuer}/status/{number}"


def status_number_of(claim: StatusClaim) -> int:
    """Return the number of the list that a parsed claim names: the last part of its `uri`."""
    return int(claim.uri.rpartition("/")[2])
