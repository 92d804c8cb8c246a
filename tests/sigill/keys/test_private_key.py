"""A client's private key: read, named, and used for statements that a foreign library reads."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from hypothesis import given
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedKey
from sigill.keys.client_statements import ASSERTION_TYP, PROOF_TYP, prove_key, sign_assertion
from sigill.keys.private_key import MAX_PEM_BYTES, KeyType, PrivateKey, make_private_key, parse_private_key

_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
_ALGS = {KeyType.P256: "ES256", KeyType.ED25519: "EdDSA", KeyType.RSA: "PS256"}


@pytest.fixture(scope="module", params=list(KeyType))
def kind(request: pytest.FixtureRequest) -> KeyType:
    return KeyType(request.param)


@pytest.fixture(scope="module")
def key(kind: KeyType) -> PrivateKey:
    return make_private_key(kind)


def _pem(key: Any, *, password: bytes | None = None) -> bytes:
    encryption: Any = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    made: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return made


def _read(text: str, key: PrivateKey) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a JWT as PyJWT does, with the published half of the key alone."""
    public = jwt.PyJWK(key.jwk, algorithm=key.alg)
    claims = jwt.decode(
        text,
        public,
        algorithms=[key.alg],
        audience="https://guarantor.example",
        options={"verify_exp": False},
    )
    return jwt.get_unverified_header(text), claims


def test_a_key_is_read_back_from_its_pem(key: PrivateKey) -> None:
    again = parse_private_key(key.format_pem())
    assert (again.jwk, again.thumbprint, again.alg) == (key.jwk, key.thumbprint, key.alg)


def test_the_algorithm_follows_from_the_key_and_the_name_is_the_rfc_7638_thumbprint(
    kind: KeyType, key: PrivateKey
) -> None:
    assert key.alg == _ALGS[kind]
    text = json.dumps(key.jwk, sort_keys=True, separators=(",", ":"))
    assert key.thumbprint == format_base64url(hashlib.sha256(text.encode()).digest())
    assert not {"d", "p", "q"} & key.jwk.keys()


def test_a_foreign_library_reads_an_assertion(key: PrivateKey) -> None:
    text = sign_assertion(key, client_id="cl-x", issuer="https://guarantor.example", at=_AT, jti="j-1")
    header, claims = _read(text, key)
    assert header == {"alg": key.alg, "kid": key.thumbprint, "typ": ASSERTION_TYP}
    end = int(_AT.timestamp()) + 120
    assert claims == {
        "iss": "cl-x",
        "sub": "cl-x",
        "aud": "https://guarantor.example",
        "exp": end,
        "jti": "j-1",
    }


def test_a_foreign_library_reads_a_proof(key: PrivateKey) -> None:
    proven = prove_key(key, operator="exempelbanken", issuer="https://guarantor.example", at=_AT, jti="j-1")
    header, claims = _read(proven.proof, key)
    assert (header["typ"], claims["sub"]) == (PROOF_TYP, "exempelbanken")
    assert proven.members == {"jwk": key.jwk, "proof": proven.proof}


def test_what_is_shown_of_a_key_is_not_the_key(key: PrivateKey) -> None:
    assert repr(key.key) not in repr(key)
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: _pem(ec.generate_private_key(ec.SECP384R1())), "none of P-256, Ed25519 and RSA of"),
        (lambda: _pem(ec.generate_private_key(ec.SECP256K1())), "none of P-256, Ed25519 and RSA of"),
        (lambda: _pem(rsa.generate_private_key(65537, 1024)), "none of P-256, Ed25519 and RSA of"),  # noqa: S505 - too short
        (lambda: _pem(dsa.generate_private_key(2048)), "none of P-256, Ed25519 and RSA"),
        (lambda: _pem(ed448.Ed448PrivateKey.generate()), "none of P-256, Ed25519 and RSA"),
        (lambda: _pem(ec.generate_private_key(ec.SECP256R1()), password=b"x"), "with a password"),
        (lambda: b"", "no private key in PEM"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (lambda: b" " * (MAX_PEM_BYTES + 1), "of more than"),
        (
            lambda: (
                ec.generate_private_key(ec.SECP256R1())
                .public_key()
                .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            ),
            "no private key in PEM",
        ),
    ],
)
def test_any_other_key_is_refused_with_a_sentence(make: Any, says: str) -> None:
    with pytest.raises(MalformedKey, match=says):
        parse_private_key(make())


@given(st.binary(max_size=300) | st.text(max_size=200).map("-----BEGIN PRIVATE KEY-----\n{}".format).map(str.encode))
def test_nothing_but_a_refusal_escapes(data: bytes) -> None:
    with pytest.raises(MalformedKey):
        parse_private_key(data)
