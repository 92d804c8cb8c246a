"""JSON read strictly and written canonically.

Reading refuses what two parsers might read differently: duplicate members, NaN, numbers beyond a float, lone
surrogates, a byte order mark, nesting beyond `MAX_DEPTH`. Writing follows RFC 8785 for the values Sigill hashes:
objects, arrays, strings, booleans, null and integers within ±(2**53 - 1); floats are refused, so number formatting
never matters.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sigill.errors import MalformedEncoding

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"

MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1
_MAX_DIGITS: Final = 20
# The closing quote is optional: a string without an end would else be read again from every quote in it.
_NESTING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


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
    _refuse_deep_nesting(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
    except json.JSONDecodeError as error:
        raise MalformedEncoding(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    _refuse_surrogates(value)
    return value


def format_canonical_json(value: Json) -> bytes:
    """Write `value` as RFC 8785 canonical JSON, UTF-8.

    Raises MalformedEncoding for floats, huge integers, lone surrogates, nesting beyond `MAX_DEPTH` and what is no JSON.
    """
    _check_canonical(value)
    ordered = _sorted_by_utf16(value)
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


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


def _refuse_deep_nesting(text: str) -> None:
    depth = 0
    for token in _NESTING.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
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


def _check_canonical(value: object, *, depth: int = 0) -> None:
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise MalformedEncoding("an integer beyond 2**53 - 1")
        case str():
            _check_string(value)
        case Mapping() | list() | tuple():
            if depth == MAX_DEPTH:
                raise MalformedEncoding(f"JSON nested deeper than {MAX_DEPTH} levels")
            for name in value if isinstance(value, Mapping) else ():
                _check_string(name)
            for item in value.values() if isinstance(value, Mapping) else value:
                _check_canonical(item, depth=depth + 1)
        case float():
            raise MalformedEncoding("a float has no place in what is hashed")
        case _:
            raise MalformedEncoding(f"a {type(value).__name__} is no JSON value")


def _check_string(value: object) -> None:
    if not isinstance(value, str):
        raise MalformedEncoding("a member name that is no string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedEncoding("a lone surrogate in a JSON string") from None


def _sorted_by_utf16(value: Json) -> Json:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted_by_utf16(value[name]) for name in names}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sorted_by_utf16(item) for item in value]
    return value
