"""The first steps of reading any compact JWS (RFC 7515 section 7.1), the same for all kinds: three parts, one spelling.

    BASE64URL(header) . BASE64URL(payload) . BASE64URL(signature)

The header is JSON without duplicate members (RFC 8725 section 3.1 wants nothing to be read in two ways), base64url has
no padding and no second spelling. What header and payload must hold is for each kind's own reader.
"""

from dataclasses import dataclass
from typing import Final

from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import Json, parse_json
from sigill.errors import MalformedEncoding

_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class CompactParts:
    """A JWS taken apart, not verified: `signing_input` is what the signature must cover."""

    header: Json
    payload: bytes
    signature: bytes
    signing_input: bytes


def split_compact(text: str, *, max_characters: int) -> CompactParts:
    """Take a compact JWS of at most so many characters apart. Raises MalformedEncoding."""
    if len(text) > max_characters:
        raise MalformedEncoding(f"a JWS of {len(text)} characters; at most {max_characters} are read")
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedEncoding(f"a JWS has three parts divided by dots; this has {len(parts)}")
    header = parse_json(parse_base64url(parts[0]), max_bytes=max_characters)
    payload, signature = parse_base64url(parts[1]), parse_base64url(parts[2])
    return CompactParts(header, payload, signature, f"{parts[0]}.{parts[1]}".encode("ascii"))
