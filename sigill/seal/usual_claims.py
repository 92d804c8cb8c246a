"""Reading the payloads of seals by the thousand: what seals of one kind share is read once, the rest is cut out.

`parse_claims` says what a payload means. What stands here finds the same in a canonical payload (RFC 8785) by its
text: seals of one sender differ in hashes, ids, times and places only, and each of these is written within a fixed
frame. Everything else is looked up among texts that `parse_claims` has read before. Whatever does not fit is left to
`parse_claims`; tests hold the two to each other.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.seal.claim_values import AttestationClaim, ConversationClaim, PolicyClaim, SealClaims, StatusClaim
from sigill.seal.claims import DIGESTS, check_own_agreement, format_claims, parse_claims
from sigill.seal.jws import MAX_JWS_BYTES
from sigill.seal.members import MAX_UNIX_S

_HASH: Final = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_ULID: Final = "[0-6][0-9A-HJKMNP-TV-Z]{25}"  # of a time that a calendar has
_TIME: Final = "[1-9][0-9]{0,10}"
_OBJECT: Final = r"\{[^}]*\}"
_STRING: Final = '"[^"]*"'

# Unnamed groups are what seals of one kind share. They need not be looked at closely here: only known texts pass.
_PAYLOAD: Final = re.compile(
    r'\{"_sd":\[' + ",".join([f'"({_HASH})"'] * DIGESTS) + r'\],"_sd_alg":"sha-256",'
    rf'((?:"act":{_OBJECT},)?(?:"ai":{_OBJECT},)?)"att":\{{(?:"ev":"({_HASH})",)?("lvl":{_STRING},"m":{_STRING}\}},'
    rf'"aud":{_STRING},"auth":{_OBJECT},"ch":{_STRING}),'
    rf'(?:"conv":\{{"id":"([0-9A-Za-z_.:-]{{1,512}})",(?:"prev":"({_HASH})",)?"seq":([1-9][0-9]{{0,14}})\}},)?'
    rf'("dir":{_STRING}),(?:"edits":"({_ULID})",)?"exp":({_TIME}),"iat":({_TIME}),("iss":{_STRING}),"jti":"({_ULID})",'
    rf'(?:"late":(true),)?("op":{_OBJECT},"pol":\{{"dig":{_STRING}),"fd":"({_HASH})",'
    rf'("pack":{_STRING},"ver":{_STRING}\}},"pur":{_STRING}),(?:"rcp":"({_HASH})",)?(?:"sent":({_TIME}),)?'
    r'(?:"status":\{"status_list":\{"idx":(0|[1-9][0-9]{0,5}),"uri":"([!#-\[\]-~]{1,512})"\}\},)?'
    rf'("sub":{_STRING})\}}\Z'
)
_SOME_HASH: Final = "A" * 43
_LATE_TIMES: Final = f'"exp":{MAX_UNIX_S},"iat":{MAX_UNIX_S - 1}'  # any mandate is in force by then
_SOME_DIGESTS: Final = ",".join(f'"{"A" * 42}{last}"' for last in "048AEIMQ")
_Parts = tuple[str, str, str, str, str, str, str]


def read_usual_claims(data: bytes) -> SealClaims | None:
    """Return what `parse_claims` makes of a payload; None where it is not in its usual spelling, or not well-formed.

    Raises MalformedSeal where only the members' agreement is wrong.
    """
    try:
        found = _PAYLOAD.match(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    (
        d0, d1, d2, d3, d4, d5, d6, d7, act_ai, ev, att_to_ch, conv, prev, seq, direction, edits, exp, iat, iss, jti,
        late, op_to_dig, fd, pack_to_pur, rcp, sent, index, uri, sub,
    ) = found.groups()  # fmt: skip
    shared = _read_shared((act_ai, att_to_ch, direction, iss, op_to_dig, pack_to_pur, sub))
    if shared is None or not d0 < d1 < d2 < d3 < d4 < d5 < d6 < d7 or (seq == "1") != (conv is not None and not prev):
        return None
    att, pol = shared.att, shared.pol
    claims = SealClaims(
        iss=shared.iss,
        aud=shared.aud,
        sub=shared.sub,
        iat=datetime.fromtimestamp(int(iat), UTC),
        exp=datetime.fromtimestamp(int(exp), UTC),
        jti=jti,
        op=shared.op,
        auth=shared.auth,
        att=att if ev is None else AttestationClaim(lvl=att.lvl, m=att.m, ev=ev),
        ch=shared.ch,
        dir=shared.dir,
        pur=shared.pur,
        pol=PolicyClaim(pack=pol.pack, ver=pol.ver, dig=pol.dig, fd=fd),
        sd=(d0, d1, d2, d3, d4, d5, d6, d7),
        sent=None if sent is None else datetime.fromtimestamp(int(sent), UTC),
        late=late is not None,
        rcp=rcp,
        conv=None if conv is None else ConversationClaim(id=conv, seq=int(seq), prev=prev),
        ai=shared.ai,
        edits=edits,
        status=None if index is None else StatusClaim(idx=int(index), uri=uri),
        act=shared.act,
    )
    check_own_agreement(claims)
    return claims


@lru_cache(maxsize=256)
def _read_shared(parts: _Parts) -> SealClaims | None:
    """Return the claims of a seal with these parts and nothing of its own.

    None unless every part is, letter for letter, how its members are written: then putting something else between
    them changes no other claim.
    """
    act_ai, att_to_ch, direction, iss, op_to_dig, pack_to_pur, sub = parts
    payload = (
        f'{{"_sd":[{_SOME_DIGESTS}],"_sd_alg":"sha-256",{act_ai}"att":{{{att_to_ch},{direction},{_LATE_TIMES},{iss},'
        f'"jti":"{"0" * 26}",{op_to_dig},"fd":"{_SOME_HASH}",{pack_to_pur},{sub}}}'
    )
    try:
        claims = parse_claims(parse_json(payload.encode("utf-8"), max_bytes=MAX_JWS_BYTES))
    except (MalformedEncoding, MalformedSeal):
        return None
    return claims if parts == _write_shared(format_claims(claims)) else None


def _write_shared(payload: Mapping[str, Any]) -> _Parts:
    pol = payload["pol"]
    return (
        "".join(f"{_members(payload, name)}," for name in ("act", "ai") if name in payload),
        f"{_members(payload['att'], 'lvl', 'm')}}},{_members(payload, 'aud', 'auth', 'ch')}",
        _members(payload, "dir"),
        _members(payload, "iss"),
        f'{_members(payload, "op")},"pol":{{{_members(pol, "dig")}',
        f"{_members(pol, 'pack', 'ver')}}},{_members(payload, 'pur')}",
        _members(payload, "sub"),
    )


def _members(value: Mapping[str, Any], *names: str) -> str:
    """Return how these members of an object are written, without the braces."""
    return format_canonical_json({name: value[name] for name in names})[1:-1].decode("utf-8")
