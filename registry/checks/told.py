"""What a register's JSON says, read with care: strictly, bounded, and shown as one printable line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding

MAX_BYTES: Final = 256 * 1024
MAX_SHOWN: Final = 200


class Unreadable(Exception):
    """The answer is not what this register answers; the text names the member."""


def read_object(body: bytes) -> Mapping[str, Any]:
    """Return the members of a JSON object. Raises Unreadable."""
    try:
        value = parse_json(body, max_bytes=MAX_BYTES)
    except MalformedEncoding as error:
        raise Unreadable(str(error)) from None
    if not isinstance(value, dict):
        raise Unreadable("the answer is no JSON object")
    return value


def text_of(told: Mapping[str, Any], *path: str) -> str | None:
    """Return the text at a path of members, None where it or anything before it is missing, null or blank.

    Line ends and what cannot be printed become blanks; at most `MAX_SHOWN` characters. Raises Unreadable for another
    type.
    """
    value = _at(told, path)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f"{path[-1]} is no text")
    printable = "".join(character if character.isprintable() else " " for character in value[: 4 * MAX_SHOWN])
    return " ".join(printable.split())[:MAX_SHOWN] or None


def needed_text(told: Mapping[str, Any], *path: str) -> str:
    """Return the text at a path of members. Raises Unreadable where there is none."""
    text = text_of(told, *path)
    if text is None:
        raise Unreadable(f"{path[-1]} is missing")
    return text


def flag_of(told: Mapping[str, Any], name: str) -> bool:
    """Return a member that is true or false. Raises Unreadable for anything else, for a missing one too."""
    value = told.get(name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return value


def time_of(told: Mapping[str, Any], *path: str) -> datetime | None:
    """Return the moment at a path of members (ISO 8601; UTC where no zone is named). Raises Unreadable."""
    text = text_of(told, *path)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(f"{path[-1]} is no time") from None


def _at(told: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    value: Any = told
    for name in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unreadable(f"what holds {name} is no object")
        value = value.get(name)
    return value
