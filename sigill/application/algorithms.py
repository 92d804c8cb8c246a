"""The signatures an application may carry; each key has exactly one, so a header can choose nothing.

| key | `alg` (RFC 7518, RFC 8037) | signature |
|---|---|---|
| P-256 | ES256 | r‖s, 64 bytes, over SHA-256 |
| P-384 | ES384 | r‖s, 96 bytes, over SHA-384 |
| RSA of 2048 to 8192 bits | PS256 | RSASSA-PSS, SHA-256, salt of 32 bytes |
| Ed25519 | EdDSA | 64 bytes |
"""

from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from sigill.errors import MalformedKey, SignatureInvalid

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
_PSS_SALT_BYTES: Final = 32

SealPrivateKey: TypeAlias = "ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey"


class _Scheme(Protocol):
    """One row of the table above, for one public key."""

    @property
    def alg(self) -> str: ...

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise InvalidSignature or ValueError."""


@dataclass(frozen=True, slots=True)
class _Ecdsa:
    key: ec.EllipticCurvePublicKey
    alg: str
    digest: hashes.HashAlgorithm

    def verify(self, signature: bytes, message: bytes) -> None:
        width = self.key.key_size // 8
        if len(signature) != 2 * width:
            raise ValueError("r and s have another length")
        r, s = (int.from_bytes(half, "big") for half in (signature[:width], signature[width:]))
        self.key.verify(encode_dss_signature(r, s), message, ec.ECDSA(self.digest))


@dataclass(frozen=True, slots=True)
class _Pss:
    key: rsa.RSAPublicKey
    alg: str = "PS256"

    def verify(self, signature: bytes, message: bytes) -> None:
        self.key.verify(signature, message, _pss(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class _Ed25519:
    key: ed25519.Ed25519PublicKey
    alg: str = "EdDSA"

    def verify(self, signature: bytes, message: bytes) -> None:
        self.key.verify(signature, message)


def algorithm_of(key: PublicKeyTypes) -> str:
    """Return the one `alg` that signatures of `key` have. Raises MalformedKey for a key that signs no application."""
    return _scheme(key).alg


def check_signature(key: PublicKeyTypes, *, alg: str, signature: bytes, message: bytes) -> None:
    """Verify. Raises SignatureInvalid, also where `alg` is not the one of `key`; MalformedKey for a foreign kind."""
    scheme = _scheme(key)
    if alg != scheme.alg:
        raise SignatureInvalid(f"the header says {alg[:20]!r}, but the certificate's key signs with {scheme.alg}")
    try:
        scheme.verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalid("the signature does not verify with the certificate's key") from None


def sign(key: SealPrivateKey, message: bytes) -> bytes:
    """Return the signature of `key` over `message`, in the form of the table. Raises MalformedKey."""
    scheme = _scheme(key.public_key())
    match key:
        case ec.EllipticCurvePrivateKey() if isinstance(scheme, _Ecdsa):
            return join_ecdsa(key.sign(message, ec.ECDSA(scheme.digest)), key.public_key())
        case rsa.RSAPrivateKey():
            return key.sign(message, _pss(), hashes.SHA256())
        case _:
            return key.sign(message)  # type: ignore[call-arg] # Ed25519, the only one left


def join_ecdsa(der: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Turn the DER signature that openssl and most devices give into r‖s. Raises SignatureInvalid."""
    width = key.key_size // 8
    try:
        r, s = decode_dss_signature(der)
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")
    except (ValueError, OverflowError):
        raise SignatureInvalid("not an ECDSA signature in DER") from None


def _scheme(key: PublicKeyTypes) -> _Scheme:
    match key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return _Ecdsa(key, "ES256", hashes.SHA256())
        case ec.EllipticCurvePublicKey(curve=ec.SECP384R1()):
            return _Ecdsa(key, "ES384", hashes.SHA384())
        case rsa.RSAPublicKey(key_size=bits) if MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
            return _Pss(key)
        case ed25519.Ed25519PublicKey():
            return _Ed25519(key)
        case _:
            raise MalformedKey("a key that is none of P-256, P-384, RSA of 2048 to 8192 bits, Ed25519")


def _pss() -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_PSS_SALT_BYTES)
