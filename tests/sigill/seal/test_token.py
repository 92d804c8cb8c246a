"""A seal as a whole: one spelling, nothing beside it, and no way to change a character unseen."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedSeal, SignatureInvalid
from sigill.keys.p256 import check_signature
from sigill.seal.claims import format_claims
from sigill.seal.disclosures import Name, make_disclosure
from sigill.seal.token import (
    MAX_SEAL_BYTES,
    ParsedSeal,
    digests_of,
    format_seal,
    jws_hash,
    keep,
    parse_seal,
    previous_hash,
    sign_seal,
)
from tests.builders_seal import SALT_KEY, SIGNER, header_of, make_case, make_claims, sign_raw, some_hash

_CASE = make_case()
_ALPHABET = string.ascii_letters + string.digits + "-_.~"


def _verify(seal: ParsedSeal) -> None:
    check_signature(SIGNER.private_key.public_key(), signature=seal.jws.signature, message=seal.jws.signing_input)


def test_a_seal_reads_back_as_what_was_signed() -> None:
    seal = parse_seal(_CASE.seal)
    assert [item.name for item in seal.disclosures] == [item.name for item in _CASE.disclosures]
    assert seal.disclosures == _CASE.disclosures
    assert seal.claims.op.name == "Exempelbanken"
    _verify(seal)


def test_reading_and_writing_are_inverses() -> None:
    seal = parse_seal(_CASE.seal)
    assert format_seal(seal.jws.text, seal.disclosures) == _CASE.seal


def test_a_whole_seal_stays_below_three_kilobytes() -> None:
    assert len(_CASE.seal) < 3000


def test_a_holder_may_leave_disclosures_out() -> None:
    shown = keep(_CASE.parsed, lambda item: item.name is Name.MSG)
    seal = parse_seal(shown)
    assert [item.name for item in seal.disclosures] == [Name.MSG]
    assert seal.disclosed(Name.RCP_OPEN) is None
    _verify(seal)


def test_a_seal_without_disclosures_is_a_seal() -> None:
    assert parse_seal(_CASE.parsed.jws.text + "~").disclosures == ()


def test_a_seal_always_holds_eight_digests_whatever_it_discloses() -> None:
    few = digests_of([], salt_key=SALT_KEY, jti="x")
    assert len(few) == len(_CASE.claims.sd) == 8
    assert list(few) == sorted(set(few))


def test_the_next_message_names_the_hash_of_the_jws_alone() -> None:
    jws = _CASE.parsed.jws.text
    assert previous_hash(jws) == format_base64url(jws_hash(jws))
    assert parse_seal(_CASE.without(Name.MSG)).jws.text == jws


# --- strictness of the parser, one point of the design each ---


@pytest.mark.parametrize(
    ("seal", "says"),
    [
        pytest.param(_CASE.seal.removesuffix("~"), "ends in ~", id="no trailing tilde"),
        pytest.param(_CASE.parsed.jws.text, "only a part", id="a bare JWS"),
        pytest.param(_CASE.seal + sign_raw({"typ": "kb+jwt"}, {}), "key-binding", id="a key-binding JWT"),
        pytest.param(_CASE.seal + "~", "disclosure", id="an empty disclosure"),
        pytest.param("~", "three parts", id="nothing but a tilde"),
        pytest.param("", "ends in ~", id="nothing"),
        pytest.param(_CASE.seal.replace("e", "é", 1), "ASCII", id="not ASCII"),
        pytest.param(_CASE.seal + "\n", "key-binding", id="a newline at the end"),
        pytest.param(" " + _CASE.seal, "base64url", id="a blank before it"),
        pytest.param("a" * MAX_SEAL_BYTES + "~", "a seal of 65537", id="over-long"),
        pytest.param("a" * 20_000 + "~", "a JWS of 20000", id="an over-long JWS"),
        pytest.param(_CASE.parsed.jws.text + "~" + "a" * 20_000 + "~", "a disclosure of", id="over-long disclosure"),
        pytest.param(_CASE.parsed.jws.text + "~x" * 8 + "~", "at most 7", id="too many disclosures"),
        pytest.param(
            _CASE.parsed.jws.text + "~" + f"{_CASE.disclosures[0].text}~" * 2, "repeated", id="a disclosure twice"
        ),
    ],
)
def test_what_is_not_the_one_form_of_a_seal_is_malformed(seal: str, says: str) -> None:
    with pytest.raises(MalformedSeal, match=says):
        parse_seal(seal)


def test_a_disclosure_of_another_seal_is_refused() -> None:
    other = make_case("Something else")
    with pytest.raises(MalformedSeal, match="msg does not belong"):
        parse_seal(f"{_CASE.parsed.jws.text}~{other.disclosures[0].text}~")


def test_an_invented_disclosure_is_refused() -> None:
    invented = make_disclosure(Name.AGENT, {"ref": "somebody"}, salt=bytes(16))
    with pytest.raises(MalformedSeal, match="agent does not belong"):
        parse_seal(f"{_CASE.parsed.jws.text}~{invented.text}~")


@pytest.mark.parametrize("name", ["msg", "msgx", "links", "files", "rcp_open", "dec", "agent"])
def test_a_disclosure_s_name_cannot_also_be_a_claim(name: str) -> None:
    payload = format_claims(_CASE.claims) | {name: some_hash(1)}
    with pytest.raises(MalformedSeal, match="unknown members"):
        parse_seal(sign_raw(header_of(), payload) + "~")


@pytest.mark.parametrize("member", ["_sd", "..."])
def test_digests_nested_in_the_payload_are_refused(member: str) -> None:
    payload = format_claims(_CASE.claims)
    payload["op"] = payload["op"] | {member: [some_hash(1)]}
    with pytest.raises(MalformedSeal, match="op has unknown members"):
        parse_seal(sign_raw(header_of(), payload) + "~")


def test_a_seal_whose_payload_is_written_with_duplicate_members_is_refused() -> None:
    payload = format_canonical_json(format_claims(_CASE.claims))
    twice = payload.replace(b'"ch":"chat"', b'"ch":"chat","ch":"sms"', 1)
    with pytest.raises(MalformedSeal, match="duplicate member 'ch'"):
        parse_seal(sign_raw(header_of(), twice) + "~")


# --- properties ---


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(_CASE.seal) - 1), symbol=st.sampled_from(_ALPHABET))
def test_a_seal_with_one_character_changed_is_malformed_or_fails_its_signature(place: int, symbol: str) -> None:
    changed = _CASE.seal[:place] + symbol + _CASE.seal[place + 1 :]
    if changed == _CASE.seal:
        return
    try:
        seal = parse_seal(changed)
    except MalformedSeal:
        return
    with pytest.raises(SignatureInvalid):
        _verify(seal)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, len(_CASE.parsed.jws.text) * 6 - 1))
def test_a_jws_with_one_bit_flipped_is_malformed_or_fails_its_signature(place: int) -> None:
    index, bit = divmod(place, 6)
    symbols = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    old = _CASE.seal[index]
    if old == ".":
        return
    new = symbols[symbols.index(old) ^ 1 << bit]
    try:
        seal = parse_seal(_CASE.seal[:index] + new + _CASE.seal[index + 1 :])
    except MalformedSeal:
        return
    with pytest.raises(SignatureInvalid):
        _verify(seal)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=_ALPHABET, max_size=200))
@example("..~")
@example("eyJ9.e30.~")
@example("~~~~~~~~")
@example("\ud800~")
def test_any_text_is_a_seal_or_malformed(text: str) -> None:
    try:
        seal = parse_seal(text)
    except MalformedSeal:
        return
    assert format_seal(seal.jws.text, seal.disclosures) == text


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(0, len(_CASE.seal)),
    length=st.integers(0, 60),
    put=st.text(alphabet=_ALPHABET + "é=\n ", max_size=30),
)
def test_a_cut_and_spliced_seal_is_a_seal_or_malformed(start: int, length: int, put: str) -> None:
    changed = _CASE.seal[:start] + put + _CASE.seal[start + length :]
    try:
        seal = parse_seal(changed)
    except MalformedSeal:
        return
    assert format_seal(seal.jws.text, seal.disclosures) == changed


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**53 - 1) | st.text(max_size=5) | st.just("chat"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(member=st.sampled_from(sorted(format_claims(_CASE.claims))), value=_JSON)
def test_a_payload_with_any_value_for_one_member_is_read_or_malformed(member: str, value: object) -> None:
    payload = format_claims(_CASE.claims) | {member: value}
    try:
        seal = parse_seal(sign_raw(header_of(), payload, signature=bytes(64)) + "~")
    except MalformedSeal:
        return
    assert format_claims(seal.claims) == payload


def test_signing_and_reading_claims_are_inverses() -> None:
    claims = make_claims(late=True, sent=make_claims().iat)
    assert parse_seal(sign_seal(claims, signer=SIGNER) + "~").claims == claims
