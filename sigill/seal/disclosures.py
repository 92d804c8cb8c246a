"""The disclosures of a seal (RFC 9901 section 4.2): base64url of `[salt, name, value]`, one spelling only.

| name       | value                                      |
|------------|--------------------------------------------|
| `msg`      | `{"canon": "nu1", "h": <hash>}`            |
| `msgx`     | `{"hx": <hash>, "n": <bytes>}`             |
| `links`    | array of hashes of link targets            |
| `files`    | array of hashes of attachments             |
| `rcp_open` | `{"t": "tel" / "email" / "ref", "h": <salted hash>}` |
| `dec`      | `{"enquiry", "eff", "rules", "obl", "texts"}` |
| `agent`    | `{"ref": <pseudonym>}`                     |

A disclosure is opened by showing it, or (by the guarantor, who can derive salts) by computing it anew.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.seal.members import check_members, checked_hash, read_hash, read_integer, read_text, read_word
from sigill.seal.salts import derive_decoy, derive_salt
from sigill.vocabulary import Enquiry

MAX_DISCLOSURE_BYTES: Final = 16_384
MAX_HASHES: Final = 100
_SALT_LENGTH: Final = 22
_ELEMENTS: Final = 3
_RESERVED: Final = frozenset(["_sd", "_sd_alg", "..."])


__all__ = [
    "MAX_DISCLOSURE_BYTES",
    "MAX_HASHES",
    "AddressType",
    "Disclosure",
    "Name",
    "check_value",
    "derive_salt",
    "digest_of",
    "make_decoys",
    "make_disclosure",
    "parse_disclosure",
]


class Name(StrEnum):
    """The seven disclosures there are."""

    MSG = "msg"
    MSGX = "msgx"
    LINKS = "links"
    FILES = "files"
    RCP_OPEN = "rcp_open"
    DEC = "dec"
    AGENT = "agent"


class AddressType(StrEnum):
    """What kind of address a recipient was bound by."""

    TEL = "tel"
    EMAIL = "email"
    REF = "ref"


class Disclosure(NamedTuple):
    """One opened claim. `text` is its base64url form, `digest` what stands for it in `_sd`; nobody changes `value`.

    A seal has seven: a tuple is made in less than half the time of a frozen dataclass.
    """

    name: Name
    value: Any
    salt_text: str
    text: str
    digest: str

    @property
    def salt(self) -> bytes:
        """The 16 random bytes that keep others from guessing the value."""
        return parse_base64url(self.salt_text)


def make_disclosure(name: Name, value: Json, *, salt: bytes) -> Disclosure:
    """Return the disclosure of `value` under `name` with a 16-byte salt."""
    salt_text = format_base64url(salt)
    text = format_base64url(format_canonical_json([salt_text, name.value, value]))
    return Disclosure(name, value, salt_text, text, digest_of(text))


def digest_of(text: str) -> str:
    """Return base64url(SHA-256(ASCII of the disclosure)) (RFC 9901 section 4.2.3)."""
    return format_base64url(hashlib.sha256(text.encode("ascii")).digest())


def make_decoys(salt_key: bytes, *, jti: str, count: int) -> list[str]:
    """Return `count` digests of nothing, so that the number of disclosures tells nothing (RFC 9901 section 4.2.7)."""
    return [format_base64url(derive_decoy(salt_key, jti=jti, number=number)) for number in range(count)]


def parse_disclosure(text: str) -> Disclosure:
    """Read one disclosure; the inverse of `make_disclosure(…).text`. Raises MalformedSeal."""
    if len(text) > MAX_DISCLOSURE_BYTES:
        raise MalformedSeal(f"a disclosure of {len(text)} characters; at most {MAX_DISCLOSURE_BYTES} are read")
    try:
        encoded = parse_base64url(text)
        value = parse_json(encoded, max_bytes=MAX_DISCLOSURE_BYTES)
        if format_canonical_json(value) != encoded:
            raise MalformedSeal("a disclosure is canonical JSON (RFC 8785)")
    except MalformedEncoding as error:
        raise MalformedSeal(f"disclosure: {error}") from None
    if not isinstance(value, list) or len(value) != _ELEMENTS:
        raise MalformedSeal("a disclosure is an array of salt, name and value")
    salt, name, content = value
    if not isinstance(salt, str) or len(salt) != _SALT_LENGTH:
        raise MalformedSeal("a disclosure's salt is 16 bytes in base64url")
    try:
        known = Name(name)
        parse_base64url(salt)
    except (ValueError, MalformedEncoding):
        raise MalformedSeal("a disclosure with an unknown name or a salt that is not base64url") from None
    check_value(known, content)
    return Disclosure(known, content, salt, text, digest_of(text))


def check_value(name: Name, value: object) -> None:
    """Check the value of a disclosure called `name`. Raises MalformedSeal naming the member."""
    match name:
        case Name.MSG:
            members = check_members(value, required={"canon", "h"}, where="msg")
            if members["canon"] != "nu1":
                raise MalformedSeal("canon is nu1")
            read_hash(members, "h")
        case Name.MSGX:
            members = check_members(value, required={"hx", "n"}, where="msgx")
            read_hash(members, "hx")
            read_integer(members, "n")
        case Name.LINKS | Name.FILES:
            _check_hashes(name, value)
        case Name.RCP_OPEN:
            members = check_members(value, required={"t", "h"}, where="rcp_open")
            read_word(members, "t", AddressType)
            read_hash(members, "h")
        case Name.DEC:
            _check_decision(value)
        case _:  # Name.AGENT
            read_text(check_members(value, required={"ref"}, where="agent"), "ref")


def _check_hashes(name: Name, value: object) -> None:
    if not isinstance(value, list) or len(value) > MAX_HASHES:
        raise MalformedSeal(f"{name} is an array of at most {MAX_HASHES} hashes")
    for item in value:
        checked_hash(item, name)


def _check_decision(value: object) -> None:
    members = check_members(value, required={"enquiry", "eff", "rules", "obl", "texts"}, where="dec")
    read_word(members, "enquiry", Enquiry)
    read_text(members, "eff")
    for name in ("rules", "texts"):
        if not isinstance(members[name], list) or not all(isinstance(item, str) for item in members[name]):
            raise MalformedSeal(f"{name} is an array of strings")
    if not isinstance(members["obl"], list) or not all(isinstance(item, Mapping) for item in members["obl"]):
        raise MalformedSeal("obl is an array of objects")
    _refuse_nested_digests(members["obl"])


def _refuse_nested_digests(value: object) -> None:
    """Refuse what other libraries would take for a disclosure within a disclosure (RFC 9901 section 4.2.6)."""
    if isinstance(value, Mapping):
        if not _RESERVED.isdisjoint(value):
            raise MalformedSeal("a disclosure holds no further digests (_sd, ...)")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _refuse_nested_digests(item)
