"""Reading members of JSON objects with exact types: `True` is no integer, an unknown member is an error.

Every function takes the object and a member's name and raises MalformedSeal naming that member.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sigill.encoding.base64url import parse_base64url
from sigill.errors import MalformedEncoding, MalformedSeal

Members = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)

MAX_TEXT: Final = 512
MAX_UNIX_S: Final = 253_402_300_799
_HASH_BYTES: Final = 32
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_members(value: object, *, required: set[str], optional: frozenset[str] = frozenset(), where: str) -> Members:
    """Return `value` as an object that has all `required` members and no others than `optional`."""
    if not isinstance(value, Mapping):
        raise MalformedSeal(f"{where} is an object")
    missing = required - set(value)
    if missing:
        raise MalformedSeal(f"{where} lacks {', '.join(sorted(missing))}")
    unknown = set(value) - required - optional
    if unknown:
        raise MalformedSeal(f"{where} has unknown members: {', '.join(sorted(name[:40] for name in unknown))[:80]}")
    return value


def read_text(members: Members, name: str, *, at_most: int = MAX_TEXT) -> str:
    """Return a non-empty string without control characters."""
    value = members[name]
    if not isinstance(value, str) or not 0 < len(value) <= at_most or _CONTROL.search(value):
        raise MalformedSeal(f"{name} is a string of 1 to {at_most} characters without control characters")
    return value


def read_optional_text(members: Members, name: str) -> str | None:
    """Return a string, or None where the member is absent (null is not absent)."""
    return read_text(members, name) if name in members else None


def read_word(members: Members, name: str, words: type[Word]) -> Word:
    """Return a member of a vocabulary."""
    try:
        return words(members[name])
    except ValueError:
        raise MalformedSeal(f"{name} is one of {', '.join(words)}") from None


def read_integer(members: Members, name: str, *, at_least: int = 0, at_most: int = 2**53 - 1) -> int:
    """Return an integer within bounds; booleans and floats are none."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= at_most:
        raise MalformedSeal(f"{name} is an integer from {at_least} to {at_most}")
    return value


def read_time(members: Members, name: str) -> datetime:
    """Return whole Unix seconds as an aware UTC time."""
    return datetime.fromtimestamp(read_integer(members, name, at_most=MAX_UNIX_S), UTC)


def read_hash(members: Members, name: str) -> str:
    """Return a SHA-256 or HMAC value as canonical base64url (43 characters)."""
    return checked_hash(members[name], name)


def read_optional_hash(members: Members, name: str) -> str | None:
    """Return a hash, or None where the member is absent."""
    return read_hash(members, name) if name in members else None


def checked_hash(value: object, name: str) -> str:
    """Return `value` if it is a canonical base64url of 32 bytes."""
    try:
        if isinstance(value, str) and len(parse_base64url(value)) == _HASH_BYTES:
            return value
    except MalformedEncoding:
        pass
    raise MalformedSeal(f"{name} is a hash: 32 bytes in base64url")
