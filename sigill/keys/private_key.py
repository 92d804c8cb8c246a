"""A program's own private key: P-256, Ed25519 or RSA in PEM, and the JWTs (RFC 7519) it signs, e.g. with the header

    {"alg":"ES256","kid":"<RFC 7638>","typ":"client-authentication+jwt"}

The algorithm follows from the key: ES256, EdDSA (RFC 8037) or PS256.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.errors import MalformedKey
from sigill.keys.p256 import normalise_signature

MAX_PEM_BYTES: Final = 32 * 1024
RSA_BITS: Final = (2048, 4096)
_NEW_RSA_BITS: Final = 3072
_EXPONENT: Final = 65537
_COORDINATE_BYTES: Final = 32
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_PSS: Final = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)

AnyPrivateKey: TypeAlias = "ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey"


class KeyType(StrEnum):
    """The kinds of keys there are, as they are asked for."""

    P256 = "p256"
    ED25519 = "ed25519"
    RSA = "rsa"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key, its public JWK (RFC 7517), its name (RFC 7638, base64url) and the one `alg` it signs with."""

    key: AnyPrivateKey = field(repr=False)
    jwk: dict[str, str]
    thumbprint: str
    alg: str

    def sign_jwt(self, claims: Json, *, typ: str) -> str:
        """Return `claims` as a compact JWT signed with this key."""
        header: Json = {"alg": self.alg, "kid": self.thumbprint, "typ": typ}
        text = f"{format_base64url(format_canonical_json(header))}.{format_base64url(format_canonical_json(claims))}"
        return f"{text}.{format_base64url(_sign(self.key, text.encode('ascii')))}"

    def format_pem(self) -> bytes:
        """Return the key as PKCS#8 in PEM, without a password; `parse_private_key` reads it back."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def make_private_key(kind: KeyType) -> PrivateKey:
    """Return a new key."""
    match kind:
        case KeyType.P256:
            return _named(ec.generate_private_key(ec.SECP256R1()))
        case KeyType.ED25519:
            return _named(ed25519.Ed25519PrivateKey.generate())
        case KeyType.RSA:
            return _named(rsa.generate_private_key(_EXPONENT, _NEW_RSA_BITS))


def parse_private_key(pem: bytes) -> PrivateKey:
    """Read a private key in PEM that has no password. Raises MalformedKey."""
    if len(pem) > MAX_PEM_BYTES:
        raise MalformedKey(f"a private key in PEM of more than {MAX_PEM_BYTES} bytes")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise MalformedKey("a private key with a password, which nobody could type here") from None
    except (ValueError, UnsupportedAlgorithm):
        raise MalformedKey("no private key in PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise MalformedKey("a key that is none of P-256, Ed25519 and RSA")
    return _named(key)


def _named(key: AnyPrivateKey) -> PrivateKey:
    jwk, alg = _public_jwk(key)
    members: Json = dict(jwk)
    return PrivateKey(key, jwk, format_base64url(hashlib.sha256(format_canonical_json(members)).digest()), alg)


def _public_jwk(key: AnyPrivateKey) -> tuple[dict[str, str], str]:
    match key:
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            point = key.public_key().public_numbers()
            x, y = (format_base64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (point.x, point.y))
            return {"crv": "P-256", "kty": "EC", "x": x, "y": y}, "ES256"
        case ed25519.Ed25519PrivateKey():
            raw = key.public_key().public_bytes_raw()
            return {"crv": "Ed25519", "kty": "OKP", "x": format_base64url(raw)}, "EdDSA"
        case rsa.RSAPrivateKey(key_size=bits) if RSA_BITS[0] <= bits <= RSA_BITS[1]:
            numbers = key.public_key().public_numbers()
            n, e = (format_base64url(_bytes(number)) for number in (numbers.n, numbers.e))
            return {"e": e, "kty": "RSA", "n": n}, "PS256"
        case _:
            raise MalformedKey("a key that is none of P-256, Ed25519 and RSA of 2048 to 4096 bits")


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _sign(key: AnyPrivateKey, message: bytes) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return normalise_signature(key.sign(message, _ECDSA))
        case ed25519.Ed25519PrivateKey():
            return key.sign(message)
        case rsa.RSAPrivateKey():
            return key.sign(message, _PSS, hashes.SHA256())
