"""The trust file: read whole or not at all."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedKey
from sigill.report.trust import MAX_TRUST_BYTES, format_trust, parse_trust
from sigill.seal.token import TYP
from tests.builders_seal import NOW, SIGNER, MemoryLog, MemorySigner, make_case, make_trust

_LOG = MemoryLog()
_TRUST = make_trust(_LOG, SIGNER.published(compromised_at=NOW), MemorySigner(2).published())
_VALUE = format_trust(_TRUST)
_ENTRY = _VALUE["logs"][0]


def _read(value: object) -> object:
    return parse_trust(json.dumps(value).encode())


def _with_log(**changes: object) -> dict[str, Any]:
    return _VALUE | {"logs": [_ENTRY | changes]}


def test_reading_and_writing_are_inverses() -> None:
    read = parse_trust(json.dumps(_VALUE).encode())
    assert format_trust(read) == _VALUE
    assert replace(read, keys=()) == replace(_TRUST, keys=())


def test_a_key_is_found_by_kid_and_type_together() -> None:
    assert _TRUST.key(SIGNER.kid, typ=TYP) is _TRUST.keys[0]
    assert _TRUST.key(SIGNER.kid, typ="ai-verification-report+jwt") is None
    assert _TRUST.key(MemorySigner(3).kid, typ=TYP) is None


def test_the_builder_s_trust_file_reads_back() -> None:
    case = make_case()
    assert format_trust(parse_trust(case.trust_file)) == format_trust(case.trust)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "has issuer, as_of"),
        (_VALUE | {"more": 1}, "has issuer, as_of"),
        ({name: value for name, value in _VALUE.items() if name != "logs"}, "has issuer, as_of"),
        (_VALUE | {"issuer": "http://guarantor.example"}, "https URL"),
        (_VALUE | {"issuer": 1}, "https URL"),
        (_VALUE | {"as_of": True}, "as_of"),
        (_VALUE | {"as_of": -1}, "as_of"),
        (_VALUE | {"as_of": 2**60}, "as_of"),
        (_VALUE | {"as_of": 1.5}, "as_of"),
        (_VALUE | {"as_of": "2026-11-22"}, "as_of"),
        (_VALUE | {"logs": {}}, "logs is an array"),
        (_VALUE | {"logs": ["x"]}, "a log has operator, origin, url, vkey"),
        (_VALUE | {"logs": [_ENTRY | {"more": 1}]}, "a log has operator, origin, url, vkey"),
        (_VALUE | {"logs": [_ENTRY, _ENTRY]}, "twice"),
        (_VALUE | {"logs": [_ENTRY, _ENTRY | {"operator": "another"}]}, "twice"),
        (_with_log(url=""), "strings"),
        (_with_log(operator=1), "strings"),
        (_with_log(vkey="nonsense"), "verifier key is"),
        (_with_log(origin="guarantor.example/log/another"), "named as its origin"),
        (_VALUE | {"jwks": {"keys": [{}]}}, "not EC P-256"),
        (_VALUE | {"jwks": []}, "a JWKS is"),
    ],
)
def test_half_a_trust_file_is_none(value: object, says: str) -> None:
    with pytest.raises(MalformedKey, match=says):
        _read(value)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b" " * (MAX_TRUST_BYTES + 1)])
def test_what_is_not_strict_json_is_no_trust_file(data: bytes) -> None:
    with pytest.raises(MalformedKey, match="trust file"):
        parse_trust(data)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 400), put=st.binary(max_size=4))
def test_a_spliced_trust_file_is_read_or_malformed(place: int, put: bytes) -> None:
    data = json.dumps(_VALUE).encode()
    try:
        parse_trust(data[:place] + put + data[place + len(put) :])
    except MalformedKey:
        return
