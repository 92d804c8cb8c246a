"""Records of erasures: one spelling only, bounded, and nothing but MalformedNote escapes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedNote
from sigill.tlog.erasure import MAX_INDEXES, ErasureRecord, Ground, format_erasure, parse_erasure
from sigill.tlog.leaf import LeafKind

ONE = ErasureRecord(
    at=1795349280,
    ground=Ground.DATA_SUBJECT_REQUEST,
    kind=LeafKind.SEAL,
    log_id="exempelbanken",
    requester="DPO-2026-117",
    salt=bytes(range(16)),
    indexes=(17,),
)
SALT_KEY = replace(ONE, kind=None, indexes=(), month="2026-11", ground=Ground.OPERATOR_REQUEST)


def test_a_record_is_written_as_its_documentation_says() -> None:
    assert format_erasure(ONE) == (
        b'{"at":1795349280,"ground":"data_subject_request","indexes":[17],"kind":"seal","log":"exempelbanken",'
        b'"requester":"DPO-2026-117","salt":"AAECAwQFBgcICQoLDA0ODw","t":"erase","v":1}'
    )
    assert json.loads(format_erasure(SALT_KEY)) | {"month": "2026-11", "kind": "salt_key"} == json.loads(
        format_erasure(SALT_KEY)
    )


@pytest.mark.parametrize("record", [ONE, SALT_KEY, replace(ONE, indexes=tuple(range(MAX_INDEXES)))])
def test_what_is_written_is_read_again(record: ErasureRecord) -> None:
    assert parse_erasure(format_erasure(record)) == record


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"t": "revoke"},
        {"at": -1},
        {"at": True},
        {"at": "1"},
        {"ground": "because"},
        {"kind": "registry"},
        {"kind": "head"},
        {"kind": "salt_key"},
        {"log": ""},
        {"log": "Bank"},
        {"requester": ""},
        {"requester": " x"},
        {"requester": "two\nlines"},
        {"requester": "x" * 81},
        {"requester": 7},
        {"salt": "AAAA"},
        {"salt": None},
        {"indexes": []},
        {"indexes": [3, 2]},
        {"indexes": [2, 2]},
        {"indexes": [-1]},
        {"indexes": [True]},
        {"indexes": list(range(MAX_INDEXES + 1))},
        {"indexes": 17},
        {"month": "2026-11"},
        {"more": 1},
    ],
)
def test_a_record_that_cannot_be_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedNote):
        parse_erasure(format_canonical_json(json.loads(format_erasure(ONE)) | changes))


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-11", "2026-11 ", 7])
def test_a_month_is_written_in_one_way(month: Any) -> None:
    with pytest.raises(MalformedNote):
        parse_erasure(format_canonical_json(json.loads(format_erasure(SALT_KEY)) | {"month": month}))


@given(st.binary() | st.text().map(str.encode) | st.dictionaries(st.text(), st.integers()).map(repr).map(str.encode))
def test_nothing_else_escapes(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        parse_erasure(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b" " + format_erasure(ONE), format_erasure(ONE) + b"\n"])
def test_another_spelling_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        parse_erasure(data)
