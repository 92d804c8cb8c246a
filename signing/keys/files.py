"""Keys kept as files of mode 600, made once, and only where the caller says so: a lost key is never replaced silently.

A file is written under another name, synced, and linked into place, so two processes that start together end up with
the same key and a crash leaves either a whole key or none.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sigill.keys.jwks import thumbprint
from sigill.keys.p256 import normalise_signature
from signing.errors import KeyUnusable

_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_ALGORITHM: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

Mark: TypeAlias = tuple[int, int, int]


class FileSigner:
    """A P-256 key read once from a PEM file; signs deterministically (RFC 6979), low-S."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._kid = thumbprint(key.public_key())

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self._kid

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return raw r‖s of 64 bytes."""
        return normalise_signature(self._key.sign(message, _ALGORITHM))


class FileEd25519:
    """An Ed25519 key read once from a PEM file."""

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self.public_bytes = key.public_key().public_bytes_raw()
        self.sign = key.sign


def open_p256(path: Path, *, make: bool) -> FileSigner:
    """Return the P-256 key of a file; where there is none, `make` it or raise KeyUnusable. Raises KeyUnusable."""
    key = _load(_read_or_make(path, lambda: _pem(ec.generate_private_key(ec.SECP256R1())), make=make), path)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusable(f"{path.name} is not a P-256 key")
    return FileSigner(key)


def open_ed25519(path: Path, *, make: bool) -> FileEd25519:
    """Return the Ed25519 key of a file; where there is none, `make` it or raise KeyUnusable. Raises KeyUnusable."""
    key = _load(_read_or_make(path, lambda: _pem(ed25519.Ed25519PrivateKey.generate()), make=make), path)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeyUnusable(f"{path.name} is not an Ed25519 key")
    return FileEd25519(key)


def open_secret(path: Path, *, make: bool) -> bytes:
    """Return the 32 random bytes of a file; where there is none, `make` them or raise KeyUnusable."""
    return _checked_secret(_read_or_make(path, lambda: secrets.token_bytes(32), make=make), path)


def load_secret(path: Path) -> bytes | None:
    """Return the 32 bytes of a file, or None where there is none (never made, or destroyed). Raises KeyUnusable."""
    try:
        return _checked_secret(read_private(path), path)
    except FileNotFoundError:
        return None


def _checked_secret(data: bytes, path: Path) -> bytes:
    if len(data) != 32:  # noqa: PLR2004 - the size of a SHA-256 key
        raise KeyUnusable(f"{path.name} does not hold 32 bytes")
    return data


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(pem: bytes, path: Path) -> object:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{path.name} is not a PEM private key") from None


def missing(path: Path) -> KeyUnusable:
    """Return the error for a file that the first start made and that is no longer there."""
    return KeyUnusable(f"{path.name} is missing; restore it from the backup of the keys")


def _read_or_make(path: Path, generate: Callable[[], bytes], *, make: bool) -> bytes:
    try:
        return read_private(path)
    except FileNotFoundError:
        if not make:
            raise missing(path) from None
    try:
        publish_file(path, generate())
    except OSError as error:
        raise KeyUnusable(f"{path.name} cannot be made: {error.strerror}") from None
    return read_private(path)


def read_private(path: Path) -> bytes:
    """Return what a file of mode 600 holds. Raises FileNotFoundError, KeyUnusable."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyUnusable(f"{path.name} can be read by others; its mode must be 600")
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyUnusable(f"{path.name} cannot be read: {error.strerror}") from None


def publish_file(path: Path, data: bytes) -> None:
    """Write a file of mode 600 whole and synced, unless it is there already; safe among several processes."""
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink()
    sync_folder(path.parent)


def overwrite_and_remove(path: Path) -> None:
    """Fill a file with random bytes, sync, and remove it; one that is gone already is no error. Raises OSError."""
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:  # another process was first
        return
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that names made or replaced in a folder outlive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mark_of(path: Path) -> Mark | None:
    """Return what tells one file from another put in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_ctime_ns)
