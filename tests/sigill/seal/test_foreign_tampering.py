"""Foreign libraries and ours, the other way round: they refuse what was tampered with, we read what they wrote."""

import json
from typing import Any

import jwt
import pytest
from joserfc import jws as joserfc_jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet
from jwcrypto.jwk import JWK, JWKSet  # type: ignore[import-untyped]
from jwcrypto.jws import JWS, InvalidJWSSignature  # type: ignore[import-untyped]
from sd_jwt.issuer import SDJWTIssuer, SDObj  # type: ignore[import-untyped]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-untyped]

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.errors import MalformedSeal, SignatureInvalid
from sigill.keys.jwks import format_jwks
from sigill.keys.p256 import ORDER, check_signature, is_low_s
from sigill.seal.claims import format_claims
from sigill.seal.disclosures import Name
from sigill.seal.token import TYP, format_seal, parse_seal
from tests.builders_seal import SIGNER, header_of, make_case, sign_raw, some_hash

_CASE = make_case(links=["https://exempelbanken.example/"], files=[some_hash(9)])
_JWS = _CASE.parsed.jws.text
_PAYLOAD = format_claims(_CASE.claims)
_JWKS = format_jwks([SIGNER.published()])
_HEADER: dict[str, Any] = {"alg": "ES256", "kid": SIGNER.kid, "typ": TYP}
_TAMPERED_PAYLOAD = format_base64url(format_canonical_json(_PAYLOAD | {"ch": "sms"}))
_REGISTRY = joserfc_jws.JWSRegistry(algorithms=["ES256"])
_TAMPERED = {
    "another payload": ".".join([_JWS.split(".")[0], _TAMPERED_PAYLOAD, _JWS.split(".")[2]]),
    "another header": ".".join([format_base64url(format_canonical_json(header_of(typ="JWT"))), *_JWS.split(".")[1:]]),
    "a flipped signature": f"{_JWS[:-4]}{'A' if _JWS[-4] != 'A' else 'B'}{_JWS[-3:]}",
    "a signature of zeros": sign_raw(_HEADER, _PAYLOAD, signature=bytes(64)),
}


def _private_jwk() -> dict[str, Any]:
    numbers = SIGNER.private_key.private_numbers()
    point = numbers.public_numbers
    values = {"x": point.x, "y": point.y, "d": numbers.private_value}
    encoded = {name: format_base64url(number.to_bytes(32, "big")) for name, number in values.items()}
    return {"kty": "EC", "crv": "P-256"} | encoded


def _low_s(token: str) -> str:
    """Return the token with the low-S spelling of its signature, as every Sigill signer writes it."""
    signed, _, encoded = token.rpartition(".")
    signature = parse_base64url(encoded)
    if is_low_s(signature):
        return token
    s = ORDER - int.from_bytes(signature[32:], "big")
    return f"{signed}.{format_base64url(signature[:32] + s.to_bytes(32, 'big'))}"


def _check(text: str) -> None:
    jws = parse_seal(text).jws
    check_signature(SIGNER.private_key.public_key(), signature=jws.signature, message=jws.signing_input)


def _written_by_pyjwt() -> str:
    headers = {"kid": SIGNER.kid, "typ": TYP}
    return jwt.encode(_PAYLOAD, SIGNER.private_key, algorithm="ES256", headers=headers)


def _written_by_joserfc() -> str:
    return joserfc_jws.serialize_compact(_HEADER, json.dumps(_PAYLOAD), ECKey.import_key(_private_jwk()))


def _written_by_jwcrypto() -> str:
    token = JWS(json.dumps(_PAYLOAD))
    token.add_signature(JWK(**_private_jwk()), alg="ES256", protected=json.dumps(_HEADER))
    text: str = token.serialize(compact=True)
    return text


# --- they refuse what was tampered with ---


@pytest.mark.parametrize("how", _TAMPERED)
def test_sd_jwt_refuses_a_tampered_seal(how: str) -> None:
    keys = JWKSet.from_json(json.dumps(_JWKS))
    with pytest.raises(InvalidJWSSignature):
        SDJWTVerifier(f"{_TAMPERED[how]}~", lambda _, header: keys.get_key(header["kid"]))


