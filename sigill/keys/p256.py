"""ES256 (RFC 7518 section 3.4): ECDSA on P-256 with SHA-256, signature as raw r‖s of 64 bytes, low-S only.

High-S signatures verify in every library, so a third party could make a second spelling of a seal; refusing them
leaves one. `Signer` is what a key store must offer; its implementations live with the service.
"""

from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from sigill.errors import SignatureInvalid

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HALF_ORDER: Final = ORDER // 2
_SIGNATURE_BYTES: Final = 64
_SCALAR_BYTES: Final = 32
_ALGORITHM: Final = ec.ECDSA(hashes.SHA256())


class Signer(Protocol):
    """A private P-256 key that signs but is never shown."""

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public key."""

    def sign(self, message: bytes) -> bytes:
        """Return 64 bytes r‖s, low-S."""


def normalise_signature(der: bytes) -> bytes:
    """Turn a DER signature into raw r‖s with s at most half the order."""
    r, s = decode_dss_signature(der)
    s = min(s, ORDER - s)
    return r.to_bytes(_SCALAR_BYTES, "big") + s.to_bytes(_SCALAR_BYTES, "big")


def is_low_s(signature: bytes) -> bool:
    """Tell whether a 64-byte signature is the low-S one of its two spellings."""
    return int.from_bytes(signature[_SCALAR_BYTES:], "big") <= HALF_ORDER


def check_signature(key: ec.EllipticCurvePublicKey, *, signature: bytes, message: bytes) -> None:
    """Verify raw r‖s over `message`. Raises SignatureInvalid, for high-S and any wrong length too."""
    if len(signature) != _SIGNATURE_BYTES or not is_low_s(signature):
        raise SignatureInvalid("not a 64-byte low-S signature")
    r = int.from_bytes(signature[:_SCALAR_BYTES], "big")
    s = int.from_bytes(signature[_SCALAR_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), message, _ALGORITHM)
    except InvalidSignature:
        raise SignatureInvalid("the signature does not verify") from None
