"""Cursors of pages: opaque to clients, base64url of a canonical JSON array; they hold a place and grant nothing."""

from typing import Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding
from signing.errors import RequestInvalid

MAX_CURSOR: Final = 128


def format_cursor(*place: int | str) -> str:
    """Return the cursor of a place; inverse of `parse_cursor`."""
    return format_base64url(format_canonical_json(list(place)))


def parse_cursor(text: str, *kinds: type[int] | type[str]) -> tuple[int | str, ...]:
    """Read a cursor whose members are of these kinds, its strings printable; inverse of `format_cursor`.

    Raises RequestInvalid for anything else.
    """
    try:
        place = parse_json(parse_base64url(text[: MAX_CURSOR + 1]), max_bytes=MAX_CURSOR)
        known = isinstance(place, list) and [type(part) for part in place] == list(kinds)
        if known and format_cursor(*place) == text and all(str(part).isprintable() for part in place):
            return tuple(place)
    except MalformedEncoding:
        pass
    raise RequestInvalid("/cursor", "not a cursor of this list; take it from next, or leave it out to begin")
