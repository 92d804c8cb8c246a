"""Statements and evidence: one spelling; verified offline against the seal; each attack has its own error."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.presence.assertion import check_assertion
from sigill.presence.errors import (
    MalformedRelease,
    ReleaseChallenge,
    ReleaseInvalid,
    ReleaseOfAnother,
    ReleaseOrigin,
    ReleaseRelyingParty,
    ReleaseSignature,
    ReleaseUserNotVerified,
)
from sigill.presence.evidence import KeyProof, format_evidence, parse_evidence
from sigill.presence.statement import Statement, challenge_of, format_statement, parse_statement, statement_value
from sigill.presence.verify import verify_evidence
from sigill.seal.token import keep, parse_seal
from sigill.vocabulary import Authorship, Channel, Draft
from tests.builders_clients import Key
from tests.builders_presence import (
    AT,
    BE,
    BS,
    ED,
    ORIGIN,
    RP_ID,
    UP,
    UV,
    Authenticator,
    cbor,
    other_digest,
    passkey_proof,
    released_case,
    some_statement,
)
from tests.builders_seal import make_case

DEVICE = Authenticator()


def key_proof(statement: Statement, key: Key, *, payload: dict[str, Any] | None = None, **header: Any) -> KeyProof:
    """Sign with PyJWT, which spells JSON its own way."""
    value = statement_value(statement) if payload is None else payload
    jws = key.sign(value, **({"typ": "sigill-release+jwt"} | header))
    return KeyProof(client_id="cl-0123456789abcdefghjk", jwk=key.jwk, jws=jws)


# --- what holds


@pytest.mark.parametrize("by", [Authorship.HUMAN, Authorship.AI_ASSISTED])
@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_a_release_by_passkey_verifies_with_the_seal_alone(by: Authorship, private: Any) -> None:
    made = released_case(by=by, device=Authenticator(private))
    assert verify_evidence(made.data, made.seal) == made.evidence
    bare = parse_seal(keep(made.seal, lambda _: False))
    assert verify_evidence(made.data, bare) == made.evidence


@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES256", "EdDSA", "PS256"],
)
def test_a_release_by_an_ai_systems_key_verifies(private: Any) -> None:
    made = released_case(by=Authorship.AI, agent=None, prove=lambda statement: key_proof(statement, Key(private)))
    assert verify_evidence(made.data, made.seal) == made.evidence


def test_an_extension_that_the_flags_name_is_no_fault() -> None:
    proof = lambda statement: passkey_proof(DEVICE, statement, flags=UP | UV | ED | BE | BS, after=b"\xa0")  # noqa: E731
    made = released_case(prove=proof)
    assert verify_evidence(made.data, made.seal)


def test_evidence_says_nothing_of_the_words_and_nothing_of_the_person_but_the_pseudonym() -> None:
    made = released_case()
    text = made.data.decode()
    assert str(made.evidence.statement.person) in text
    disclosed = {item.value["h"] for item in made.seal.disclosures if item.name == "msg"}
    assert disclosed
    assert not any(h in text for h in disclosed)


# --- attacks on the assertion


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"origin": "https://guarantor.example.evil.test"}, ReleaseOrigin),
        ({"origin": "http://guarantor.example"}, ReleaseOrigin),
        ({"crossOrigin": True}, ReleaseOrigin),
        ({"topOrigin": "https://evil.test"}, ReleaseOrigin),
        ({"rp_id": "evil.test"}, ReleaseRelyingParty),
        ({"challenge": format_base64url(b"\0" * 32)}, ReleaseChallenge),
        ({"challenge": None}, ReleaseChallenge),
        ({"flags": UP}, ReleaseUserNotVerified),
        ({"flags": UV}, ReleaseUserNotVerified),
        ({"flags": UP | UV | BS}, MalformedRelease),
        ({"flags": UP | UV | AT}, MalformedRelease),
        ({"flags": UP | UV | ED}, MalformedRelease),
        ({"after": b"\xa0"}, MalformedRelease),
        ({"flags": UP | UV | ED, "after": cbor({"x": b"\0" * 2**20})}, MalformedRelease),
        ({"type": "webauthn.create"}, MalformedRelease),
        ({"padding": "x" * 4000}, MalformedRelease),
    ],
)
def test_each_attack_on_an_assertion_has_its_own_error(how: dict[str, Any], error: type[Exception]) -> None:
    made = released_case(prove=lambda statement: passkey_proof(DEVICE, statement, **how))
    with pytest.raises(error):
        verify_evidence(made.data, made.seal)


def test_an_assertion_by_another_key_does_not_verify() -> None:
    challenge = challenge_of(some_statement())
    answer = Authenticator().answer(challenge)
    with pytest.raises(ReleaseSignature):
        check_assertion(answer, public_key=DEVICE.cose, challenge=challenge, origin=ORIGIN, rp_id=RP_ID)


def test_a_page_elsewhere_cannot_claim_the_relying_party() -> None:
    made = released_case(device=Authenticator(origin="https://evil.test"))
    with pytest.raises(ReleaseOrigin):
        verify_evidence(made.data, made.seal)


# --- statements that say something else than the seal


@pytest.mark.parametrize(
    "changes",
    [
        {"jti": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"},
        {"op": "annan-bank"},
        {"iss": "https://other.example"},
        {"ch": Channel.SMS},
        {"rcp": None},
        {"rcp": other_digest()},
        {"msg": other_digest()},
        {"links": other_digest()},
        {"person": "pe-zzzzzzzzzzzzzzzzzzzz"},
    ],
    ids="-".join,
)
def test_evidence_that_contradicts_its_seal_is_of_another(changes: dict[str, Any]) -> None:
    made = released_case(**changes)
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(made.data, made.seal)


def test_a_released_draft_by_a_person_is_no_draft_by_an_ai() -> None:
    sealed = released_case(by=Authorship.AI_ASSISTED).seal.claims.auth.draft
    other = Draft.AI if sealed is Draft.PERSON else Draft.PERSON
    made = released_case(by=Authorship.AI_ASSISTED, draft=other)
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(made.data, made.seal)


def test_digests_under_each_others_names_are_seen_where_the_disclosures_are_shown() -> None:
    honest = released_case().evidence.statement
    made = released_case(links=honest.files, files=honest.links)
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(made.data, made.seal)


def test_the_evidence_of_another_seal_and_of_none_is_of_another() -> None:
    first, second = released_case(), released_case()
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(first.data, second.seal)
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(first.data, parse_seal(make_case().seal))


@pytest.mark.parametrize(("seconds", "good"), [(-61, False), (-60, True), (360, True), (361, False)])
def test_a_release_counts_for_five_minutes_and_a_minute_between_clocks(seconds: int, good: bool) -> None:
    at = released_case().seal.claims.iat - timedelta(seconds=seconds)
    made = released_case(at=at)
    if good:
        assert verify_evidence(made.data, made.seal)
        return
    with pytest.raises(ReleaseOfAnother):
        verify_evidence(made.data, made.seal)


# --- an AI system's signature


def test_each_attack_on_a_systems_signature_is_refused() -> None:
    key = Key()
    attacks: list[tuple[Any, type[Exception]]] = [
        (lambda statement: key_proof(statement, key, typ="JWT"), MalformedRelease),
        (lambda statement: key_proof(statement, key, kid="x" * 43), MalformedRelease),
        (lambda statement: key_proof(statement, key, crit=["x"]), MalformedRelease),
        (lambda statement: key_proof(statement, key, payload={"v": 1}), ReleaseChallenge),
        (
            lambda statement: KeyProof(client_id="cl-x", jwk=Key().jwk, jws=key_proof(statement, key, kid="").jws),
            ReleaseSignature,
        ),
        (lambda _statement: KeyProof(client_id="cl-x", jwk=key.jwk, jws="a.b"), MalformedRelease),
        (
            lambda statement: KeyProof(client_id="cl-x", jwk={"kty": "oct", "k": "AA"}, jws=_hmac(statement)),
            MalformedRelease,
        ),
        (lambda statement: key_proof(statement, Key(rsa.generate_private_key(3, 2048))), MalformedRelease),
    ]
    for prove, error in attacks:
        made = released_case(by=Authorship.AI, agent=None, prove=prove)
        with pytest.raises(error):
            verify_evidence(made.data, made.seal)


def _hmac(statement: Statement) -> str:
    headers = {"typ": "sigill-release+jwt"}
    return jwt.encode(statement_value(statement), "k" * 32, algorithm="HS256", headers=headers)


# --- one spelling, and nothing escapes


def test_statements_and_evidence_have_one_spelling() -> None:
    made = released_case()
    text = format_statement(made.evidence.statement)
    assert parse_statement(text) == made.evidence.statement
    assert format_evidence(parse_evidence(made.data)) == made.data
    for spelled in (b" " + text, json.dumps(json.loads(text)).encode()):
        with pytest.raises(MalformedRelease):
            parse_statement(spelled)
    with pytest.raises(MalformedRelease):
        parse_evidence(made.data + b"\n")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"person": "Anna Andersson"},
        {"person": None},
        {"system": "saga"},
        {"draft": "ai"},
        {"nonce": "AA"},
        {"at": "now"},
        {"extra": 1},
        {"by": "ai"},
        {"ch": "pigeon"},
        {"msg": None},
    ],
    ids=str,
)
def test_a_statement_outside_its_form_is_malformed(change: dict[str, Any]) -> None:
    value = statement_value(some_statement()) | change
    value = {name: member for name, member in value.items() if member is not None}
    with pytest.raises(MalformedRelease):
        parse_statement(format_canonical_json(value))


@pytest.mark.parametrize("name", ["msg", "nonce", "rcp", "at", "jti", "person"])
def test_the_challenge_follows_every_part_of_the_statement(name: str) -> None:
    statement = some_statement()
    others: dict[str, Any] = {
        "nonce": b"\x08" * 32,
        "at": statement.at + timedelta(seconds=1),
        "jti": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ",
        "person": "pe-zzzzzzzzzzzzzzzzzzzz",
    }
    other = replace(statement, **{name: others.get(name, other_digest())})
    assert challenge_of(other) != challenge_of(statement)


MADE = released_case(device=DEVICE)


@given(st.integers(0, len(MADE.data) * 8 - 1))
def test_whichever_bit_is_flipped_the_evidence_no_longer_verifies(bit: int) -> None:
    data = bytearray(MADE.data)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ReleaseInvalid, MalformedRelease)):
        verify_evidence(bytes(data), MADE.seal)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_as_evidence_only_malformed_escapes(data: bytes) -> None:
    with pytest.raises(MalformedRelease):
        parse_evidence(data)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@given(st.sampled_from(["statement", "passkey", "v"]), st.sampled_from(sorted(json.loads(MADE.data)["passkey"])), _JSON)
def test_whatever_stands_in_a_member_of_evidence_only_our_errors_escape(part: str, member: str, value: Any) -> None:
    whole = json.loads(MADE.data)
    if part == "passkey":
        whole["passkey"][member] = value
    else:
        whole[part] = value
    try:
        evidence = parse_evidence(format_canonical_json(whole))
    except MalformedRelease:
        return
    assert json.loads(format_evidence(evidence)) == whole


def test_evidence_of_a_megabyte_is_not_read() -> None:
    with pytest.raises(MalformedRelease, match="at most"):
        parse_evidence(b'{"v":"' + b"x" * 2**20 + b'"}')
