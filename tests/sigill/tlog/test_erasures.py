import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedNote
from sigill.tlog.erasures import ErasureCheck, parse_erasures
from sigill.tlog.faults import Fault, Finding

ORIGIN = "guarantor.example/log/exempelbanken"


def record(*indexes: int, **changes: object) -> bytes:
    value: dict[str, object] = {
        "at": 1_795_305_600,
        "ground": "data_subject_request",
        "indexes": list(indexes),
        "kind": "seal",
        "log": "exempelbanken",
        "requester": "DPO-2026-117",
        "salt": "A" * 22,
        "t": "erase",
        "v": 1,
    }
    return format_canonical_json(value | changes)  # type: ignore[arg-type]


def page(*tombstones: tuple[int, int], records: dict[int, bytes] | None = None, following: str | None = None) -> bytes:
    value = {
        "tombstones": [{"index": index, "kind": "seal", "erased_by": by} for index, by in tombstones],
        "records": [{"index": at, "record": format_base64url(data)} for at, data in (records or {}).items()],
        "next": following,
    }
    return json.dumps(value).encode()


def check(*pages: bytes, leaves: dict[int, bytes], size: int = 100) -> tuple[list[tuple[Fault, str]], int]:
    found: list[Finding] = []
    checking = ErasureCheck(
        origin=ORIGIN,
        names=frozenset([ORIGIN, "exempelbanken"]),
        size=size,
        leaf_hash={index: sha256(data).digest() for index, data in leaves.items()}.get,
        report=found.append,
    )
    for data in pages:
        checking.add(parse_erasures(data))
    checking.finish()
    return [(each.fault, each.where) for each in found], checking.checked


def test_a_tombstone_with_its_record_is_right_in_any_order_and_on_any_pages() -> None:
    first, second = record(17), record(18)
    leaves = {40: first, 41: second}
    assert check(page((17, 40), (18, 41), records=leaves), leaves=leaves) == ([], 2)
    assert check(page((17, 40), records={41: second}), page((18, 41), records={40: first}), leaves=leaves) == ([], 2)


def test_a_tombstone_without_a_record_is_a_fault() -> None:
    assert check(page((17, 40)), leaves={40: record(17)}) == ([(Fault.TOMBSTONE_WITHOUT_RECORD, "entry 17")], 0)


def test_a_tombstone_cannot_lean_on_a_record_about_others() -> None:
    leaves = {40: record(17)}
    found, checked = check(page((17, 40), (18, 40), records=leaves), leaves=leaves)
    assert (found, checked) == ([(Fault.ERASURE_WRONG, "entry 40")], 1)
    found, checked = check(page((17, 40), records=leaves), page((18, 40)), leaves=leaves)
    assert (found, checked) == ([(Fault.TOMBSTONE_WITHOUT_RECORD, "entry 18")], 1)


def test_one_record_is_about_many_tombstones_on_any_pages() -> None:
    leaves = {40: record(15, 17, 18)}
    pages = page((17, 40), records=leaves), page((18, 40), (15, 40), records=leaves)
    assert check(*pages, leaves=leaves) == ([], 3)


def test_the_record_of_a_destroyed_salt_key_is_about_no_tombstone() -> None:
    value = json.loads(record(17)) | {"kind": "salt_key", "month": "2026-11"}
    del value["indexes"]
    leaves = {40: format_canonical_json(value)}
    assert check(page(records=leaves), leaves=leaves) == ([], 0)


@pytest.mark.parametrize(
    "wrong",
    [
        record(16),
        record(17, kind="event"),
        record(17, log="another"),
        record(17, t="seal"),
        record(17, v=2),
        b"no JSON",
        b"[]",
        record(17) + b" ",
    ],
)
def test_a_record_that_says_something_else_is_a_fault(wrong: bytes) -> None:
    assert check(page((17, 40), records={40: wrong}), leaves={40: wrong}) == ([(Fault.ERASURE_WRONG, "entry 40")], 0)


def test_a_record_that_is_not_its_leafs_is_a_fault() -> None:
    data = page((17, 40), records={40: record(17)})
    assert check(data, leaves={40: record(17, salt="B" * 21 + "A")}) == ([(Fault.ERASURE_WRONG, "entry 40")], 0)
    assert check(data, leaves={39: record(17)}) == ([(Fault.ERASURE_WRONG, "entry 40")], 0)


def test_a_record_is_newer_than_what_it_says_was_erased() -> None:
    leaves = {40: record(40)}
    assert check(page((40, 40), records=leaves), leaves=leaves) == ([(Fault.ERASURE_WRONG, "entry 40")], 0)


def test_what_was_erased_after_the_checkpoint_is_left_out() -> None:
    assert check(page((17, 100), (18, 101), records={100: record(17)}), leaves={}) == ([], 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"tombstones":[],"records":{}}',
        b'{"tombstones":[1],"records":[]}',
        b'{"tombstones":[{"index":-1,"kind":"seal","erased_by":1}],"records":[]}',
        b'{"tombstones":[{"index":true,"kind":"seal","erased_by":1}],"records":[]}',
        b'{"tombstones":[{"index":1,"kind":3,"erased_by":1}],"records":[]}',
        b'{"tombstones":[],"records":[{"index":1,"record":"="}]}',
        b'{"tombstones":[],"records":[{"index":1}]}',
        b'{"tombstones":[],"records":[],"next":""}',
        b'{"tombstones":[],"records":[],"next":1}',
    ],
)
def test_a_page_of_another_shape_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        parse_erasures(data)


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
@settings(max_examples=60)
def test_nothing_but_malformed_escapes(data: bytes) -> None:
    try:
        parse_erasures(data)
    except MalformedNote:
        return
