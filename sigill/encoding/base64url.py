"""Base64url without padding, canonical (RFC 4648 section 5, RFC 7515 section 2): `AQID` <-> 01 02 03."""

import binascii
import re
from base64 import urlsafe_b64encode
from typing import Final

from sigill.errors import MalformedEncoding

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*\Z")
_TO_STANDARD: Final = str.maketrans("-_", "+/")


def format_base64url(data: bytes) -> str:
    """Return `data` as unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def parse_base64url(text: str) -> bytes:
    """Return the bytes of `text`; inverse of `format_base64url`.

    Raises MalformedEncoding for padding, foreign characters, an impossible length or stray bits at the end.
    """
    if not _ALPHABET.match(text) or len(text) % 4 == 1:
        raise MalformedEncoding("not unpadded base64url")
    data = binascii.a2b_base64(text.translate(_TO_STANDARD) + "=" * (-len(text) % 4))
    if len(text) % 4 and format_base64url(data[-(len(data) % 3) :]) != text[-(len(text) % 4) :]:
        raise MalformedEncoding("base64url with stray bits at its end")
    return data
