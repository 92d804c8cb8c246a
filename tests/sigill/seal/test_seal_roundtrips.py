"""Reading and writing are inverses for any claims, disclosures and seals; nothing but Malformed escapes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.encoding.ulid import format_ulid
from sigill.errors import MalformedSeal
from sigill.seal.claims import (
    MAX_STATUS_INDEX,
    AiClaim,
    AttestationClaim,
    AuthorshipClaim,
    ConversationClaim,
    OperatorClaim,
    PolicyClaim,
    SealClaims,
    StatusClaim,
    audience_of,
    format_claims,
    operator_url,
    parse_claims,
    status_uri,
)
from sigill.seal.disclosures import AddressType, Disclosure, Name, make_disclosure, parse_disclosure
from sigill.seal.jws import parse_jws
from sigill.seal.token import TYP, digests_of, format_seal, parse_seal, sign_seal
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Draft,
    Enquiry,
    Industry,
    Purpose,
    Role,
    foreign_words,
)
from tests.builders_seal import SALT_KEY, SIGNER, header_of, make_case, sign_raw

_CASE = make_case()

_words = st.text(
    st.characters(exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=20,
)
_hashes = st.binary(min_size=32, max_size=32).map(format_base64url)
_seconds = st.integers(0, 253_402_300_798)
_slugs = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@st.composite
def _authorships(draw: st.DrawFn) -> AuthorshipClaim:
    by = draw(st.sampled_from(Authorship))
    words = foreign_words(by, draft=draw(st.sampled_from(Draft)))
    return AuthorshipClaim(by=by, role=draw(st.sampled_from(Role)), oversight=words.oversight, dst=words.source_type)


@st.composite
def _conversations(draw: st.DrawFn) -> ConversationClaim:
    seq = draw(st.integers(1, 2**53 - 1))
    return ConversationClaim(id=draw(_words), seq=seq, prev=None if seq == 1 else draw(_hashes))


_other_jtis = st.builds(format_ulid, at=st.just(_at(10**10)), randomness=st.binary(min_size=10, max_size=10))


def _places(iss: str) -> st.SearchStrategy[StatusClaim]:
    numbers = st.integers(0, 10**18 - 1)
    return st.builds(
        StatusClaim, idx=st.integers(0, MAX_STATUS_INDEX), uri=numbers.map(lambda number: status_uri(iss, number))
    )


@st.composite
def _claims(draw: st.DrawFn, *, digests: tuple[str, ...] | None = None) -> SealClaims:
    iss = f"https://{draw(_slugs)}.example"
    iat, exp = sorted(draw(st.lists(_seconds, min_size=2, max_size=2, unique=True)))
    auth = draw(_authorships())
    systems = st.builds(AiClaim, system=_words, provider=st.none() | _words, model=st.none() | _words)
    systems_or_none: dict[Authorship, st.SearchStrategy[AiClaim | None]] = {
        Authorship.HUMAN: st.none(),
        Authorship.AI_ASSISTED: st.none() | systems,
        Authorship.AI: systems,
    }
    any_digests = st.lists(_hashes, min_size=8, max_size=8, unique=True).map(lambda given: tuple(sorted(given)))
    return SealClaims(
        iss=iss,
        aud=audience_of(iss),
        sub=operator_url(iss, draw(_slugs)),
        iat=_at(iat),
        exp=_at(exp),
        jti=format_ulid(at=_at(iat), randomness=draw(st.binary(min_size=10, max_size=10))),
        op=OperatorClaim(
            name=draw(_words),
            id=draw(_words),
            ind=draw(st.sampled_from(Industry)),
            lvl=draw(st.integers(0, 3)),
            test=draw(st.booleans()),
        ),
        auth=auth,
        att=AttestationClaim(lvl=draw(st.sampled_from(AttestationLevel)), m=draw(_words), ev=draw(st.none() | _hashes)),
        ch=draw(st.sampled_from(Channel)),
        dir=draw(st.sampled_from(Direction)),
        pur=draw(st.sampled_from(Purpose)),
        pol=PolicyClaim(pack=draw(_words), ver=draw(_words), dig=draw(_hashes), fd=draw(_hashes)),
        sd=draw(any_digests) if digests is None else digests,
        sent=draw(st.none() | _seconds.map(_at)),
        late=draw(st.booleans()),
        rcp=draw(st.none() | _hashes),
        conv=draw(st.none() | _conversations()),
        ai=draw(systems_or_none[auth.by]),
        edits=draw(st.none() | _other_jtis),
        status=draw(st.none() | _places(iss)),
    )


_VALUES: dict[Name, st.SearchStrategy[Any]] = {
    Name.MSG: st.fixed_dictionaries({"canon": st.just("nu1"), "h": _hashes}),
    Name.MSGX: st.fixed_dictionaries({"hx": _hashes, "n": st.integers(0, 2**53 - 1)}),
    Name.LINKS: st.lists(_hashes, max_size=3),
    Name.FILES: st.lists(_hashes, max_size=3),
    Name.RCP_OPEN: st.fixed_dictionaries({"t": st.sampled_from([*map(str, AddressType)]), "h": _hashes}),
    Name.DEC: st.fixed_dictionaries(
        {
            "enquiry": st.sampled_from([*map(str, Enquiry)]),
            "eff": _words,
            "rules": st.lists(_words, max_size=2),
            "obl": st.lists(st.dictionaries(_slugs, _words, max_size=2), max_size=2),
            "texts": st.lists(_words, max_size=2),
        }
    ),
    Name.AGENT: st.fixed_dictionaries({"ref": _words}),
}


@st.composite
def _disclosures(draw: st.DrawFn) -> tuple[Disclosure, ...]:
    names = draw(st.lists(st.sampled_from(Name), unique=True))
    return tuple(
        make_disclosure(name, draw(_VALUES[name]), salt=draw(st.binary(min_size=16, max_size=16))) for name in names
    )


def test_every_kind_of_disclosure_has_values_to_try() -> None:
    assert set(_VALUES) == set(Name)


@settings(max_examples=150, deadline=None)
@given(_claims())
def test_any_claims_read_back_from_their_payload(claims: SealClaims) -> None:
    payload = format_claims(claims)
    assert parse_claims(payload) == claims
    assert format_claims(parse_claims(json.loads(format_canonical_json(payload)))) == payload


@settings(max_examples=150, deadline=None)
@given(_disclosures())
def test_any_disclosures_read_back_from_their_text(disclosures: tuple[Disclosure, ...]) -> None:
    assert tuple(parse_disclosure(item.text) for item in disclosures) == disclosures


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_seal_reads_back_from_its_text(data: st.DataObject) -> None:
    disclosures = data.draw(_disclosures())
    digests = digests_of(disclosures, salt_key=SALT_KEY, jti="x")
    claims = data.draw(_claims(digests=digests))
    jws = sign_seal(claims, signer=SIGNER)
    seal = parse_seal(format_seal(jws, disclosures))
    assert (seal.jws.text, seal.claims, seal.disclosures) == (jws, claims, disclosures)
    assert format_seal(seal.jws.text, seal.disclosures) == format_seal(jws, disclosures)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_any_json_value_is_claims_or_malformed(value: Any) -> None:
    with pytest.raises(MalformedSeal):
        parse_claims(value)


@settings(max_examples=200, deadline=None)
@given(header=_JSON | st.binary(max_size=30), payload=_JSON | st.binary(max_size=30), after=st.text(max_size=10))
def test_any_header_and_payload_are_a_seal_or_malformed(header: Any, payload: Any, after: str) -> None:
    parts = [
        format_base64url(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)
    ]
    with pytest.raises(MalformedSeal):
        parse_seal(".".join([*parts, format_base64url(bytes(64))]) + f"~{after}")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_read_as_text_are_a_seal_or_malformed(data: bytes) -> None:
    for text in (data.decode("latin-1"), data.decode("utf-8", "surrogateescape"), format_base64url(data) + "~"):
        with pytest.raises(MalformedSeal):
            parse_seal(text)


@pytest.mark.parametrize("typ", ["sigill-event+jwt", "ai-verification-report+jwt", "JWT"])
def test_a_seal_is_never_read_as_another_kind_of_token(typ: str) -> None:
    with pytest.raises(MalformedSeal, match="typ"):
        parse_jws(_CASE.parsed.jws.text, typ=typ)
    with pytest.raises(MalformedSeal, match="typ"):
        parse_seal(sign_raw(header_of(typ=typ), format_claims(_CASE.claims)) + "~")


def test_the_seal_s_own_type_is_read() -> None:
    assert parse_jws(_CASE.parsed.jws.text, typ=TYP) == _CASE.parsed.jws


@pytest.mark.parametrize("claim", ["nbf", "cnf", "vct", "azp", "htm"])
def test_a_claim_another_kind_of_token_lives_by_is_refused_not_skipped(claim: str) -> None:
    payload = format_claims(_CASE.claims) | {claim: 1}
    with pytest.raises(MalformedSeal, match="unknown members"):
        parse_seal(sign_raw(header_of(), payload) + "~")
