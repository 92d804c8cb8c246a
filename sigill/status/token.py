"""A status list token (Token Status List draft-20, section 5.1): a JWT of type `statuslist+jwt`, ES256.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"statuslist+jwt"}
    {"exp":1795392000,"iat":1795305600,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},
     "sub":"https://guarantor.example/status/1","ttl":60}

`parse_status_list` says well-formed, never trusted: signature, key and age are `sigill.report`'s. As the draft demands,
members it does not know are passed over; a `crit` header is not (RFC 7515 section 4.1.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedStatusList
from sigill.keys.p256 import Signer
from sigill.status.bits import MAX_LIST_BYTES, SIZES, deflate, inflate, status_at

TYP: Final = "statuslist+jwt"
MAX_TOKEN_BYTES: Final = 2 * MAX_LIST_BYTES + 65_536
"""Characters of the longest token that is read: the longest list, not compressible, in base64url twice."""

MAX_TTL_S: Final = 31_536_000
_MAX_HEADER_BYTES: Final = 4096
_MAX_TEXT: Final = 512
_MAX_UNIX_S: Final = 253_402_300_799
_PARTS: Final = 3
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """A list as of `iat`. `uri` is what its tokens name; `packed` the inflated statuses; times are aware, UTC.

    `exp` is when it stops counting, `ttl_s` how long a copy may be kept before asking again; both may be missing.
    """

    uri: str
    iat: datetime
    packed: bytes
    bits: int = 1
    exp: datetime | None = None
    ttl_s: int | None = None

    def status(self, index: int) -> int | None:
        """Return the status at an index, None for one outside the list."""
        return status_at(self.packed, index, bits=self.bits)


@dataclass(frozen=True, slots=True)
class ParsedStatusList:
    """Well-formed, not trusted. `signing_input` is what the 64-byte `signature` must cover."""

    text: str
    kid: str
    list: StatusList
    signing_input: bytes
    signature: bytes


def sign_status_list(values: StatusList, *, signer: Signer) -> str:
    """Return the signed token of a list; `parse_status_list` reads it back."""
    header = format_base64url(format_canonical_json({"alg": "ES256", "kid": signer.kid, "typ": TYP}))
    signing_input = f"{header}.{format_base64url(format_canonical_json(_claims(values)))}"
    return f"{signing_input}.{format_base64url(signer.sign(signing_input.encode('ascii')))}"


def parse_status_list(text: str) -> ParsedStatusList:
    """Read a status list token of at most `MAX_TOKEN_BYTES` characters. Raises MalformedStatusList."""
    if len(text) > MAX_TOKEN_BYTES:
        raise MalformedStatusList(f"a token of {len(text)} characters; at most {MAX_TOKEN_BYTES} are read")
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedStatusList(f"a JWS has three parts divided by dots; this has {len(parts)}")
    try:
        header = parse_json(parse_base64url(parts[0]), max_bytes=_MAX_HEADER_BYTES)
        payload = parse_json(parse_base64url(parts[1]), max_bytes=MAX_TOKEN_BYTES)
        signature = parse_base64url(parts[2])
    except MalformedEncoding as error:
        raise MalformedStatusList(f"JWS: {error}") from None
    if len(signature) != _SIGNATURE_BYTES:
        raise MalformedStatusList(f"an ES256 signature has 64 bytes; this has {len(signature)}")
    kid = _checked_kid(header)
    if not isinstance(payload, dict):
        raise MalformedStatusList("the payload of a JWT is an object")
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return ParsedStatusList(text, kid, _parse_claims(payload), signing_input, signature)


def _claims(values: StatusList) -> Json:
    claims: dict[str, Json] = {
        "iat": int(values.iat.timestamp()),
        "status_list": {"bits": values.bits, "lst": format_base64url(deflate(values.packed))},
        "sub": values.uri,
    }
    if values.exp is not None:
        claims["exp"] = int(values.exp.timestamp())
    if values.ttl_s is not None:
        claims["ttl"] = values.ttl_s
    return claims


def _checked_kid(header: object) -> str:
    if not isinstance(header, dict):
        raise MalformedStatusList("the header of a JWS is an object")
    if header.get("typ") != TYP:
        raise MalformedStatusList(f"the token type (typ) must be {TYP}")
    if header.get("alg") != "ES256":
        raise MalformedStatusList("the one algorithm is ES256")
    if "crit" in header:
        raise MalformedStatusList("a header that demands what is not understood (crit)")
    return _text(header, "kid")


def _parse_claims(payload: Mapping[str, Any]) -> StatusList:
    members = payload.get("status_list")
    if not isinstance(members, dict):
        raise MalformedStatusList("status_list is an object")
    bits = members.get("bits")
    if isinstance(bits, bool) or not isinstance(bits, int) or bits not in SIZES:
        raise MalformedStatusList("bits is 1, 2, 4 or 8")
    return StatusList(
        uri=_text(payload, "sub"),
        iat=_time(payload, "iat"),
        exp=_time(payload, "exp") if "exp" in payload else None,
        ttl_s=_integer(payload, "ttl", at_least=1, at_most=MAX_TTL_S) if "ttl" in payload else None,
        bits=bits,
        packed=_packed(members.get("lst")),
    )


def _packed(lst: object) -> bytes:
    if not isinstance(lst, str):
        raise MalformedStatusList("lst is a string")
    try:
        return inflate(parse_base64url(lst))
    except MalformedEncoding as error:
        raise MalformedStatusList(f"lst: {error}") from None


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise MalformedStatusList(f"{name} is a string of 1 to {_MAX_TEXT} characters")
    return value


def _time(members: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromtimestamp(_integer(members, name, at_least=0, at_most=_MAX_UNIX_S), UTC)


def _integer(members: Mapping[str, Any], name: str, *, at_least: int, at_most: int) -> int:
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise MalformedStatusList(f"{name} is an integer from {at_least} to {at_most}")
    return value
