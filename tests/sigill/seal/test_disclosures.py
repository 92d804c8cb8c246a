"""Disclosures: one spelling, known names, exact values; and binding to one recipient."""

import hashlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedSeal
from sigill.seal.disclosures import (
    MAX_HASHES,
    AddressType,
    Name,
    derive_salt,
    make_decoys,
    make_disclosure,
    parse_disclosure,
)
from sigill.seal.recipient import commit_recipient, open_recipient
from tests.builders_seal import DECISION, SALT_KEY, make_case, make_jti, some_hash

_SALT = bytes(range(16))
_SALT_TEXT = format_base64url(_SALT)
_MSG = {"canon": "nu1", "h": some_hash(1)}
_DEC: dict[str, Any] = dict(DECISION)  # type: ignore[arg-type]


def _disclosure(*elements: object) -> str:
    return format_base64url(format_canonical_json(list(elements)))  # type: ignore[arg-type]


def _refused(text: str, says: str) -> None:
    with pytest.raises(MalformedSeal, match=says):
        parse_disclosure(text)


@pytest.mark.parametrize("disclosure", make_case().disclosures, ids=lambda item: item.name.value)
def test_every_disclosure_reads_back(disclosure: Any) -> None:
    assert parse_disclosure(disclosure.text) == disclosure


def test_a_digest_is_the_sha_256_of_the_disclosure_s_ascii() -> None:
    made = make_disclosure(Name.MSG, _MSG, salt=_SALT)
    assert made.digest == format_base64url(hashlib.sha256(made.text.encode()).digest())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(_disclosure(_SALT_TEXT, "msg"), "array of salt", id="two elements"),
        pytest.param(_disclosure(_SALT_TEXT, "msg", _MSG, 1), "array of salt", id="four elements"),
        pytest.param(format_base64url(b'{"a":1}'), "array of salt", id="an object"),
        pytest.param(_disclosure(_SALT_TEXT, "message", _MSG), "unknown name", id="an unknown name"),
        pytest.param(_disclosure(_SALT_TEXT, ["msg"], _MSG), "unknown name", id="a name that is no text"),
        pytest.param(_disclosure(_SALT_TEXT, "_sd", []), "unknown name", id="a reserved name"),
        pytest.param(_disclosure(_SALT_TEXT, "...", "x"), "unknown name", id="the other reserved name"),
        pytest.param(_disclosure(_SALT_TEXT[:-1], "msg", _MSG), "salt is 16 bytes", id="a short salt"),
        pytest.param(_disclosure(_SALT_TEXT + "AA", "msg", _MSG), "salt is 16 bytes", id="a long salt"),
        pytest.param(_disclosure("=" * 22, "msg", _MSG), "not base64url", id="a salt that is not base64url"),
        pytest.param(_disclosure("A" * 21 + "B", "msg", _MSG), "not base64url", id="a salt with stray bits"),
        pytest.param(_disclosure(7, "msg", _MSG), "salt is 16 bytes", id="a salt that is no text"),
        pytest.param(format_base64url(b'["a", "msg", {}]'), "canonical", id="blanks in the JSON"),
        pytest.param(format_base64url(b'["\\u0041","msg",{}]'), "canonical", id="needless escapes"),
        pytest.param(format_base64url(b'["a","msg",{"h":1,"h":2}]'), "duplicate", id="a duplicate member"),
        pytest.param(format_base64url(b'["a","msg",1.5]'), "float", id="a float"),
        pytest.param(format_base64url(b"\xff"), "UTF-8", id="not UTF-8"),
        pytest.param("a=b", "base64url", id="not base64url"),
        pytest.param("", "not JSON", id="nothing"),
    ],
)
def test_what_is_not_the_one_form_of_a_disclosure_is_malformed(text: str, says: str) -> None:
    _refused(text, says)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("msg", {"canon": "nu2", "h": some_hash(1)}, "canon is nu1"),
        ("msg", {"canon": "nu1"}, "lacks h"),
        ("msg", _MSG | {"n": 1}, "unknown members"),
        ("msg", some_hash(1), "object"),
        ("msg", {"canon": "nu1", "h": "x"}, "hash"),
        ("msgx", {"hx": some_hash(1), "n": True}, "integer"),
        ("msgx", {"hx": some_hash(1), "n": -1}, "integer"),
        ("msgx", {"hx": 1, "n": 1}, "hash"),
        ("links", some_hash(1), "array"),
        ("links", [some_hash(1), 1], "hash"),
        ("links", [some_hash(1)] * (MAX_HASHES + 1), "at most 100"),
        ("files", {"...": some_hash(1)}, "array"),
        ("files", [{"...": some_hash(1)}], "hash"),
        ("rcp_open", {"t": "fax", "h": some_hash(1)}, "one of"),
        ("rcp_open", {"t": "tel", "h": "x"}, "hash"),
        ("rcp_open", {"t": "tel"}, "lacks h"),
        ("agent", {"ref": ""}, "ref"),
        ("agent", {"ref": "a", "name": "Anna"}, "unknown members"),
        ("dec", _DEC | {"enquiry": "gossip"}, "enquiry is one of"),
        ("dec", _DEC | {"eff": 1}, "eff"),
        ("dec", _DEC | {"rules": "x"}, "rules is an array"),
        ("dec", _DEC | {"texts": [1]}, "texts is an array"),
        ("dec", _DEC | {"obl": {}}, "obl is an array"),
        ("dec", _DEC | {"obl": ["x"]}, "obl is an array"),
        ("dec", _DEC | {"obl": [{"id": "x", "_sd": [some_hash(1)]}]}, "no further digests"),
        ("dec", _DEC | {"obl": [{"id": [{"...": some_hash(1)}]}]}, "no further digests"),
        ("dec", _DEC | {"obl": [{"id": {"_sd_alg": "sha-256"}}]}, "no further digests"),
        ("dec", {"enquiry": "advice"}, "lacks"),
        ("dec", None, "object"),
    ],
)
def test_a_value_that_does_not_go_with_its_name_is_malformed(name: str, value: object, says: str) -> None:
    _refused(_disclosure(_SALT_TEXT, name, value), says)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | st.binary(max_size=80).map(format_base64url))
