"""Standard base64 with padding, canonical (RFC 4648 section 4), as C2SP's text formats use it: `AQI=` <-> 01 02."""

import binascii
from typing import Final

from sigill.errors import MalformedNote

HASH_BYTES: Final = 32


def format_base64(data: bytes) -> str:
    """Return `data` as padded standard base64."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def parse_base64(text: str) -> bytes:
    """Return the bytes of `text`; inverse of `format_base64`. Raises MalformedNote for any other spelling."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise MalformedNote("not standard base64 with padding") from None
    if format_base64(data) != text:
        raise MalformedNote("base64 with stray bits at its end")
    return data


def parse_hash(text: str) -> bytes:
    """Return the 32 bytes of a hash in base64. Raises MalformedNote."""
    data = parse_base64(text)
    if len(data) != HASH_BYTES:
        raise MalformedNote("a hash has 32 bytes")
    return data
