"""The quick ways of reading a seal find what the exact ways find, or leave it to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.seal.claims import (
    ActorClaim,
    AiClaim,
    AttestationClaim,
    ConversationClaim,
    OperatorClaim,
    SealClaims,
    StatusClaim,
    format_claims,
    operator_url,
    parse_claims,
    status_uri,
)
from sigill.seal.disclosures import AddressType, Disclosure, Name, make_disclosure, parse_disclosure
from sigill.seal.jws import MAX_JWS_BYTES, parse_jws, read_usual_jws
from sigill.seal.token import TYP, parse_seal
from sigill.seal.usual_claims import read_usual_claims
from sigill.seal.usual_disclosures import read_usual_disclosures
from sigill.vocabulary import AttestationLevel, Authorship, Industry
from tests.builders_seal import ISSUER, header_of, make_actor, make_case, make_claims, make_jti, sign_raw, some_hash

_CASE = make_case(
    links=["https://exempelbanken.example/kort"],
    files=[some_hash(3), some_hash(4)],
    change=lambda claims: replace(claims, status=StatusClaim(idx=482, uri=status_uri(ISSUER, 7))),
)
_EVERYTHING = make_claims(
    rcp=some_hash(5),
    sent=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
    late=True,
    att=AttestationClaim(lvl=AttestationLevel.A, m="passkey", ev=some_hash(6)),
    conv=ConversationClaim(id="c", seq=2, prev=some_hash(7)),
    edits=make_jti(number=7),
    status=StatusClaim(idx=482, uri=status_uri(ISSUER, 7)),
    act=make_actor(),
)
_PIECES = (
    b'"', b"\\", b"\\u0061", b"{", b"}", b"[", b"]", b",", b":", b" ", b"0", b"1", b"-1", b"1.0", b"A", b"B", b"b",
    b"=", b"\n", b"\x7f", b"\xc3\xa5", b"\xff", b"null", b'"a":1,', b'"iat":3,', b'"late":true,', b'"prev":"",', b"",
)  # fmt: skip
hashes = st.binary(min_size=32, max_size=32).map(format_base64url)
ulids = st.integers(0, 2**80 - 1).map(lambda number: make_jti(number=number))
seconds = st.integers(0, 2**37).map(lambda second: datetime.fromtimestamp(second, UTC))
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8) | st.sampled_from(["}", '"', "\\", '},"att":{'])
places = st.builds(ConversationClaim, id=texts | ulids, seq=st.just(1), prev=st.none()) | st.builds(
    ConversationClaim, id=texts | ulids, seq=st.integers(2, 2**53 - 1), prev=hashes
)


@st.composite
def claims_of_any_seal(draw: st.DrawFn) -> SealClaims:
    by = draw(st.sampled_from(Authorship))
    claims = make_claims(by=by)
    return replace(
        claims,
        iat=draw(seconds),
        exp=draw(seconds),
        jti=draw(ulids),
        op=OperatorClaim(
            name=draw(texts), id=draw(texts), ind=draw(st.sampled_from(Industry)), lvl=2, test=draw(st.booleans())
        ),
        att=AttestationClaim(lvl=AttestationLevel.B, m=draw(texts), ev=draw(st.none() | hashes)),
        pol=replace(claims.pol, pack=draw(texts), fd=draw(hashes)),
        sd=tuple(sorted(draw(st.lists(hashes, min_size=8, max_size=8, unique=True)))),
        sent=draw(st.none() | seconds),
        late=draw(st.booleans()),
        rcp=draw(st.none() | hashes),
        conv=draw(st.none() | places),
        ai=None
        if claims.ai is None
        else AiClaim(system=draw(texts), provider=draw(st.none() | texts), of_actor=draw(st.booleans())),
        edits=draw(st.none() | ulids),
        status=draw(
            st.none()
            | st.builds(
                StatusClaim,
                idx=st.integers(0, 2**24),
                uri=st.sampled_from([status_uri(ISSUER, 7), f"{ISSUER}/status/07", f"{ISSUER}/status/\\b", "x"]),
            )
        ),
        act=draw(
            st.none()
            | st.builds(
                ActorClaim,
                sub=st.sampled_from([operator_url(ISSUER, "kundsvar"), claims.sub, "x"]),
                name=texts,
                id=texts,
                mandate=texts,
                since=seconds,
            )
        ),
    )


def _changed(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, piece in changes:
        place = at % (len(data) + 1)
        data = data[:place] + piece + data[place + length :]
    return data


changes = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3), st.sampled_from(_PIECES)), max_size=2)


def _read(read: Callable[[], Any]) -> Any:
    """Return what is read, or that it is refused."""
    try:
        return read()
    except (MalformedSeal, MalformedEncoding):
        return "refused"


def _exactly(data: bytes) -> Any:
    return _read(lambda: parse_claims(parse_json(data, max_bytes=MAX_JWS_BYTES)))


def _written(claims: SealClaims) -> bytes:
    return format_canonical_json(format_claims(claims))


def test_the_seals_of_the_service_are_read_in_the_quick_way() -> None:
    without = replace(_EVERYTHING, act=None)
    for claims in (_EVERYTHING, without, _CASE.claims, *(make_claims(by=by) for by in Authorship)):
        assert read_usual_claims(_written(claims)) == claims
    texts_ = [item.text for item in _CASE.disclosures]
    assert read_usual_disclosures(texts_) == _CASE.disclosures
    assert read_usual_jws(_CASE.parsed.jws.text, typ=TYP) == _CASE.parsed.jws


def test_operators_with_letters_beyond_ascii_are_read_in_the_quick_way() -> None:
    claims = replace(_EVERYTHING, op=replace(_EVERYTHING.op, name="Försäkring Åäö 😀"))
    assert read_usual_claims(_written(claims)) == claims


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(claims_of_any_seal(), changes)
@example(_EVERYTHING, [])
@example(replace(_EVERYTHING, exp=_EVERYTHING.iat), [])
@example(replace(_EVERYTHING, edits=_EVERYTHING.jti), [])
@example(replace(_EVERYTHING, conv=ConversationClaim(id="c", seq=1, prev=some_hash(1))), [])
@example(replace(_EVERYTHING, conv=ConversationClaim(id="c", seq=2, prev=None)), [])
@example(replace(_EVERYTHING, sd=_EVERYTHING.sd[::-1]), [])
@example(replace(_EVERYTHING, status=StatusClaim(idx=1, uri="https://other.example/status/7")), [])
@example(replace(_EVERYTHING, op=replace(_EVERYTHING.op, name='"}},"jti":"')), [])
@example(replace(_EVERYTHING, ai=None), [])
@example(replace(_EVERYTHING, act=make_actor(since=_EVERYTHING.iat)), [])
@example(replace(_EVERYTHING, act=make_actor(since=_EVERYTHING.exp)), [])
@example(replace(_EVERYTHING, act=make_actor(name='"},"ai":{')), [])
@example(make_claims(jti="7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), [])
def test_claims_read_quickly_are_those_read_exactly(claims: SealClaims, changed: list[tuple[int, int, bytes]]) -> None:
    data = _changed(_written(claims), changed)
    quick = _read(lambda: read_usual_claims(data))
    assert quick is None or quick == _exactly(data)


def test_one_other_byte_anywhere_changes_nothing_unseen() -> None:
    data = _written(_EVERYTHING)
    for at in range(len(data)):
        for byte in b'"\\{}A\x00':
            other = data[:at] + bytes([byte]) + data[at + 1 :]
            quick = _read(lambda other=other: read_usual_claims(other))  # type: ignore[misc]
            assert quick is None or quick == _exactly(other), other


@pytest.mark.parametrize("seq", [2**53 - 1, 2**53, 2**53 + 1, 10**19])
def test_a_number_at_the_end_of_the_integers_is_read_as_exactly(seq: int) -> None:
    place = ConversationClaim(id="c", seq=77_777, prev=some_hash(1))
    data = _written(replace(_EVERYTHING, conv=place)).replace(b'"seq":77777', b'"seq":%d' % seq)
    quick = _read(lambda: read_usual_claims(data))
    assert quick is None or quick == _exactly(data)
    assert (_exactly(data) == "refused") == (seq >= 2**53)


def test_a_part_that_only_looks_known_is_left_to_the_exact_way() -> None:
    data = _written(_EVERYTHING)
    for known, other in (
        (b'"m":"passkey"', b'"m":"pass\\u006bey"'),
        (b'"lvl":2', b'"lvl":2.0'),
        (b'"lvl":2', b'"lvl":2,"lvl":2'),
        (b'"name":"Exempelbanken"', b'"name": "Exempelbanken"'),
        (b'"name":"Exempelbanken"', b'"name":"\xff"'),
    ):
        assert known in data
        assert read_usual_claims(data.replace(known, other)) is None


# --- disclosures ---

_DISCLOSED = st.one_of(
    st.tuples(st.just(Name.MSG), st.fixed_dictionaries({"canon": st.sampled_from(["nu1", "nu2"]), "h": hashes})),
    st.tuples(st.just(Name.MSGX), st.fixed_dictionaries({"hx": hashes, "n": st.integers(-1, 2**53 - 1)})),
    st.tuples(st.sampled_from([Name.LINKS, Name.FILES]), st.lists(hashes | st.just("x"), max_size=3)),
    st.tuples(
        st.just(Name.RCP_OPEN), st.fixed_dictionaries({"h": hashes, "t": st.sampled_from([*AddressType, "fax"])})
    ),
    st.tuples(st.just(Name.AGENT), st.fixed_dictionaries({"ref": st.text(st.characters(codec="utf-8"), max_size=8)})),
    st.tuples(
        st.just(Name.DEC),
        st.fixed_dictionaries(
            {
                "enquiry": st.sampled_from(["claim", "x"]),
                "eff": st.just("allow"),
                "rules": st.lists(texts, max_size=2),
                "obl": st.sampled_from([[], [{"id": "disclose_ai"}], [{"_sd": []}], [1]]),
                "texts": st.just([]),
            }
        ),
    ),
)


def _exactly_disclosed(given_texts: list[str]) -> Any:
    return _read(lambda: tuple(map(parse_disclosure, given_texts)))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(_DISCLOSED, st.binary(min_size=16, max_size=16)), max_size=4), st.integers(0, 3), changes)
def test_disclosures_read_quickly_are_those_read_exactly(
    values: list[tuple[tuple[Name, Any], bytes]], which: int, changed: list[tuple[int, int, bytes]]
) -> None:
    plain = [
        format_canonical_json([format_base64url(salt), name.value, value])
        for (name, value), salt in sorted(values, key=lambda item: list(Name).index(item[0][0]))
    ]
    encoded = [format_base64url(_changed(data, changed) if at == which else data) for at, data in enumerate(plain)]
    quick = read_usual_disclosures(encoded)
    assert quick is None or quick == _exactly_disclosed(encoded)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 6), st.integers(0, 300), st.sampled_from(["", "A", "B", "-", "=", "+", "\n", "~", "å"]))
def test_other_spellings_of_disclosures_are_left_to_the_exact_way(which: int, at: int, letter: str) -> None:
    encoded = [item.text for item in _CASE.disclosures]
    place = at % len(encoded[which])
    encoded[which] = encoded[which][:place] + letter + encoded[which][place + 1 :]
    quick = read_usual_disclosures(encoded)
    assert quick is None or quick == _exactly_disclosed(encoded)


def _of(name: Name, value: Any) -> Disclosure:
    return make_disclosure(name, value, salt=bytes(16))


@pytest.mark.parametrize(
    "unusual",
    [
        [_CASE.disclosures[1], _CASE.disclosures[0]],
        [_CASE.disclosures[0], _CASE.disclosures[0]],
        [_of(Name.AGENT, {"ref": 'a "quoted" name'})],
        [_of(Name.AGENT, {"ref": "Åsa"})],
        [_of(Name.MSGX, {"hx": some_hash(1), "n": 2**53 - 1})],
    ],
    ids=["another order", "repeated", "an escape", "beyond ASCII", "a large number"],
)
def test_unusual_disclosures_are_left_to_the_exact_way(unusual: list[Disclosure]) -> None:
    given_texts = [item.text for item in unusual]
    assert read_usual_disclosures(given_texts) is None
    assert _exactly_disclosed(given_texts) == tuple(unusual)


@pytest.mark.parametrize(
    "wrong",
    [
        _of(Name.LINKS, [some_hash(1)] * 101),
        _of(Name.AGENT, {"ref": "x" * 513}),
        _of(Name.AGENT, {"ref": "x" * 16_384}),
        _of(Name.DEC, {"enquiry": "claim"}),
        _of(Name.DEC, {"enquiry": "claim", "eff": "x" * 13_000}),
    ],
    ids=["too many", "too long", "over-long", "members missing", "long and members missing"],
)
def test_wrong_disclosures_are_refused_by_both(wrong: Disclosure) -> None:
    assert read_usual_disclosures([wrong.text]) is None
    assert _exactly_disclosed([wrong.text]) == "refused"


def test_a_long_decision_is_left_to_the_exact_way() -> None:
    long = _of(Name.DEC, {"enquiry": "claim", "eff": "allow", "rules": ["x" * 12_300], "obl": [], "texts": []})
    assert len(long.text) > 16_384
    assert read_usual_disclosures([long.text]) is None


def test_no_disclosures_are_none() -> None:
    assert read_usual_disclosures([]) == ()


# --- JWS ---


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 5000), st.integers(0, 2), st.sampled_from(["", ".", "A", "-", "=", "+", "\n", "~", "å", "\ud800"])
)
def test_a_jws_read_quickly_is_the_one_read_exactly(at: int, length: int, letter: str) -> None:
    good = _CASE.parsed.jws.text
    place = at % len(good)
    text = good[:place] + letter + good[place + length :]
    quick = read_usual_jws(text, typ=TYP)
    exact = _read(lambda: parse_jws(text, typ=TYP))
    assert quick is None or exact in {"refused", quick}
    if exact == "refused":  # the payload is not read yet: whoever reads it refuses it
        assert quick is None or _exactly(quick.encoded_payload) == "refused"


def test_a_jws_of_another_kind_or_too_long_is_left_to_the_exact_way() -> None:
    assert read_usual_jws(_CASE.parsed.jws.text, typ="another+jwt") is None
    assert read_usual_jws(sign_raw(header_of(), b" " * MAX_JWS_BYTES), typ=TYP) is None
    assert read_usual_jws("", typ=TYP) is None


def test_a_payload_is_read_when_it_is_asked_for() -> None:
    quick = read_usual_jws(_CASE.parsed.jws.text, typ=TYP)
    assert quick is not None
    assert quick.payload == format_claims(_CASE.claims)


def test_a_seal_in_an_unusual_spelling_is_read_all_the_same() -> None:
    spelled = sign_raw(header_of(), b" " + _written(_EVERYTHING))
    assert parse_seal(f"{spelled}~").claims == _EVERYTHING
