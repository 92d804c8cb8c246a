"""Seals written from parts are, byte for byte, the seals that are formatted as a whole."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.policy.words import Verdict
from sigill.seal.claims import (
    ActorClaim,
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
from sigill.seal.disclosures import AddressType, Disclosure, Name, derive_salt, make_disclosure
from sigill.seal.jws import format_header
from sigill.seal.recipient import commit_recipient, open_recipient
from sigill.seal.salts import NAMES, SaltKey
from sigill.seal.token import TYP, digests_of
from sigill.seal.writing import OwnClaims, SealWriter, seal_head
from sigill.text.addresses import parse_address
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Draft,
    Industry,
    Purpose,
    Role,
    foreign_words,
)
from signing.content import SealedContent
from signing.statement import SealedParts, seal_parts
from tests.builders_seal import ISSUER, NOW, SALT_KEY, SIGNER, make_claims, make_jti, some_hash

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
hashes = st.binary(min_size=32, max_size=32).map(format_base64url)
ulids = st.integers(0, 2**80 - 1).map(lambda number: make_jti(number=number))
seconds = st.integers(0, 2**33).map(lambda second: datetime.fromtimestamp(second, UTC))


@st.composite
def kinds(draw: st.DrawFn) -> SealClaims:
    """Draw the claims that seals of one kind share; the others are as in any sample."""
    by = draw(st.sampled_from(Authorship))
    words = foreign_words(by, draft=draw(st.sampled_from(Draft)) if by is Authorship.AI_ASSISTED else None)
    act = draw(
        st.none()
        | st.builds(
            ActorClaim, sub=texts, name=texts, id=texts, mandate=texts, since=st.just(datetime(2026, 1, 1, tzinfo=UTC))
        )
    )
    ai = AiClaim(
        system=draw(texts), provider=draw(st.none() | texts), model=draw(st.none() | texts), of_actor=act is not None
    )
    return SealClaims(
        iss=ISSUER,
        aud=audience_of(ISSUER),
        sub=operator_url(ISSUER, "bank"),
        iat=datetime(2026, 1, 1, tzinfo=UTC),
        exp=datetime(2027, 1, 1, tzinfo=UTC),
        jti=make_jti(),
        op=OperatorClaim(
            name=draw(texts),
            id=draw(texts),
            ind=draw(st.sampled_from(Industry)),
            lvl=draw(st.integers(0, 3)),
            test=draw(st.booleans()),
        ),
        auth=AuthorshipClaim(by=by, role=draw(st.sampled_from(Role)), oversight=words.oversight, dst=words.source_type),
        att=AttestationClaim(lvl=AttestationLevel.C, m="declared", ev=draw(st.none() | hashes)),
        ch=draw(st.sampled_from(Channel)),
        dir=draw(st.sampled_from(Direction)),
        pur=draw(st.sampled_from(Purpose)),
        pol=PolicyClaim(pack=draw(texts), ver=draw(texts), dig=draw(hashes), fd="A" * 43),
        sd=("A" * 43,) * 8,
        ai=draw(st.none() | st.just(ai)),
        act=act,
    )


@st.composite
def seals(draw: st.DrawFn, kind: SealClaims) -> SealClaims:
    """Draw a seal of that kind: everything that may vary, varies."""
    seq = draw(st.integers(1, 10**9))
    conv = ConversationClaim(id=draw(ulids), seq=seq, prev=None if seq == 1 else draw(hashes))
    status = StatusClaim(idx=draw(st.integers(0, 2**20)), uri=status_uri(ISSUER, draw(st.integers(0, 10**6))))
    sent = draw(st.none() | seconds)
    return replace(
        kind,
        iat=draw(seconds),
        exp=draw(seconds),
        jti=draw(ulids),
        pol=replace(kind.pol, fd=draw(hashes)),
        sd=tuple(sorted(draw(st.lists(hashes, min_size=8, max_size=8)))),
        conv=draw(st.none() | st.just(conv)),
        rcp=draw(st.none() | hashes),
        sent=sent,
        late=sent is not None and draw(st.booleans()),
        edits=draw(st.none() | ulids),
        status=draw(st.none() | st.just(status)),
    )


HEAD = seal_head(SIGNER.kid)


def own_claims(claims: SealClaims) -> OwnClaims:
    return OwnClaims(
        claims.jti.encode(),
        int(claims.iat.timestamp()),
        int(claims.exp.timestamp()),
        claims.pol.fd.encode(),
        [digest.encode() for digest in claims.sd],
        conv=None if claims.conv is None else (claims.conv.id, claims.conv.seq, claims.conv.prev),
        rcp=None if claims.rcp is None else claims.rcp.encode(),
        sent=None if claims.sent is None else int(claims.sent.timestamp()),
        late=claims.late,
        edits=claims.edits,
        status=None if claims.status is None else (claims.status.idx, claims.status.uri),
    )


def written_whole(claims: SealClaims) -> bytes:
    payload = format_base64url(format_canonical_json(format_claims(claims)))
    return f"{format_header(kid=SIGNER.kid, typ=TYP)}.{payload}".encode("ascii")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_payload_written_from_parts_is_the_payload_formatted_whole(data: st.DataObject) -> None:
    kind = data.draw(kinds())
    writer = SealWriter(kind)
    for claims in data.draw(st.lists(seals(kind), min_size=1, max_size=3)):
        assert writer.signing_input(own_claims(claims), head=HEAD) == written_whole(claims)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_kind_s_own_values_leave_no_trace_in_the_seals_written_from_it(data: st.DataObject) -> None:
    kind = data.draw(kinds())
    sample, claims = data.draw(seals(kind)), data.draw(seals(kind))
    assert SealWriter(sample).signing_input(own_claims(claims), head=HEAD) == written_whole(claims)


def test_what_is_written_can_be_read() -> None:
    claims = replace(make_claims(), rcp=some_hash(5), edits=make_jti(number=9), sent=NOW, late=True)
    written = SealWriter(make_claims()).signing_input(own_claims(claims), head=HEAD)
    payload = parse_json(parse_base64url(written.decode().partition(".")[2]), max_bytes=10_000)
    assert parse_claims(payload) == claims


def disclosed_whole(
    content: SealedContent, recipient: Any, agent: str | None, decision: Any, jti: str
) -> tuple[Disclosure, ...]:
    """Return the disclosures, each made by itself as the format says."""
    values: list[tuple[Name, Any]] = [
        (Name.MSG, {"canon": "nu1", "h": content.h.decode()}),
        (Name.MSGX, {"hx": content.hx.decode(), "n": content.n}),
        (Name.LINKS, list(content.links)),
        (Name.FILES, list(content.files)),
    ]
    if recipient is not None:
        salt = derive_salt(SALT_KEY, jti=jti, name=Name.RCP_OPEN.value)
        opened = open_recipient(salt, kind=AddressType(recipient.kind), address=recipient.normalised)
        values.append((Name.RCP_OPEN, opened))
    values.append((Name.DEC, decision))
    if agent is not None:
        values.append((Name.AGENT, {"ref": agent}))
    return tuple(
        make_disclosure(name, value, salt=derive_salt(SALT_KEY, jti=jti, name=name.value)) for name, value in values
    )


raw_hashes = hashes.map(str.encode)
contents = st.builds(
    SealedContent,
    h=raw_hashes,
    hx=raw_hashes,
    n=st.integers(0, 2**18),
    links=st.lists(hashes, max_size=3).map(tuple),
    files=st.lists(hashes, max_size=3).map(lambda found: tuple(sorted(found))),
)
recipients = st.none() | st.one_of(
    st.just("+46701740605"),
    st.just("Anna.Berg@example.se"),
    st.builds(lambda ref: {"reference": ref}, st.text('abcåäö-"\\/0123', min_size=1, max_size=20)),
).map(parse_address)
decisions = st.builds(
    lambda verdict, rule: {"enquiry": "informational", "eff": verdict, "rules": [rule], "obl": [], "texts": []},
    st.sampled_from(sorted(Verdict)),
    texts,
)


@settings(max_examples=60, deadline=None)
@given(content=contents, recipient=recipients, agent=st.none() | texts, decision=decisions, jti=ulids)
def test_disclosures_and_digests_written_together_are_those_made_one_by_one(
    content: SealedContent, recipient: Any, agent: str | None, decision: Any, jti: str
) -> None:
    dec = format_canonical_json(decision)
    written = seal_parts(content, recipient, agent, dec=dec, salts=SaltKey(SALT_KEY), jti=jti.encode())
    expected = disclosed_whole(content, recipient, agent, decision, jti)
    rcp = None
    if recipient is not None:
        kind = AddressType(recipient.kind)
        rcp = commit_recipient(SALT_KEY, jti=jti, kind=kind, address=recipient.normalised).encode()
    assert written == SealedParts(
        [item.text.encode() for item in expected],
        [digest.encode() for digest in digests_of(expected, salt_key=SALT_KEY, jti=jti)],
        rcp,
    )


@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_mac_of_a_salt_key_is_hmac_sha_256(key: bytes, message: bytes) -> None:
    salts = SaltKey(key)
    assert [salts.mac(message), salts.mac(message)] == [hmac.digest(key, message, "sha256")] * 2


def test_a_salt_key_is_bounded_and_shows_nothing() -> None:
    with pytest.raises(ValueError, match="at most 64 bytes"):
        SaltKey(bytes(65))
    assert SALT_KEY.hex() not in repr(SaltKey(SALT_KEY))
    assert not hasattr(SaltKey(SALT_KEY), "__dict__")


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), ulids)
def test_no_salt_and_no_decoy_of_a_seal_is_another_s_or_tells_of_one(key: bytes, jti: str) -> None:
    block = SaltKey(key).block(jti.encode(), decoys=4)
    salts = [derive_salt(key, jti=jti, name=name) for name in NAMES]
    assert [block[begin : begin + 16] for begin in range(0, 16 * len(NAMES), 16)] == salts
    assert len(set(salts)) == len(NAMES) == len(Name)
    assert set(NAMES) == {name.value for name in Name}
    other = SaltKey(key).block(make_jti(number=1).encode() if jti != make_jti(number=1) else b"0" * 26, decoys=4)
    assert not {block[begin : begin + 16] for begin in range(0, len(block), 16)} & {
        other[begin : begin + 16] for begin in range(0, len(other), 16)
    }
