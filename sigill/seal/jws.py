"""A compact JWS of Sigill's own kind (RFC 7515): `<header>.<payload>.<signature>`, ES256, exactly three header members.

PyJWT reads what is written here, and a test holds it to that; reading is done by hand because a library that skips
duplicate members or ignores `typ` would accept what we must refuse (RFC 8725 sections 3.1, 3.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.keys.p256 import Signer

MAX_JWS_BYTES: Final = 16_384
_PARTS: Final = 3
_SIGNATURE_BYTES: Final = 64
_KID_LENGTH: Final = 43
_HEADER_MEMBERS: Final = {"alg", "kid", "typ"}


@dataclass(frozen=True, slots=True)
class CompactJws:
    """Well-formed, not verified. `signing_input` is what the 64-byte `signature` must cover."""

    text: str
    kid: str
    payload: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def parse_jws(text: str, *, typ: str) -> CompactJws:
    """Read a compact JWS whose header is exactly `{"alg":"ES256","kid":…,"typ":typ}`. Raises MalformedSeal."""
    if len(text) > MAX_JWS_BYTES:
        raise MalformedSeal(f"a JWS of {len(text)} characters; at most {MAX_JWS_BYTES} are read")
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedSeal(f"a JWS has three parts divided by dots; this has {len(parts)}")
    try:
        header = parse_json(parse_base64url(parts[0]), max_bytes=MAX_JWS_BYTES)
        payload = parse_json(parse_base64url(parts[1]), max_bytes=MAX_JWS_BYTES)
        signature = parse_base64url(parts[2])
    except MalformedEncoding as error:
        raise MalformedSeal(f"JWS: {error}") from None
    if not isinstance(payload, dict):
        raise MalformedSeal("the payload of a JWS is an object")
    if len(signature) != _SIGNATURE_BYTES:
        raise MalformedSeal(f"an ES256 signature has 64 bytes; this has {len(signature)}")
    kid = _checked_kid(header, typ=typ)
    return CompactJws(text, kid, payload, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def sign_jws(claims: Json, *, typ: str, signer: Signer) -> str:
    """Return `claims` as a compact JWS signed by `signer`; `parse_jws` reads it back."""
    header = format_base64url(format_canonical_json({"alg": "ES256", "kid": signer.kid, "typ": typ}))
    signing_input = f"{header}.{format_base64url(format_canonical_json(claims))}"
    return f"{signing_input}.{format_base64url(signer.sign(signing_input.encode('ascii')))}"


def _checked_kid(header: object, *, typ: str) -> str:
    if not isinstance(header, dict) or set(header) != _HEADER_MEMBERS:
        raise MalformedSeal("the header has exactly alg, kid and typ")
    if header["alg"] != "ES256":
        raise MalformedSeal("the one algorithm is ES256")
    if header["typ"] != typ:
        raise MalformedSeal(f"the token type (typ) must be {typ}")
    kid = header["kid"]
    if not isinstance(kid, str) or len(kid) != _KID_LENGTH:
        raise MalformedSeal("kid is an RFC 7638 thumbprint of 43 characters")
    return kid
