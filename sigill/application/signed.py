"""A signed application: a compact JWS (RFC 7515) with the certificate chain in its header.

    BASE64URL({"alg":"ES256","typ":"sigill-application+jws","x5c":["<DER, base64>", …]})
      . BASE64URL(statement) . BASE64URL(signature)

`x5c` is the seal certificate followed by those that issued it (RFC 7515 section 4.1.6). The header has these three
members and no other: no `crit`, no key or address from the sender, and `none` is no algorithm.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.compact_jws import split_compact
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.standard_base64 import format_base64, parse_base64

TYP: Final = "sigill-application+jws"
MAX_JWS_CHARACTERS: Final = 128 * 1024
MAX_CERTIFICATES: Final = 10
_MEMBERS: Final = frozenset({"alg", "typ", "x5c"})
_WORD: Final = re.compile(r"[A-Za-z0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedApplication:
    """A well-formed application, not believed: `chain` is DER, `payload` what was signed as a statement."""

    alg: str
    chain: tuple[bytes, ...]
    payload: bytes
    signing_input: bytes
    signature: bytes


def make_signing_input(payload: bytes, *, alg: str, chain: Sequence[bytes]) -> bytes:
    """Return the bytes that the certificate's key signs: header and payload. `chain` is DER, the signer's first."""
    header: Json = {"alg": alg, "typ": TYP, "x5c": [format_base64(der) for der in chain]}
    return f"{format_base64url(format_canonical_json(header))}.{format_base64url(payload)}".encode("ascii")


def format_application(signing_input: bytes, signature: bytes) -> str:
    """Return the compact JWS; inverse of `parse_application`."""
    return f"{signing_input.decode('ascii')}.{format_base64url(signature)}"


def parse_application(text: str) -> ParsedApplication:
    """Read a signed application; nothing is verified. Raises MalformedEncoding."""
    parts = split_compact(text, max_characters=MAX_JWS_CHARACTERS)
    header = parts.header
    if not isinstance(header, dict) or header.keys() != _MEMBERS:
        raise MalformedEncoding("the header has the members alg, typ and x5c, and no other")
    alg = header["alg"]
    if not isinstance(alg, str) or not _WORD.fullmatch(alg):
        raise MalformedEncoding("alg is the name of an algorithm")
    if header["typ"] != TYP:
        raise MalformedEncoding(f"typ is {TYP!r}")
    return ParsedApplication(
        alg=alg,
        chain=_read_chain(header["x5c"]),
        payload=parts.payload,
        signing_input=parts.signing_input,
        signature=parts.signature,
    )


def _read_chain(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_CERTIFICATES:
        raise MalformedEncoding(f"x5c is a list of 1 to {MAX_CERTIFICATES} certificates")
    return tuple(_read_certificate(each) for each in value)


def _read_certificate(value: object) -> bytes:
    if not isinstance(value, str):
        raise MalformedEncoding("a certificate of x5c is base64 text")
    try:
        return parse_base64(value)
    except MalformedNote:
        raise MalformedEncoding("a certificate of x5c is standard base64 with padding") from None
