"""Other people's libraries read our seals: sd-jwt, joserfc, jwcrypto and PyJWT, from the published JWKS."""

import json
from typing import Any

import jwt
import pytest
import rfc8785
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWK, JWKSet  # type: ignore[import-untyped]
from jwcrypto.jws import JWS  # type: ignore[import-untyped]
from sd_jwt.verifier import SDJWTVerifier  # type: ignore[import-untyped]

from sigill.encoding.base64url import parse_base64url
from sigill.keys.jwks import format_jwks
from sigill.seal.claims import format_claims
from sigill.seal.disclosures import Name
from tests.builders_seal import SIGNER, MemorySigner, make_case, some_hash

_CASE = make_case(links=["https://exempelbanken.example/"], files=[some_hash(9)])
_PAYLOAD = format_claims(_CASE.claims)
_OTHER = MemorySigner(50)
_JWKS = format_jwks([_OTHER.published(), SIGNER.published()])


def _read_by_sd_jwt(seal: str) -> dict[str, Any]:
    keys = JWKSet.from_json(json.dumps(_JWKS))
    payload: dict[str, Any] = SDJWTVerifier(seal, lambda _, header: keys.get_key(header["kid"])).get_verified_payload()
    return payload


def test_sd_jwt_reads_every_disclosed_claim() -> None:
    read = _read_by_sd_jwt(_CASE.seal)
    for item in _CASE.disclosures:
        assert read[item.name.value] == item.value
    clear = {name: value for name, value in _PAYLOAD.items() if not name.startswith("_sd")}
    assert {name: read[name] for name in clear} == clear


def test_sd_jwt_reads_a_seal_with_disclosures_left_out() -> None:
    read = _read_by_sd_jwt(_CASE.without(Name.RCP_OPEN, Name.AGENT))
    assert "rcp_open" not in read
    assert "agent" not in read
    assert read["msg"] == _CASE.disclosures[0].value


def test_sd_jwt_refuses_a_seal_signed_by_another_key() -> None:
    forged = make_case(signer=_OTHER).parsed.jws
    jws = forged.text.rpartition(".")[0] + "." + _CASE.parsed.jws.text.rpartition(".")[2]
    with pytest.raises(Exception, match="erification failed"):
        _read_by_sd_jwt(jws + "~")


def test_joserfc_verifies_the_jws() -> None:
    header = joserfc_jws.JWSRegistry(algorithms=["ES256"])
    read = joserfc_jws.deserialize_compact(_CASE.parsed.jws.text, KeySet.import_key_set(_JWKS), registry=header)  # type: ignore[arg-type]
    assert json.loads(read.payload) == _PAYLOAD


def test_jwcrypto_verifies_the_jws() -> None:
    token = JWS()
    token.deserialize(_CASE.parsed.jws.text)
    token.verify(JWK(**_JWKS["keys"][1]), alg="ES256")
    assert json.loads(token.payload) == _PAYLOAD


def test_pyjwt_verifies_the_jws_with_issuer_and_audience() -> None:
    key = next(key for key in jwt.PyJWKSet.from_dict(_JWKS).keys if key.key_id == SIGNER.kid)
    options: Any = {"verify_exp": False, "verify_iat": False}
    read = jwt.decode(
        _CASE.parsed.jws.text,
        key,
        algorithms=["ES256"],
        issuer=_PAYLOAD["iss"],
        audience=_PAYLOAD["aud"],
        options=options,
    )
    assert read == _PAYLOAD
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(_CASE.parsed.jws.text, key, algorithms=["ES256"], audience="another", options=options)


def test_rfc8785_writes_the_same_payload_and_disclosures() -> None:
    assert rfc8785.dumps(_PAYLOAD) == parse_base64url(_CASE.parsed.jws.text.split(".")[1])
    for item in _CASE.disclosures:
        encoded = parse_base64url(item.text)
        assert rfc8785.dumps(json.loads(encoded)) == encoded