@pytest.mark.parametrize("how", _TAMPERED)
def test_joserfc_refuses_a_tampered_seal(how: str) -> None:
    with pytest.raises(BadSignatureError):
        joserfc_jws.deserialize_compact(_TAMPERED[how], KeySet.import_key_set(_JWKS), registry=_REGISTRY)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", _TAMPERED)
def test_jwcrypto_refuses_a_tampered_seal(how: str) -> None:
    token = JWS()
    token.deserialize(_TAMPERED[how])
    with pytest.raises(InvalidJWSSignature):
        token.verify(JWK(**_JWKS["keys"][0]), alg="ES256")


@pytest.mark.parametrize("how", _TAMPERED)
def test_pyjwt_refuses_a_tampered_seal(how: str) -> None:
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(_TAMPERED[how], jwt.PyJWKSet.from_dict(_JWKS).keys[0], algorithms=["ES256"], options=options)


@pytest.mark.parametrize("how", _TAMPERED)
def test_we_refuse_the_same_tampered_seals(how: str) -> None:
    with pytest.raises((MalformedSeal, SignatureInvalid)):
        _check(f"{_TAMPERED[how]}~")


# --- sd-jwt reads what we show, and no more ---


@pytest.mark.parametrize("left_out", [(), (Name.RCP_OPEN,), (Name.MSG, Name.DEC, Name.AGENT), tuple(Name)])
def test_sd_jwt_returns_exactly_the_clear_and_the_disclosed_claims(left_out: tuple[Name, ...]) -> None:
    keys = JWKSet.from_json(json.dumps(_JWKS))
    seal = _CASE.without(*left_out)
    read = SDJWTVerifier(seal, lambda _, header: keys.get_key(header["kid"])).get_verified_payload()
    clear = {name: value for name, value in _PAYLOAD.items() if name not in {"_sd", "_sd_alg"}}
    disclosed = {item.name.value: item.value for item in _CASE.disclosures if item.name not in left_out}
    assert read == clear | disclosed


# --- we read what they wrote ---


@pytest.mark.parametrize("written", [_written_by_pyjwt, _written_by_joserfc, _written_by_jwcrypto])
def test_a_seal_written_by_another_library_reads_back_once_its_signature_is_low_s(written: Any) -> None:
    seal = format_seal(_low_s(written()), _CASE.disclosures)
    _check(seal)
    assert parse_seal(seal).claims == _CASE.claims
    assert parse_seal(seal).disclosures == _CASE.disclosures


def test_the_high_s_signatures_other_libraries_write_half_the_time_are_refused() -> None:
    tokens = [_written_by_pyjwt() for _ in range(60)]
    high = [token for token in tokens if not is_low_s(parse_base64url(token.rpartition(".")[2]))]
    assert 0 < len(high) < len(tokens)
    for token in high:
        with pytest.raises(SignatureInvalid, match="low-S"):
            _check(f"{token}~")


def test_a_token_pyjwt_writes_without_our_type_is_no_seal() -> None:
    token = jwt.encode(_PAYLOAD, SIGNER.private_key, algorithm="ES256", headers={"kid": SIGNER.kid})
    with pytest.raises(MalformedSeal, match="typ"):
        parse_seal(f"{token}~")


def test_an_sd_jwt_of_another_maker_is_refused_for_its_form() -> None:
    claims = _PAYLOAD | {SDObj("msg"): _CASE.disclosures[0].value}
    clear = {name: value for name, value in claims.items() if name not in {"_sd", "_sd_alg"}}
    issuer = SDJWTIssuer(clear, JWK(**_private_jwk()), sign_alg="ES256", extra_header_parameters=_HEADER)
    with pytest.raises(MalformedSeal, match="_sd has exactly 8 digests"):
        parse_seal(issuer.sd_jwt_issuance)
    with pytest.raises(MalformedSeal, match="canonical JSON"):
        parse_seal(f"{_JWS}~{issuer.sd_jwt_issuance.split('~')[1]}~")