@example("W10")
@example("\ud800")
def test_any_text_is_a_disclosure_or_malformed(text: str) -> None:
    try:
        parsed = parse_disclosure(text)
    except MalformedSeal:
        return
    assert make_disclosure(parsed.name, parsed.value, salt=parsed.salt).text == text


def test_salts_differ_for_every_name_message_and_key() -> None:
    first, second = make_jti(number=1), make_jti(number=2)
    salts = {derive_salt(SALT_KEY, jti=jti, name=name) for jti in (first, second) for name in Name}
    assert len(salts) == 2 * len(Name)
    assert derive_salt(bytes(32), jti=first, name="msg") not in salts
    assert all(len(salt) == 16 for salt in salts)


def test_decoys_look_like_digests_and_differ() -> None:
    decoys = make_decoys(SALT_KEY, jti=make_jti(), count=8)
    assert len({*decoys}) == 8
    assert all(len(decoy) == 43 for decoy in decoys)


# --- recipient ---


def test_a_commitment_differs_in_every_seal_for_every_type_and_address() -> None:
    made = {
        commit_recipient(key, jti=jti, kind=kind, address=address)
        for key in (SALT_KEY, bytes(32))
        for jti in (make_jti(number=1), make_jti(number=2))
        for kind in AddressType
        for address in ("a", "b")
    }
    assert len(made) == 2 * 2 * 3 * 2


def test_opening_a_recipient_needs_the_same_salt_type_and_address() -> None:
    opened = open_recipient(_SALT, kind=AddressType.TEL, address="+46701234567")
    assert opened == open_recipient(_SALT, kind=AddressType.TEL, address="+46701234567")
    assert opened != open_recipient(bytes(16), kind=AddressType.TEL, address="+46701234567")
    assert opened != open_recipient(_SALT, kind=AddressType.REF, address="+46701234567")
    assert opened != open_recipient(_SALT, kind=AddressType.TEL, address="+46701234568")
    assert "4670" not in str(opened)
