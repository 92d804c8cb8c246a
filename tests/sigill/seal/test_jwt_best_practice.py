"""One test for each point of the JWT best current practice (RFC 8725 sections 2 and 3) that applies to a seal."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedKey, MalformedSeal, SignatureInvalid
from sigill.keys.jwks import format_jwks, parse_jwks
from sigill.keys.p256 import ORDER, check_signature
from sigill.report.answers import Reason
from sigill.report.content import Presented
from sigill.report.judge import judge_seal
from sigill.report.trust import Trust
from sigill.seal.claims import format_claims
from sigill.seal.token import parse_seal
from tests.builders_seal import ISSUER, SIGNER, MemorySigner, header_of, make_case, sign_raw

_CASE = make_case()
_PAYLOAD = format_claims(_CASE.claims)


def _refused(header: Any, payload: Any = _PAYLOAD, **signing: Any) -> str:
    with pytest.raises(MalformedSeal) as caught:
        parse_seal(sign_raw(header, payload, **signing) + "~")
    return str(caught.value)


def _reason(seal: str, trust: Trust = _CASE.trust) -> Reason:
    parsed = parse_seal(seal)
    evidence = make_case().evidence(Presented(text=_CASE.text, recipient=_CASE.recipient))
    return judge_seal(parsed, type(evidence)(**_fields(evidence) | {"trust": trust})).reason


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _changed(**members: object) -> dict[str, Any]:
    return _PAYLOAD | members


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "RS256", "ES384", "es256", "Ed25519", "", 5])
def test_2_1_and_3_1_only_one_algorithm_is_read_whatever_the_header_asks_for(algorithm: object) -> None:
    assert "ES256" in _refused(header_of(alg=algorithm))


def test_2_1_a_token_without_signature_is_refused() -> None:
    assert "64 bytes" in _refused(header_of(alg="ES256"), signature=b"")


def test_2_1_the_public_key_is_never_taken_for_a_shared_secret() -> None:
    public = SIGNER.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signing_input = ".".join(
        format_base64url(format_canonical_json(part)) for part in (header_of(alg="HS256"), _PAYLOAD)
    )
    mac = hmac.digest(public, signing_input.encode(), "sha256")
    with pytest.raises(MalformedSeal, match="ES256"):
        parse_seal(f"{signing_input}.{format_base64url(mac + mac)}~")


def test_3_2_a_key_for_another_curve_or_algorithm_spoils_the_key_set() -> None:
    jwks = format_jwks([SIGNER.published()])
    for change in ({"crv": "P-384"}, {"kty": "RSA"}, {"alg": "ES384"}, {"kty": "oct"}):
        with pytest.raises(MalformedKey):
            parse_jwks({"keys": [jwks["keys"][0] | change]})


def test_3_3_a_wrong_signature_fails_the_whole_seal() -> None:
    jws = sign_raw(header_of(), _PAYLOAD, signature=bytes(31) + b"\1" + bytes(31) + b"\1")
    assert _reason(jws + "~") is Reason.SIGNATURE_WRONG


def test_3_4_a_point_off_the_curve_is_no_key() -> None:
    key = format_jwks([SIGNER.published()])["keys"][0]
    with pytest.raises(MalformedKey, match="not on P-256"):
        parse_jwks({"keys": [key | {"x": format_base64url(bytes(31) + b"\5")}]})


@pytest.mark.parametrize("scalar", [0, ORDER, 2**256 - 1])
def test_3_4_signature_scalars_out_of_range_are_refused(scalar: int) -> None:
    good = _CASE.parsed.jws
    raw = scalar.to_bytes(32, "big")
    for signature in (raw + good.signature[32:], good.signature[:32] + raw):
        with pytest.raises(SignatureInvalid):
            check_signature(SIGNER.private_key.public_key(), signature=signature, message=good.signing_input)


def test_3_4_the_high_s_spelling_of_a_signature_is_refused() -> None:
    jws = _CASE.parsed.jws
    high = ORDER - int.from_bytes(jws.signature[32:], "big")
    text = f"{jws.signing_input.decode()}.{format_base64url(jws.signature[:32] + high.to_bytes(32, 'big'))}~"
    assert _reason(text) is Reason.SIGNATURE_WRONG


def test_3_5_decoy_digests_cannot_be_guessed_without_the_salt_key() -> None:
    guesses = {format_base64url(hashlib.sha256(f"decoy{number}".encode()).digest()) for number in range(8)}
    assert guesses.isdisjoint(_CASE.claims.sd)


def test_3_6_a_compressed_token_is_refused() -> None:
    assert "exactly alg, kid and typ" in _refused(header_of(zip="DEF"))


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_3_7_a_payload_in_another_encoding_than_utf_8_is_refused(encoding: str) -> None:
    text = format_canonical_json(_changed(op=_PAYLOAD["op"] | {"name": "Försäkring"})).decode()
    assert "JWS" in _refused(header_of(), text.encode(encoding))


def test_3_8_a_seal_of_another_issuer_is_never_judged_by_our_keys() -> None:
    other = make_case(
        change=lambda claims: type(claims)(
            **_fields(claims)
            | {
                "iss": "https://other.example",
                "aud": "https://other.example/verify",
                "sub": "https://other.example/registry/operators/exempelbanken",
            }
        )
    )
    assert _reason(other.seal) is Reason.GUARANTOR_UNKNOWN


def test_3_8_a_subject_outside_the_issuer_s_registry_is_refused() -> None:
    assert "sub" in _refused(header_of(), _changed(sub="https://other.example/registry/operators/exempelbanken"))


@pytest.mark.parametrize("audience", [f"{ISSUER}/verify/", "https://other.example/verify", [f"{ISSUER}/verify"], ""])
def test_3_9_any_audience_but_the_one_for_verification_is_refused(audience: object) -> None:
    assert "aud" in _refused(header_of(), _changed(aud=audience))


@pytest.mark.parametrize("member", ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "cty"])
def test_3_10_a_header_that_brings_keys_or_conditions_of_its_own_is_refused(member: str) -> None:
    assert "exactly alg, kid and typ" in _refused(header_of() | {member: "https://attacker.example"})


@pytest.mark.parametrize("kid", ["../../../dev/null", "' OR 1=1 --", "", 7, None, "A" * 44])
def test_3_10_a_key_id_that_is_no_thumbprint_is_refused(kid: object) -> None:
    header = header_of() | {"kid": kid}
    assert "thumbprint" in _refused(header)


def test_3_10_a_key_id_of_a_key_nobody_published_is_an_unknown_key() -> None:
    stranger = MemorySigner(99)
    assert _reason(sign_raw(header_of(stranger), _PAYLOAD, signer=stranger) + "~") is Reason.KEY_UNKNOWN


@pytest.mark.parametrize("typ", ["JWT", "sd-jwt", "ai-verification-report+jwt", "AI-DISCLOSURE+SD-JWT", "", None, 1])
def test_3_11_a_token_of_another_type_is_refused(typ: object) -> None:
    assert "typ" in _refused(header_of() | {"typ": typ})


def test_3_12_a_key_published_for_another_type_of_token_signs_no_seals() -> None:
    other = make_case()
    keys = (SIGNER.published(typ="ai-verification-report+jwt"),)
    trust = Trust(other.trust.issuer, other.trust.as_of, keys, other.trust.logs)
    assert _reason(other.seal, trust) is Reason.KEY_UNKNOWN
