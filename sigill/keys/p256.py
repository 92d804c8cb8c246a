"""ES256 (RFC 7518 section 3.4): ECDSA on P-256 with SHA-256, signature as raw r‖s of 64 bytes, low-S only.

High-S signatures verify in every library, so a third party could make a second spelling of a seal; refusing them
leaves one. `Signer` is what a key store must offer; its implementations live with the service.
"""

from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sigill.errors import SignatureInvalid

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HALF_ORDER: Final = ORDER // 2
_SIGNATURE_BYTES: Final = 64
_SCALAR_BYTES: Final = 32
_SIGN_BIT: Final = 0x80
_HALF_ORDER: Final = HALF_ORDER.to_bytes(_SCALAR_BYTES, "big")
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
    return signature[_SCALAR_BYTES:] <= _HALF_ORDER  # big-endian and of one length: compares as the numbers do


def check_signature(key: ec.EllipticCurvePublicKey, *, signature: bytes, message: bytes) -> None:
    """Verify raw r‖s over `message`. Raises SignatureInvalid, for high-S and any wrong length too."""
    if len(signature) != _SIGNATURE_BYTES or not is_low_s(signature):
        raise SignatureInvalid("not a 64-byte low-S signature")
    try:
        key.verify(_der(signature), message, _ALGORITHM)
    except InvalidSignature:
        raise SignatureInvalid("the signature does not verify") from None


def _der(signature: bytes) -> bytes:
    """Return the SEQUENCE of two INTEGERs (X.690) that libraries take; the same as `encode_dss_signature`, quicker."""
    r, s = signature[:_SCALAR_BYTES].lstrip(b"\0"), signature[_SCALAR_BYTES:].lstrip(b"\0")
    if not r or r[0] & _SIGN_BIT:
        r = b"\0" + r
    if not s or s[0] & _SIGN_BIT:
        s = b"\0" + s
    return b"\x30%c\x02%c%b\x02%c%b" % (4 + len(r) + len(s), len(r), r, len(s), s)
