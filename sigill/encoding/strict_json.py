"""JSON read strictly and written canonically.

Reading refuses what two parsers might read differently: duplicate members, NaN, numbers beyond a float, lone
surrogates, a byte order mark, nesting beyond `MAX_DEPTH`. Writing follows RFC 8785 for the values Sigill hashes:
objects, arrays, strings, booleans, null and integers within ±(2**53 - 1); floats are refused, so number formatting
never matters.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sigill.errors import MalformedEncoding

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"

MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1
_MAX_DIGITS: Final = 20
_CONTAINERS: Final = frozenset([dict, list])


def parse_json(data: bytes, *, max_bytes: int) -> Any:  # noqa: ANN401 - any JSON value, narrowed by the caller
    """Read one JSON value of at most `max_bytes` bytes of strict UTF-8.

    Floats are read as floats; canonical writing refuses them later. Raises MalformedEncoding.
    """
    if len(data) > max_bytes:
        raise MalformedEncoding(f"JSON of {len(data)} bytes; at most {max_bytes} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedEncoding(f"JSON is not UTF-8 at byte {error.start}") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedEncoding(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise MalformedEncoding(f"JSON nested deeper than {MAX_DEPTH} levels") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:  # or it cannot be deep
        _refuse_deep_nesting(value)
    if "\\u" in text:  # the only way in: raw surrogates are no UTF-8
        _refuse_surrogates(value)
    return value


def format_canonical_json(value: Json) -> bytes:
    """Write `value` as RFC 8785 canonical JSON, UTF-8.

    Raises MalformedEncoding for floats, huge integers, lone surrogates, nesting beyond `MAX_DEPTH` and what is no JSON.
    """
    try:
        return _ENCODER.encode(_canonical(value, 0)).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedEncoding("a lone surrogate in a JSON string") from None


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedEncoding(f"duplicate member {twice[:40]!r}")
    return members


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - signature fixed by json.loads
    raise MalformedEncoding(f"{name} is not JSON")


def _bounded_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise MalformedEncoding("an integer of more than 20 digits")
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise MalformedEncoding("a number too large for a float")
    return number


def _refuse_deep_nesting(value: Any) -> None:  # noqa: ANN401 - any JSON value
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if item.__class__ in _CONTAINERS
            for child in (item.values() if item.__class__ is dict else item)
        ]
        if not level:
            return
    if any(item.__class__ in _CONTAINERS for item in level):
        raise MalformedEncoding(f"JSON nested deeper than {MAX_DEPTH} levels")


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _refuse_surrogates(value: Any) -> None:  # noqa: ANN401 - any JSON value
    for text in _strings(value):
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise MalformedEncoding("a lone surrogate in a JSON string")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object_without_duplicates,
    parse_constant=_refuse_constant,
    parse_int=_bounded_int,
    parse_float=_finite_float,
)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _canonical(value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return `value` with its members in order, checked; strings are checked when they are encoded."""
    kind = value.__class__
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return _checked_int(value)
    if kind is dict or kind is list or kind is tuple:
        return _canonical_container(value, depth)
    return _canonical_of_other_types(value, depth)


def _canonical_container(value: Any, depth: int) -> Any:  # noqa: ANN401 - an array or an object
    if depth == MAX_DEPTH:
        raise MalformedEncoding(f"JSON nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {name: _canonical(value[name], depth + 1) for name in _sorted_by_utf16(value)}
    return [_canonical(item, depth + 1) for item in value]


def _canonical_of_other_types(value: object, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case str():  # a word of a vocabulary
            return value
        case int():
            return _checked_int(value)
        case Mapping() | list() | tuple():
            return _canonical_container(value, depth)
        case float():
            raise MalformedEncoding("a float has no place in what is hashed")
        case _:
            raise MalformedEncoding(f"a {type(value).__name__} is no JSON value")


def _checked_int(value: int) -> int:
    if abs(value) > MAX_INTEGER:
        raise MalformedEncoding("an integer beyond 2**53 - 1")
    return value


def _sorted_by_utf16(names: Iterable[Any]) -> list[str]:
    """Return member names in the order of RFC 8785 section 3.2.3, which for ASCII is that of the characters."""
    try:
        if "".join(names).isascii():
            return sorted(names)
    except TypeError:
        raise MalformedEncoding("a member name that is no string") from None
    return sorted(names, key=lambda name: name.encode("utf-16-be"))
