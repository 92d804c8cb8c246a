"""A compact JWS of Sigill's own kind (RFC 7515): `<header>.<payload>.<signature>`, ES256, exactly three header members.

PyJWT reads what is written here, and a test holds it to that; reading is done by hand because a library that skips
duplicate members or ignores `typ` would accept what we must refuse (RFC 8725 sections 3.1, 3.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.compact_jws import split_compact
from sigill.encoding.strict_json import Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.keys.p256 import Signer

EVENT_TYP: Final = "sigill-event+jwt"  # of what happens in a conversation besides its messages
ACCESS_TOKEN_TYP: Final = "at+jwt"  # noqa: S105 - RFC 9068: what programs show this service
MAX_JWS_BYTES: Final = 16_384
_SIGNATURE_BYTES: Final = 64
_SIGNATURE_LENGTH: Final = 86  # in base64url
_KID_LENGTH: Final = 43
_HEADER_MEMBERS: Final = {"alg", "kid", "typ"}


@dataclass(frozen=True)  # without slots: it keeps the payload, which is read when it is asked for
class CompactJws:
    """Well-formed, not verified. `signing_input` is what the 64-byte `signature` must cover."""

    text: str
    kid: str
    encoded_payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """The claims as a JSON object."""
        members: Mapping[str, Any] = parse_json(self.encoded_payload, max_bytes=MAX_JWS_BYTES)
        return members


def parse_jws(text: str, *, typ: str) -> CompactJws:
    """Read a compact JWS whose header is exactly `{"alg":"ES256","kid":…,"typ":typ}`. Raises MalformedSeal."""
    try:
        parts = split_compact(text, max_characters=MAX_JWS_BYTES)
        payload = parse_json(parts.payload, max_bytes=MAX_JWS_BYTES)
    except MalformedEncoding as error:
        raise MalformedSeal(f"JWS: {error}") from None
    if not isinstance(payload, dict):
        raise MalformedSeal("the payload of a JWS is an object")
    if len(parts.signature) != _SIGNATURE_BYTES:
        raise MalformedSeal(f"an ES256 signature has 64 bytes; this has {len(parts.signature)}")
    kid = _checked_kid(parts.header, typ=typ)
    jws = CompactJws(text, kid, parts.payload, parts.signing_input, parts.signature)
    vars(jws)["payload"] = payload  # what the property would read again
    return jws


def read_usual_jws(text: str, *, typ: str) -> CompactJws | None:
    """Return what `parse_jws` does, with its payload not read yet; None where that may not be, or is not well-formed.

    The quick way for many JWSs of few keys. Whoever reads `encoded_payload` checks that it is a JSON object.
    """
    head, _, rest = text.partition(".")
    payload, _, signature = rest.partition(".")
    kid = _kid_of_header(head, typ)
    if kid is None or len(text) > MAX_JWS_BYTES or len(signature) != _SIGNATURE_LENGTH:
        return None
    try:
        encoded_payload, raw = parse_base64url(payload), parse_base64url(signature)
    except MalformedEncoding:
        return None
    return CompactJws(text, kid, encoded_payload, text[: -_SIGNATURE_LENGTH - 1].encode("ascii"), raw)


def sign_jws(claims: Json, *, typ: str, signer: Signer) -> str:
    """Return `claims` as a compact JWS signed by `signer`; `parse_jws` reads it back."""
    signing_input = f"{format_header(kid=signer.kid, typ=typ)}.{format_base64url(format_canonical_json(claims))}"
    return f"{signing_input}.{format_base64url(signer.sign(signing_input.encode('ascii')))}"


def format_header(*, kid: str, typ: str) -> str:
    """Return the one header there is for a key and a token type, in base64url."""
    return format_base64url(format_canonical_json({"alg": "ES256", "kid": kid, "typ": typ}))


@lru_cache(maxsize=64)  # a key's header is the same text in all its JWSs
def _kid_of_header(head: str, typ: str) -> str | None:
    try:
        return _checked_kid(parse_json(parse_base64url(head), max_bytes=MAX_JWS_BYTES), typ=typ)
    except (MalformedEncoding, MalformedSeal):
        return None


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
