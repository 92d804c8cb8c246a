"""A witness's key and its memory, made together at the first start and never one without the other.

`FOLDER/witness/key.pem` (mode 600) and `FOLDER/witness/state.db`. A witness that forgot what it cosigned could be led
to cosign a second history, so what is missing is never made anew.
"""

import os
import secrets
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.tlog.cosignature import WitnessKey
from sigill.tlog.note import is_key_name
from sigill.witness.store import FORMAT, Store, make_store

_PAIR: Final = "witness"
_KEY: Final = "key.pem"
_STATE: Final = "state.db"
_KEY_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_ADVICE: Final = (
    "Put it back if it was moved. If it is lost, begin a new witness in an empty folder, "
    "and tell whoever lists this one that its key has changed."
)


class WitnessUnusable(Exception):
    """The folder holds no witness that may run. `str()` is plain sentences that say what to do."""


class FileCosigner:
    """A witness's name and its private key, read once."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._witness = WitnessKey(name, key.public_key().public_bytes_raw())

    @property
    def witness(self) -> WitnessKey:
        """The public half."""
        return self._witness

    def sign(self, message: bytes) -> bytes:
        """Return the plain Ed25519 signature (64 bytes) over `message`."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class OpenWitness:
    """A witness that may run: its key, its memory, and the folder where both are kept."""

    cosigner: FileCosigner
    store: Store
    folder: Path


def open_witness(folder: Path, *, name: str | None) -> tuple[OpenWitness, bool]:
    """Return the witness kept in `folder`, and whether it was made just now; `name` is needed for that only.

    Raises WitnessUnusable.
    """
    pair = folder / _PAIR
    made = not pair.exists()
    try:
        if made:
            _make(folder, _new_name(folder, name))
        return _open(pair, name=name), made
    except sqlite3.Error as error:
        raise WitnessUnusable(f"{pair / _STATE} cannot be used: {error}. {_ADVICE}") from error
    except OSError as error:
        raise WitnessUnusable(f"{error.filename or pair} cannot be used: {error.strerror or error}.") from error


def _new_name(folder: Path, name: str | None) -> str:
    if name is None:
        raise WitnessUnusable(f"There is no witness in {folder} yet. Give it a name: --name witness.example/w1")
    if not is_key_name(name):
        raise WitnessUnusable(
            "A witness's name is 1 to 255 characters without blanks and plus signs, as witness.example/w1."
        )
    return name


def _make(folder: Path, name: str) -> None:
    """Make key and state aside, and put both in place at once; of two that start together, one is first."""
    draft = folder / f".{_PAIR}.{secrets.token_hex(8)}"
    draft.mkdir(mode=_FOLDER_MODE, parents=True)
    try:
        key = Ed25519PrivateKey.generate()
        _write_synced(draft / _KEY, _pem(key))
        _write_synced(draft / _STATE, b"")  # for its mode
        make_store(draft / _STATE, name=name, public_key=key.public_key().public_bytes_raw())
        _sync_folder(draft)
        draft.rename(folder / _PAIR)
        _sync_folder(folder)
    except OSError:
        if not (folder / _PAIR).exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _open(pair: Path, *, name: str | None) -> OpenWitness:
    missing = [file for file in (_KEY, _STATE) if not (pair / file).exists()]
    if missing:
        raise WitnessUnusable(
            f"There is no {' and no '.join(missing)} in {pair}. A witness that has forgotten what it cosigned could be "
            f"led to cosign a second history, so it does not start. {_ADVICE}"
        )
    key = _read_key(pair / _KEY)
    store = Store(pair / _STATE)
    try:
        cosigner = _checked(pair, store, key, name)
    except BaseException:
        store.close()
        raise
    return OpenWitness(cosigner, store, pair)


def _checked(pair: Path, store: Store, key: Ed25519PrivateKey, name: str | None) -> FileCosigner:
    if store.format() != FORMAT:
        raise WitnessUnusable(f"{pair / _STATE} is no state of a witness that this version reads. {_ADVICE}")
    kept_name, public_key = store.identity()
    cosigner = FileCosigner(kept_name, key)
    if cosigner.witness.public_key != public_key:
        raise WitnessUnusable(f"{pair / _KEY} and {pair / _STATE} belong to two different witnesses. {_ADVICE}")
    if name not in {None, kept_name}:
        raise WitnessUnusable(
            f"The witness in {pair} is called {kept_name}, and a name cannot be changed. "
            "Leave out --name, or begin another witness in another folder."
        )
    return cosigner


def _read_key(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise WitnessUnusable(f"{path} can be read by others. Only its owner may: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise WitnessUnusable(f"{path} does not hold an Ed25519 key. {_ADVICE}")
    return key


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _KEY_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
