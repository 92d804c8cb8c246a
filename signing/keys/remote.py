"""Keys that live elsewhere: what all of them have in common, wherever that is.

Their public halves stand in `keys.json`. Every signature is held against them before anybody sees it: another key in
the old one's place, or a device that errs, is found here and not by a customer. Whoever does not answer is not asked
again for a second, so that requests do not queue up behind a device that is gone.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sigill.errors import SignatureInvalid
from sigill.keys.jwks import thumbprint
from sigill.keys.p256 import ORDER, check_signature
from signing.errors import KeyUnusable

REST_S: Final = 1.0
_SCALAR_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_LOGGER: Final = logging.getLogger("sigill.keys")

Asked: TypeAlias = Callable[[bytes], bytes]
"""Asks a place for the raw signature over a message: r‖s or Ed25519's, of 64 bytes. Raises KeyUnusable."""


class RemoteP256:
    """A P-256 key that lives elsewhere; implements `P256Signer`."""

    def __init__(self, name: str, public: bytes, ask: Asked) -> None:
        self._public_key = p256_of(name, public)
        self._kid = thumbprint(self._public_key)
        self._patience = _Patience(name, ask)

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self._kid

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half, as the list has it."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return raw r‖s of 64 bytes, low-S, which verifies. Raises KeyUnusable."""
        return self._patience.sign(message, self._checked)

    def _checked(self, message: bytes, signature: bytes) -> bytes:
        made = _low_s(signature)
        check_signature(self._public_key, signature=made, message=message)
        return made


class RemoteEd25519:
    """An Ed25519 key that lives elsewhere; implements `Ed25519Signer`."""

    def __init__(self, name: str, public: bytes, ask: Asked) -> None:
        self.public_bytes = public
        self._public_key = ed25519_of(name, public)
        self._patience = _Patience(name, ask)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of 64 bytes, which verifies. Raises KeyUnusable."""
        return self._patience.sign(message, self._checked)

    def _checked(self, message: bytes, signature: bytes) -> bytes:
        try:
            self._public_key.verify(signature, message)
        except InvalidSignature:
            raise SignatureInvalid("the signature does not verify") from None
        return signature


class _Patience:
    """Asks for signatures, and says once when the answers end and when they come back."""

    def __init__(self, name: str, ask: Asked) -> None:
        self._name = name
        self._ask = ask
        self._trouble: str | None = None
        self._next_try_s = 0.0

    def sign(self, message: bytes, checked: Callable[[bytes, bytes], bytes]) -> bytes:
        if self._trouble is not None and time.monotonic() < self._next_try_s:
            raise KeyUnusable(self._trouble)
        try:
            signature = checked(message, self._ask(message))
        except SignatureInvalid:
            raise self._rest(f"{self._name} signs with another key than the list says") from None
        except KeyUnusable as error:
            raise self._rest(f"{self._name}: {error}") from error
        if self._trouble is not None:
            self._trouble = None
            _LOGGER.warning("%s signs again", self._name)
        return signature

    def _rest(self, trouble: str) -> KeyUnusable:
        if trouble != self._trouble:
            _LOGGER.warning("%s", trouble)
        self._next_try_s = time.monotonic() + REST_S
        self._trouble = trouble
        return KeyUnusable(trouble)


def p256_of(name: str, public: bytes) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key of 65 bytes (X9.62, uncompressed). Raises KeyUnusable."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        raise KeyUnusable(f"the public key of {name} is no point of P-256") from None


def ed25519_of(name: str, public: bytes) -> ed25519.Ed25519PublicKey:
    """Return the Ed25519 key of 32 bytes. Raises KeyUnusable."""
    try:
        return ed25519.Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise KeyUnusable(f"the public key of {name} is no Ed25519 key") from None


def _low_s(signature: bytes) -> bytes:
    """Return the low-S spelling of raw r‖s. Raises SignatureInvalid."""
    if len(signature) != _SIGNATURE_BYTES:
        raise SignatureInvalid("not a signature of 64 bytes")
    s = int.from_bytes(signature[_SCALAR_BYTES:], "big")
    return signature[:_SCALAR_BYTES] + min(s, (ORDER - s) % ORDER).to_bytes(_SCALAR_BYTES, "big")
