"""Packing and compressing a list, held to the vectors of Token Status List draft-20 (sections 4.1, 4.2, appendix C)."""

import zlib
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.errors import MalformedStatusList
from sigill.status.bits import (
    MAX_LIST_BYTES,
    SIZES,
    Status,
    deflate,
    inflate,
    mark_indices,
    pack_statuses,
    status_at,
)

_LONG = 2**20
# Appendix C.1 and C.2: lists of 2^20 statuses, all 0 but these.
_ONE_BIT = dict.fromkeys([0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345], 1)
_ONE_BIT_LST = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAA"
    "AACAZC8L2AEb"
)
_TWO_BITS = {0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2} | {
    1000345: 3
}
_TWO_BITS_LST = (
    "eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVIAAAAAABAbiEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEB5WwIAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAID0ugQAAAAAAAAA"
    "AAAAAAAAQG12SgAAAAAAAAAAAAAAAAAAAAAAAAAAAOCSIQEAAAAAAAAAAAAAAAAAAAAAAAD8ExIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAwJEuAQAAAAAAAAAAAAAAAAAAAAAAAMB9SwIAAAAAAAAAAAAAAAAAAACoYUoAAAAAAAAAAAAAAEBqH81gAQw"
)


def test_the_short_vectors_of_the_draft_are_met_byte_for_byte() -> None:
    one = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    assert pack_statuses(one, bits=1) == bytes.fromhex("b9a3")
    assert format_base64url(deflate(bytes.fromhex("b9a3"))) == "eNrbuRgAAhcBXQ"
    two = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    assert pack_statuses(two, bits=2) == bytes.fromhex("c944f9")
    assert format_base64url(deflate(bytes.fromhex("c944f9"))) == "eNo76fITAAPfAgc"


@pytest.mark.parametrize(("bits", "marked", "lst"), [(1, _ONE_BIT, _ONE_BIT_LST), (2, _TWO_BITS, _TWO_BITS_LST)])
def test_the_long_vectors_of_the_draft_read_and_write(bits: int, marked: Mapping[int, int], lst: str) -> None:
    packed = inflate(parse_base64url(lst))
    assert len(packed) * 8 // bits == _LONG
    assert pack_statuses((marked.get(index, 0) for index in range(_LONG)), bits=bits) == packed
    assert {index: status_at(packed, index, bits=bits) for index in marked} == marked
    assert inflate(deflate(packed)) == packed
    if bits == 1:
        assert mark_indices(marked, size=_LONG) == packed


def test_the_statuses_of_the_draft_have_their_values() -> None:
    assert [Status.VALID, Status.INVALID, Status.SUSPENDED] == [0, 1, 2]


@settings(max_examples=100)
@given(st.sampled_from(SIZES).flatmap(lambda bits: st.tuples(st.just(bits), st.lists(st.integers(0, 2**bits - 1)))))
def test_packed_statuses_read_back(case: tuple[int, list[int]]) -> None:
    bits, statuses = case
    packed = pack_statuses(statuses, bits=bits)
    assert len(packed) == -(-len(statuses) * bits // 8)
    assert [status_at(packed, index, bits=bits) for index in range(len(statuses))] == statuses
    beyond = len(packed) * 8 // bits
    assert [status_at(packed, index, bits=bits) for index in range(len(statuses), beyond)] == [0] * (
        beyond - len(statuses)
    )
    assert status_at(packed, beyond, bits=bits) is status_at(packed, -1, bits=bits) is None


@settings(max_examples=50)
@given(st.sets(st.integers(0, 1023)))
def test_marked_indices_are_the_packed_statuses(indices: set[int]) -> None:
    assert mark_indices(indices, size=1024) == pack_statuses((index in indices for index in range(1024)), bits=1)


@pytest.mark.parametrize("status", [-1, 4])
def test_a_status_that_does_not_fit_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="does not fit into 2 bits"):
        pack_statuses([status], bits=2)


@pytest.mark.parametrize("index", [-1, 16])
def test_an_index_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="outside a list of 16"):
        mark_indices([index], size=16)


@settings(max_examples=100)
@given(st.binary(min_size=1, max_size=300))
def test_a_deflated_list_inflates_again(packed: bytes) -> None:
    assert inflate(deflate(packed)) == packed


@settings(max_examples=200)
@given(st.binary(max_size=60))
@example(b"")
@example(deflate(b"x")[:-1])
@example(deflate(b"x") + b"x")
@example(deflate(b"x") * 2)
@example(deflate(b""))
@example(zlib.compress(b"x", wbits=-15))
@example(zlib.compress(b"x", wbits=31))
def test_whatever_stands_there_is_a_list_or_malformed(stream: bytes) -> None:
    try:
        packed = inflate(stream)
    except MalformedStatusList:
        return
    assert zlib.decompress(stream) == packed


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"x", "no ZLIB stream|cut short"),
        (b"not zlib at all", "no ZLIB stream"),
        (deflate(b"abc")[:-1], "cut short"),
        (deflate(b"abc") + b"\x00", "follows"),
        (deflate(b""), "holds no status"),
        (deflate(b"abc")[:-1] + b"\xff", "no ZLIB stream"),
    ],
)
def test_a_damaged_stream_is_named(stream: bytes, says: str) -> None:
    with pytest.raises(MalformedStatusList, match=says):
        inflate(stream)


def test_a_stream_that_swells_is_stopped_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(inflate(deflate(bytes(MAX_LIST_BYTES)))) == MAX_LIST_BYTES
    with pytest.raises(MalformedStatusList, match="inflates to more than"):
        inflate(deflate(bytes(MAX_LIST_BYTES + 1)))
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    made: list[int] = []
    real = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._real = real()

        def decompress(self, stream: bytes, limit: int) -> bytes:
            data = self._real.decompress(stream, limit)
            made.append(len(data))
            return data

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    with pytest.raises(MalformedStatusList, match="inflates to more than"):
        inflate(bomb)
    assert made == [MAX_LIST_BYTES + 1]
