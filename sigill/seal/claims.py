"""The clear claims of a seal: what anybody who holds the code may read (design: RFC 7519 claims and our own).

    {"iss": "https://guarantor.example", "aud": "https://guarantor.example/verify", "sub": "<iss>/registry/operators/…",
     "iat": 1795305600, "exp": 1890000000, "jti": "<ULID>", "op": {…}, "auth": {…}, "att": {…}, "ch": "chat",
     "dir": "outbound", "pur": "service", "rcp": "<HMAC>", "conv": {…}, "pol": {…}, "ai": {…},
     "act": {…}, "edits": "<ULID>", "status": {"status_list": {"idx": 482, "uri": "<iss>/status/7"}}, "_sd": […],
     "_sd_alg": "sha-256"}

`parse_claims` and `format_claims` are inverses; anything unknown is refused, so a verifier never skips what it does
not understand.
"""

import re
from typing import Any, Final

from sigill.errors import MalformedSeal
from sigill.seal.actor import check_actor, format_actor, parse_actor
from sigill.seal.claim_values import (
    ActorClaim,
    AiClaim,
    AttestationClaim,
    AuthorshipClaim,
    ConversationClaim,
    OperatorClaim,
    PolicyClaim,
    SealClaims,
    StatusClaim,
    audience_of,
    operator_id_of,
    operator_url,
    status_number_of,
    status_uri,
)
from sigill.seal.frame import check_parties, format_conversation, parse_conversation, read_jti
from sigill.seal.members import (
    Members,
    check_members,
    checked_hash,
    read_hash,
    read_integer,
    read_optional_hash,
    read_optional_text,
    read_text,
    read_time,
    read_word,
)
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Industry,
    Purpose,
    Role,
    foreign_words,
)

__all__ = [
    "ActorClaim",
    "AiClaim",
    "AttestationClaim",
    "AuthorshipClaim",
    "ConversationClaim",
    "OperatorClaim",
    "PolicyClaim",
    "SealClaims",
    "StatusClaim",
    "audience_of",
    "check_own_agreement",
    "format_claims",
    "operator_id_of",
    "operator_url",
    "parse_claims",
    "status_number_of",
    "status_uri",
]

DIGESTS: Final = 8
MAX_LEVEL: Final = 3
MAX_STATUS_INDEX: Final = 2**23 - 1  # the last of the longest list that is read
_STATUS_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_REQUIRED: Final = {
    "iss",
    "aud",
    "sub",
    "iat",
    "exp",
    "jti",
    "op",
    "auth",
    "att",
    "ch",
    "dir",
    "pur",
    "pol",
    "_sd",
    "_sd_alg",
}
_OPTIONAL: Final = frozenset(["sent", "late", "rcp", "conv", "ai", "edits", "status", "act"])


def parse_claims(value: object) -> SealClaims:
    """Read the payload of a seal; inverse of `format_claims`. Raises MalformedSeal naming the member."""
    members = check_members(value, required=_REQUIRED, optional=_OPTIONAL, where="the payload")
    claims = SealClaims(
        iss=read_text(members, "iss"),
        aud=read_text(members, "aud"),
        sub=read_text(members, "sub"),
        iat=read_time(members, "iat"),
        exp=read_time(members, "exp"),
        jti=read_jti(members),
        op=_parse_operator(members["op"]),
        auth=_parse_authorship(members["auth"]),
        att=_parse_attestation(members["att"]),
        ch=read_word(members, "ch", Channel),
        dir=read_word(members, "dir", Direction),
        pur=read_word(members, "pur", Purpose),
        pol=_parse_policy(members["pol"]),
        sd=_parse_digests(members),
        sent=read_time(members, "sent") if "sent" in members else None,
        late=_parse_late(members),
        rcp=read_optional_hash(members, "rcp"),
        conv=parse_conversation(members["conv"]) if "conv" in members else None,
        ai=_parse_ai(members["ai"]) if "ai" in members else None,
        edits=read_jti(members, "edits") if "edits" in members else None,
        status=_parse_status(members["status"]) if "status" in members else None,
        act=parse_actor(members["act"]) if "act" in members else None,
    )
    _check_agreement(claims)
    return claims


def format_claims(claims: SealClaims) -> dict[str, Any]:
    """Return the payload of a seal as a JSON-able value."""
    payload: dict[str, Any] = {
        "iss": claims.iss,
        "aud": claims.aud,
        "sub": claims.sub,
        "iat": int(claims.iat.timestamp()),
        "exp": int(claims.exp.timestamp()),
        "jti": claims.jti,
        "op": {"name": claims.op.name, "id": claims.op.id, "ind": claims.op.ind.value, "lvl": claims.op.lvl}
        | ({"env": "test"} if claims.op.test else {}),
        "auth": _without_none(
            by=claims.auth.by.value, oversight=claims.auth.oversight, dst=claims.auth.dst, role=claims.auth.role.value
        ),
        "att": _without_none(lvl=claims.att.lvl.value, m=claims.att.m, ev=claims.att.ev),
        "ch": claims.ch.value,
        "dir": claims.dir.value,
        "pur": claims.pur.value,
        "pol": {"pack": claims.pol.pack, "ver": claims.pol.ver, "dig": claims.pol.dig, "fd": claims.pol.fd},
        "_sd": list(claims.sd),
        "_sd_alg": "sha-256",
    }
    if claims.sent is not None:
        payload["sent"] = int(claims.sent.timestamp())
    if claims.late:
        payload["late"] = True
    if claims.rcp is not None:
        payload["rcp"] = claims.rcp
    if claims.conv is not None:
        payload["conv"] = format_conversation(claims.conv)
    if claims.ai is not None:
        payload["ai"] = _without_none(
            system=claims.ai.system,
            provider=claims.ai.provider,
            model=claims.ai.model,
            of="act" if claims.ai.of_actor else None,
        )
    if claims.edits is not None:
        payload["edits"] = claims.edits
    if claims.status is not None:
        payload["status"] = {"status_list": {"idx": claims.status.idx, "uri": claims.status.uri}}
    if claims.act is not None:
        payload["act"] = format_actor(claims.act)
    return payload


