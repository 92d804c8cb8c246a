"""Public keys of clients as JWKs (RFC 7517): P-256, Ed25519 or RSA, named by their RFC 7638 thumbprint, e.g.

    {"crv": "P-256", "kty": "EC", "x": "…", "y": "…"}

The algorithm follows from the key (RFC 8725 section 3.1): ES256, EdDSA (also called Ed25519, RFC 9864) or PS256.
What else a JWK may say (`use`, `alg`, `kid`) must agree with that and is not kept.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from registry.errors import ClientKeyRefused
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, SignatureInvalid

MAX_JWK_BYTES: Final = 4096
RSA_BITS: Final = (2048, 4096)
_SCALAR_BYTES: Final = 32
_RSA_EXPONENT: Final = 65537
_AGREEING: Final = frozenset({"use", "alg", "kid", "key_ops"})
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MEMBERS: Final[Mapping[object, frozenset[str]]] = {
    "EC": frozenset({"kty", "crv", "x", "y"}),
    "OKP": frozenset({"kty", "crv", "x"}),
    "RSA": frozenset({"kty", "n", "e"}),
}
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_PSS: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)

AnyPublicKey: TypeAlias = "ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key and what it is called: `jwk` is canonical JSON of the members that make it, nothing else."""

    thumbprint: str
    jwk: str
    algorithms: tuple[str, ...]
    key: AnyPublicKey

    def verify(self, *, signature: bytes, message: bytes) -> None:
        """Verify a JWS signature (RFC 7518 section 3, RFC 8037) by this key. Raises SignatureInvalid."""
        try:
            match self.key:
                case ec.EllipticCurvePublicKey():
                    self.key.verify(_der(signature), message, _ECDSA)
                case ed25519.Ed25519PublicKey():
                    self.key.verify(signature, message)
                case rsa.RSAPublicKey():
                    self.key.verify(signature, message, _PSS, hashes.SHA256())
        except InvalidSignature:
            raise SignatureInvalid("the signature does not verify") from None


def parse_public_key(value: object) -> PublicKey:
    """Return the key of a JWK. Raises ClientKeyRefused, for a private or symmetric key above all."""
    if not isinstance(value, Mapping):
        raise ClientKeyRefused("a key is a JWK: a JSON object")
    if _PRIVATE & value.keys():
        raise ClientKeyRefused("this is a private key: make a new one, and send only its public half")
    needed = _MEMBERS.get(value.get("kty") if isinstance(value.get("kty"), str) else None)
    if needed is None:
        raise ClientKeyRefused("kty is EC (P-256), OKP (Ed25519) or RSA")
    if not needed <= value.keys() or value.keys() - needed - _AGREEING:
        raise ClientKeyRefused(f"a key of this kty has {', '.join(sorted(needed))}, and at most use, alg and kid more")
    members = {name: value[name] for name in needed}
    made, algorithms = _read(members)
    jwk = format_canonical_json(members)
    key = PublicKey(format_base64url(hashlib.sha256(jwk).digest()), jwk.decode("ascii"), algorithms, made)
    _check_agrees(key, value)
    return key


def load_public_key(jwk: str) -> PublicKey:
    """Return the key of a kept `jwk`. Raises ClientKeyRefused."""
    try:
        return parse_public_key(parse_json(jwk.encode("utf-8", "surrogatepass"), max_bytes=MAX_JWK_BYTES))
    except MalformedEncoding as error:
        raise ClientKeyRefused(f"this is no JWK: {error}") from None


def _check_agrees(key: PublicKey, value: Mapping[str, Any]) -> None:
    if value.get("use", "sig") != "sig":
        raise ClientKeyRefused('the key is said to be for something else than signatures ("use")')
    if value.get("alg", key.algorithms[0]) not in key.algorithms:
        raise ClientKeyRefused(f"alg does not fit the key: it is {key.algorithms[0]}")
    if value.get("kid", key.thumbprint) != key.thumbprint:
        raise ClientKeyRefused("kid is the key's RFC 7638 thumbprint, or left out")


def _read(members: Mapping[str, Any]) -> tuple[AnyPublicKey, tuple[str, ...]]:
    match members["kty"], members.get("crv"):
        case "EC", "P-256":
            return _p256(_bytes(members, "x", _SCALAR_BYTES), _bytes(members, "y", _SCALAR_BYTES)), ("ES256",)
        case "OKP", "Ed25519":
            raw = _bytes(members, "x", _SCALAR_BYTES)
            return ed25519.Ed25519PublicKey.from_public_bytes(raw), ("EdDSA", "Ed25519")
        case "RSA", None:
            return _rsa(_bytes(members, "n"), _bytes(members, "e")), ("PS256",)
        case _:
            raise ClientKeyRefused("the curve (crv) is P-256 for EC and Ed25519 for OKP")


def _p256(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError:
        raise ClientKeyRefused("x and y are no point on P-256") from None


def _rsa(n: bytes, e: bytes) -> rsa.RSAPublicKey:
    modulus, exponent = int.from_bytes(n, "big"), int.from_bytes(e, "big")
    low, high = RSA_BITS
    if not low <= modulus.bit_length() <= high or n[:1] == b"\0" or not modulus % 2:
        raise ClientKeyRefused(f"an RSA key has an odd modulus of {low} to {high} bits")
    if exponent != _RSA_EXPONENT or e[:1] == b"\0":
        raise ClientKeyRefused("an RSA key has the exponent 65537 (AQAB)")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _bytes(members: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    text = members[name]
    try:
        data = parse_base64url(text if isinstance(text, str) and len(text) <= MAX_JWK_BYTES else "=")
    except MalformedEncoding:
        raise ClientKeyRefused(f"{name} is unpadded base64url") from None
    if length is not None and len(data) != length:
        raise ClientKeyRefused(f"{name} has {length} bytes")
    return data


def _der(signature: bytes) -> bytes:
    """Return r‖s as the library wants it; what has another length is not of this key."""
    if len(signature) != 2 * _SCALAR_BYTES:
        raise SignatureInvalid("an ES256 signature has 64 bytes")
    r, s = signature[:_SCALAR_BYTES], signature[_SCALAR_BYTES:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
