"""What a private key can do wherever it lives: show its public half and sign. It is never shown itself.

`signing.keys.files`, `signing.keys.token` and `signing.keys.kms` are the three places; everything else of the service
knows these two protocols only.
"""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from sigill.keys.p256 import Signer


class P256Signer(Signer, Protocol):
    """A P-256 key: of seals, events, status lists and receipts of verifications. Any number of threads.

    `sign` returns 64 bytes r‖s, low-S, and raises KeyUnusable where the key does not answer; trying again is safe.
    """

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half, known whether or not the key answers."""


class Ed25519Signer(Protocol):
    """An Ed25519 key: of the logs' checkpoints. Any number of threads."""

    @property
    def public_bytes(self) -> bytes:
        """The public half, 32 bytes (RFC 8032), known whether or not the key answers."""

    def sign(self, message: bytes) -> bytes:
        """Return the plain Ed25519 signature of 64 bytes. Raises KeyUnusable where the key does not answer."""