def _without_none(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON members of several types
    return {name: value for name, value in members.items() if value is not None}


def _parse_operator(value: object) -> OperatorClaim:
    members = check_members(value, required={"name", "id", "ind", "lvl"}, optional=frozenset({"env"}), where="op")
    if members.get("env", "test") != "test":
        raise MalformedSeal("env is test or absent")
    return OperatorClaim(
        name=read_text(members, "name"),
        id=read_text(members, "id"),
        ind=read_word(members, "ind", Industry),
        lvl=read_integer(members, "lvl", at_most=MAX_LEVEL),
        test="env" in members,
    )


def _parse_authorship(value: object) -> AuthorshipClaim:
    members = check_members(value, required={"by", "dst", "role"}, optional=frozenset({"oversight"}), where="auth")
    claim = AuthorshipClaim(
        by=read_word(members, "by", Authorship),
        role=read_word(members, "role", Role),
        oversight=read_optional_text(members, "oversight"),
        dst=read_text(members, "dst"),
    )
    words = foreign_words(claim.by, draft=claim.draft)
    if (claim.oversight, claim.dst) != (words.oversight, words.source_type):
        raise MalformedSeal("oversight and dst must say the same as by")
    return claim


def _parse_attestation(value: object) -> AttestationClaim:
    members = check_members(value, required={"lvl", "m"}, optional=frozenset({"ev"}), where="att")
    return AttestationClaim(
        lvl=read_word(members, "lvl", AttestationLevel),
        m=read_text(members, "m"),
        ev=read_optional_hash(members, "ev"),
    )


def _parse_policy(value: object) -> PolicyClaim:
    members = check_members(value, required={"pack", "ver", "dig", "fd"}, where="pol")
    return PolicyClaim(
        pack=read_text(members, "pack"),
        ver=read_text(members, "ver"),
        dig=read_hash(members, "dig"),
        fd=read_hash(members, "fd"),
    )


def _parse_ai(value: object) -> AiClaim:
    members = check_members(value, required={"system"}, optional=frozenset({"provider", "model", "of"}), where="ai")
    if members.get("of", "act") != "act":
        raise MalformedSeal("of is act or absent")
    return AiClaim(
        system=read_text(members, "system"),
        provider=read_optional_text(members, "provider"),
        model=read_optional_text(members, "model"),
        of_actor="of" in members,
    )


def _parse_status(value: object) -> StatusClaim:
    place = check_members(value, required={"status_list"}, where="status")["status_list"]
    members = check_members(place, required={"idx", "uri"}, where="status_list")
    return StatusClaim(idx=read_integer(members, "idx", at_most=MAX_STATUS_INDEX), uri=read_text(members, "uri"))


def _parse_digests(members: Members) -> tuple[str, ...]:
    if members["_sd_alg"] != "sha-256":
        raise MalformedSeal("_sd_alg is sha-256")
    digests = members["_sd"]
    if not isinstance(digests, list) or len(digests) != DIGESTS:
        raise MalformedSeal(f"_sd has exactly {DIGESTS} digests")
    checked = tuple(checked_hash(digest, "_sd") for digest in digests)
    if list(checked) != sorted(set(checked)):
        raise MalformedSeal("_sd is sorted and repeats nothing")
    return checked


def _parse_late(members: Members) -> bool:
    if members.get("late", True) is not True:
        raise MalformedSeal("late is true or absent")
    return "late" in members


def _check_agreement(claims: SealClaims) -> None:
    check_parties(iss=claims.iss, aud=claims.aud, sub=claims.sub)
    check_own_agreement(claims)
    if claims.auth.by is Authorship.HUMAN and claims.ai is not None:
        raise MalformedSeal("a human's message names no AI system")
    if claims.auth.by is Authorship.AI and claims.ai is None:
        raise MalformedSeal("an AI's message names its AI system")
    check_actor(claims)


def check_own_agreement(claims: SealClaims) -> None:
    """Check what hangs on claims that differ from seal to seal of one kind. Raises MalformedSeal."""
    if claims.status is not None and not _is_status_uri(claims.status.uri, iss=claims.iss):
        raise MalformedSeal("uri is a numbered status list of the issuer's")
    if claims.act is not None and claims.act.since > claims.iat:
        raise MalformedSeal("a mandate is in force before anything is sealed under it")
    if claims.edits == claims.jti:
        raise MalformedSeal("a message replaces another one, not itself")
    if claims.iat >= claims.exp:
        raise MalformedSeal("exp is later than iat")


def _is_status_uri(uri: str, *, iss: str) -> bool:
    lists = f"{iss}/status/"
    return uri.startswith(lists) and _STATUS_NUMBER.match(uri, len(lists)) is not None
