"""Base64url without padding, canonical (RFC 4648 section 5, RFC 7515 section 2): `AQID` <-> 01 02 03."""

import binascii
from typing import Final

from sigill.errors import MalformedEncoding

TO_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/...")  # a dot is in no base64
_PADDING: Final = (b"", b"", b"==", b"=")  # by the length modulo 4; no text has a length of 1 more than a multiple
_LAST: Final = ("", "", "AQgw", "AEIMQUYcgkosw048")  # what may end a text, so that no bits are left over


def format_base64url(data: bytes) -> str:
    """Return `data` as unpadded base64url."""
    return encode_base64url(data).decode("ascii")


def encode_base64url(data: bytes) -> bytes:
    """Return the ASCII of `format_base64url`, for what goes on as bytes."""
    return binascii.b2a_base64(data, newline=False).translate(TO_URL_SAFE, b"=")


def parse_base64url(text: str) -> bytes:
    """Return the bytes of `text`; inverse of `format_base64url`.

    Raises MalformedEncoding for padding, foreign characters, an impossible length or stray bits at the end.
    """
    after = len(text) % 4
    try:
        standard = str.encode(text, "ascii").translate(_TO_STANDARD) + _PADDING[after]
        data = binascii.a2b_base64(standard, strict_mode=True)
    except ValueError:
        raise MalformedEncoding("not unpadded base64url") from None
    if after and text[-1] not in _LAST[after]:
        raise MalformedEncoding("base64url with stray bits at its end")
    return data
