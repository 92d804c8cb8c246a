import json
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.strict_json import MAX_DEPTH, MAX_INTEGER, Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding

SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@settings(deadline=None)
@given(VALUES)
@example({"\ue000": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "1": 5, "": 6})
def test_canonical_json_agrees_with_the_rfc8785_package(value: Json) -> None:
    assert format_canonical_json(value) == rfc8785.dumps(value)


@settings(deadline=None)
@given(VALUES)
def test_a_value_survives_writing_and_reading(value: Json) -> None:
    data = format_canonical_json(value)
    assert parse_json(data, max_bytes=len(data)) == value


def test_the_sorting_example_of_rfc_8785_holds() -> None:
    value = {"\u20ac": "E", "\r": "C", "\ufb33": "H", "1": "O", "\U0001f600": "S", "\x80": "X", "\u00f6": "L"}
    assert list(json.loads(format_canonical_json(value)).values()) == ["C", "O", "X", "L", "E", "S", "H"]


def test_the_string_example_of_rfc_8785_holds() -> None:
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f", "literals": [None, True, False]}
    expected = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert format_canonical_json(value) == expected.encode()


def test_words_of_a_vocabulary_and_read_only_mappings_are_written_as_what_they_stand_for() -> None:
    class Word(StrEnum):
        YES = "ja"

    class Level(IntEnum):
        HIGH = 3

    value: Any = MappingProxyType({"b": [Word.YES], Word.YES: MappingProxyType({"å": Level.HIGH, "a": None})})
    assert format_canonical_json(value) == '{"b":["ja"],"ja":{"a":null,"å":3}}'.encode()


def test_tuples_are_arrays() -> None:
    assert format_canonical_json(("a", (1,))) == b'["a",[1]]'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        [0.5],
        {"a": -0.0},
        MAX_INTEGER + 1,
        {"a": [-MAX_INTEGER - 1]},
        "\ud800",
        {"\udc00": 1},
        ["\ud800"],
    ],
)
def test_what_has_no_agreed_form_is_not_written(value: Json) -> None:
    with pytest.raises(MalformedEncoding):
        format_canonical_json(value)


def test_what_is_no_json_is_not_written() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, b"a", object(), {1: 2}, {"a": {None: 1}}):
        with pytest.raises(MalformedEncoding):
            format_canonical_json(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"01", "not JSON"),
        (b'"\x01"', "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"1 2", "not JSON"),
        (b'{"a":1,"b":2,"a":1}', "duplicate member 'a'"),
        (b'[{"b":{"\\u0061":1,"a":2}}]', "duplicate member 'a'"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"\xff", "UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', "UTF-8 at byte 1"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\\udfff":1}', "lone surrogate"),
        (b'[["a", "\\ude00\\ud83d"]]', "lone surrogate"),
        (b"1" * 21, "20 digits"),
        (b"-" + b"1" * 5000, "20 digits"),
        (b"1e400", "too large"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deeper"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"0" + b"}" * (MAX_DEPTH + 1), "deeper"),
        (b'{"a":[' * MAX_DEPTH + b"]}" * MAX_DEPTH, "deeper"),
        (b"[" * 10_000 + b"]" * 10_000, "deeper"),
        (b'{"a":' * 10_000, "deeper"),
        (b"[" * (MAX_DEPTH + 1), "not JSON"),
        (b"[" * 100_000, "at most"),
    ],
)
def test_what_two_parsers_might_read_differently_is_malformed(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedEncoding, match=reason):
        parse_json(data, max_bytes=60_000)


def test_the_deepest_nesting_and_brackets_in_strings_are_read() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_json(data, max_bytes=100)
    assert parse_json(b"[" * MAX_DEPTH + b"0" + b"]" * (MAX_DEPTH - 1) + b",[]]", max_bytes=100)[1] == []
    assert parse_json(json.dumps(["[" * 99, '\\"[' * 99, {"{": "}"}]).encode(), max_bytes=2000)[0] == "[" * 99


def test_a_paired_surrogate_escape_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"', max_bytes=100) == "\U0001f600"


def test_floats_are_read_for_whoever_checks_them() -> None:
    assert parse_json(b"[1.5,-0,1E2]", max_bytes=100) == [1.5, 0, 100.0]


@settings(deadline=None, max_examples=300)
@given(st.binary() | st.text(alphabet='{}[]",:\\ud8019.e-+nNaInf tr\n').map(str.encode))
def test_only_malformed_encoding_escapes(data: bytes) -> None:
    try:
        value = parse_json(data, max_bytes=1000)
    except MalformedEncoding:
        return
    assert value == json.loads(data)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", [b'\\"', b"\\", b'"', b"[", b'"["', b'{"a":', b'\\u0041"'])
def test_a_megabyte_of_anything_is_refused_in_no_time(piece: bytes) -> None:
    body = b'"' + piece * (1_000_000 // len(piece))
    with pytest.raises(MalformedEncoding):
        parse_json(body, max_bytes=len(body))
