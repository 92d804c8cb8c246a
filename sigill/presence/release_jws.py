"""The signature of an AI system's own key over a statement: a compact JWS (RFC 7515), e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"sigill-release+jwt"} . <the statement> . <signature>

The payload is the statement in any spelling of its JSON, for libraries have their own; what it says is compared.
The algorithm follows from the key: ES256 (P-256), EdDSA (Ed25519), PS256 (RSA of 2048 to 4096 bits).
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding
from sigill.presence.errors import MalformedRelease, ReleaseChallenge, ReleaseSignature
from sigill.presence.statement import MAX_STATEMENT_BYTES, Statement, format_statement

TYP: Final = "sigill-release+jwt"
MAX_JWS_CHARACTERS: Final = 8192
MAX_HEADER_BYTES: Final = 512
RSA_BITS: Final = (2048, 4096)
_PARTS: Final = 3
_SCALAR_BYTES: Final = 32
_EXPONENT: Final = 65537
_PSS: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
_ALGORITHMS: Final[Mapping[str, frozenset[str]]] = {
    "EC": frozenset({"ES256"}),
    "OKP": frozenset({"EdDSA", "Ed25519"}),
    "RSA": frozenset({"PS256"}),
}


def check_release_jws(text: str, *, statement: Statement, jwk: Mapping[str, Any]) -> None:
    """Verify that the key `jwk` signed `statement`. Raises MalformedRelease, ReleaseChallenge, ReleaseSignature."""
    if len(text) > MAX_JWS_CHARACTERS:
        raise MalformedRelease(f"a release has at most {MAX_JWS_CHARACTERS} characters")
    parts = text.split(".")
    if len(parts) != _PARTS or not text.isascii():
        raise MalformedRelease("a release is a JWS: three parts divided by dots")
    try:
        header = parse_json(parse_base64url(parts[0]), max_bytes=MAX_HEADER_BYTES)
        payload = parse_json(parse_base64url(parts[1]), max_bytes=2 * MAX_STATEMENT_BYTES)
        signature = parse_base64url(parts[2])
        said = format_canonical_json(payload)
    except MalformedEncoding as error:
        raise MalformedRelease(f"release: {error}") from None
    _check_header(header, jwk)
    if said != format_statement(statement):
        raise ReleaseChallenge("another statement was signed")
    _verify(jwk, signature=signature, message=f"{parts[0]}.{parts[1]}".encode("ascii"))


def claimed_kid(text: str) -> str:
    """Return the `kid` that a release names; nothing is verified. Raises MalformedRelease, also where it names none."""
    head = text[:MAX_JWS_CHARACTERS].partition(".")[0]
    try:
        header = parse_json(parse_base64url(head), max_bytes=MAX_HEADER_BYTES)
    except MalformedEncoding as error:
        raise MalformedRelease(f"release: {error}") from None
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str):
        raise MalformedRelease("a release names its key: kid is the RFC 7638 thumbprint")
    return kid


def thumbprint_of(jwk: Mapping[str, Any]) -> str:
    """Return the name of a key: the RFC 7638 thumbprint of a JWK that has its needed members only."""
    return format_base64url(hashlib.sha256(format_canonical_json(dict(jwk))).digest())


def _check_header(header: object, jwk: Mapping[str, Any]) -> None:
    if not isinstance(header, dict) or not {"alg", "typ"} <= header.keys() <= {"alg", "typ", "kid"}:
        raise MalformedRelease("the header of a release has alg and typ, perhaps kid, and nothing else")
    if header["typ"] != TYP:
        raise MalformedRelease(f"the typ of a release is {TYP}")
    if header["alg"] not in _ALGORITHMS.get(str(jwk.get("kty")), frozenset()):
        raise MalformedRelease("alg does not fit the key")
    if header.get("kid", thumbprint_of(jwk)) != thumbprint_of(jwk):
        raise MalformedRelease("kid is the thumbprint of another key")


def _verify(jwk: Mapping[str, Any], *, signature: bytes, message: bytes) -> None:
    try:
        key = _key(jwk)
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(_der(signature), message, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, message)
            case _:
                key.verify(signature, message, _PSS, hashes.SHA256())
    except InvalidSignature:
        raise ReleaseSignature("the signature does not verify with the AI system's registered key") from None


def _key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey:
    try:
        match jwk["kty"], jwk.get("crv"):
            case "EC", "P-256":
                x, y = (int.from_bytes(_member(jwk, name), "big") for name in "xy")
                return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            case "OKP", "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(_member(jwk, "x"))
            case "RSA", None:
                modulus, exponent = (int.from_bytes(_member(jwk, name), "big") for name in "ne")
                if RSA_BITS[0] <= modulus.bit_length() <= RSA_BITS[1] and modulus % 2 and exponent == _EXPONENT:
                    return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, ValueError, TypeError, MalformedEncoding):
        pass
    raise MalformedRelease("the key is P-256, Ed25519 or RSA of 2048 to 4096 bits, as a JWK")


def _member(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return parse_base64url(value)


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _SCALAR_BYTES:
        raise ReleaseSignature("an ES256 signature has 64 bytes")
    halves = signature[:_SCALAR_BYTES], signature[_SCALAR_BYTES:]
    r, s = (int.from_bytes(half, "big") for half in halves)
    return encode_dss_signature(r, s)
