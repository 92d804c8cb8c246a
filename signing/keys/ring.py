"""The guarantor's keys in one folder, made at the first start; what is published of them stands beside, in `keys.json`.

keys/seal-1.pem     P-256, signs seals               keys/log-1.pem        Ed25519, signs checkpoints
keys/report-1.pem   P-256, signs verification receipts   keys/reference.key  hides conversation references
keys/status-1.pem   P-256, signs status lists       keys/event-1.pem      P-256, signs conversations' events
keys/salts/<operator>/<year>-<month>.key             salts of the disclosures

A data folder older than a kind of key gets it at its next start: what `keys.json` never listed is new, what it lists
and is gone is lost.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sigill.keys.jwks import PublishedKey
from sigill.report.trust import REPORT_TYP
from sigill.seal.jws import EVENT_TYP
from sigill.seal.token import TYP as SEAL_TYP
from sigill.status.token import TYP as STATUS_TYP
from sigill.tlog.note import VerifierKey
from signing.errors import KeyUnusable
from signing.keys.files import FileSigner, missing, open_ed25519, open_p256, open_secret, publish_file
from signing.keys.salts import SaltKeys

LIFETIME: Final = timedelta(days=730)
_SIGNERS: Final = {
    "seal-1.pem": SEAL_TYP,
    "report-1.pem": REPORT_TYP,
    "status-1.pem": STATUS_TYP,
    "event-1.pem": EVENT_TYP,
}
_ADDED_LATER: Final = frozenset({"status-1.pem", "event-1.pem"})  # folders are about that never had them
_Span = tuple[datetime, datetime]


class FileNoteSigner:
    """The log's Ed25519 key under the name of one log."""

    def __init__(self, name: str, key: ed25519.Ed25519PrivateKey) -> None:
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self._verifier = VerifierKey(name, raw)
        self._key = key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return self._verifier

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of 64 bytes."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key the service signs with, and what is published of them."""

    seal: FileSigner
    report: FileSigner
    status: FileSigner
    event: FileSigner
    log: ed25519.Ed25519PrivateKey
    reference: bytes
    salts: SaltKeys
    published: tuple[PublishedKey, ...]

    def note_signer(self, origin: str) -> FileNoteSigner:
        """Return the log key named as the log's origin."""
        return FileNoteSigner(origin, self.log)

    def check_seal_key(self, at: datetime) -> None:
        """Raise KeyUnusable if a seal of `at` would never be genuine: its key is not valid then."""
        self._check(self.seal, "seal", at)

    def check_event_key(self, at: datetime) -> None:
        """Raise KeyUnusable if nobody would believe an event of `at`."""
        self._check(self.event, "event", at)

    def fault(self, *, at: datetime) -> str | None:
        """Say which key may not sign at `at`, or None: a seal signed outside its key's time is never genuine."""
        late = [key.typ for key in self.published if not key.valid_from <= at < key.valid_until]
        return f"no key is valid now for {', '.join(late)}" if late else None

    def _check(self, signer: FileSigner, name: str, at: datetime) -> None:
        key = next(key for key in self.published if key.kid == signer.kid)
        if not key.valid_from <= at < key.valid_until:
            span = f"from {key.valid_from:%Y-%m-%d} to {key.valid_until:%Y-%m-%d}"
            raise KeyUnusable(f"the {name} key is valid {span} only")


def open_key_ring(folder: Path, *, at: datetime, first_start: bool) -> KeyRing:
    """Return the keys of a folder.

    At the first start, what is missing is made, valid from `at`. Later only a key of a kind that the folder never had
    is: one made in place of a lost one would make every earlier seal, receipt and checkpoint worthless. Raises
    KeyUnusable.
    """
    path = folder / "keys.json"
    with _alone(folder) if first_start or _new(_kept(path)) else nullcontext():
        kept = _kept(path)
        made = set(_SIGNERS) if first_start else _new(kept)
        signers = {name: open_p256(folder / name, make=name in made) for name in _SIGNERS}
        log = open_ed25519(folder / "log-1.pem", make=first_start)
        reference = open_secret(folder / "reference.key", make=first_start)
        if not kept and not first_start:
            raise missing(path)
        spans = _spans(path, kept, at=at)
    return KeyRing(
        seal=signers["seal-1.pem"],
        report=signers["report-1.pem"],
        status=signers["status-1.pem"],
        event=signers["event-1.pem"],
        log=log,
        reference=reference,
        salts=SaltKeys(folder / "salts"),
        published=tuple(
            PublishedKey(
                kid=signers[name].kid,
                typ=typ,
                public_key=signers[name].public_key,
                valid_from=spans[name][0],
                valid_until=spans[name][1],
            )
            for name, typ in _SIGNERS.items()
        ),
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time look which keys there are and add what is missing; the lock ends with the process."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise KeyUnusable(f"{folder.name} cannot be made or opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _kept(path: Path) -> dict[str, Any]:
    """Return what `keys.json` lists, nothing where there is none. Raises KeyUnusable."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text("utf-8"))
    except ValueError:
        raise _unreadable(path) from None
    if not isinstance(kept, dict) or not set(_SIGNERS) - _ADDED_LATER <= set(kept):
        raise _unreadable(path)
    return kept


def _new(kept: dict[str, Any]) -> set[str]:
    """Return the keys of kinds that came after the folder's first start."""
    return set(_SIGNERS) - set(kept) if kept else set()


def _spans(path: Path, kept: dict[str, Any], *, at: datetime) -> dict[str, _Span]:
    """Return when each key is valid; what is not listed yet is, from `at`. Raises KeyUnusable."""
    begin = int(at.timestamp())
    new = {name: {"nbf": begin, "exp": begin + int(LIFETIME.total_seconds())} for name in _SIGNERS if name not in kept}
    if new:
        _replace_file(path, json.dumps(kept | new, indent=1).encode())
    try:
        return {name: _span(span) for name, span in (kept | new).items() if name in _SIGNERS}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _unreadable(path) from None


def _span(kept: dict[str, Any]) -> _Span:
    return datetime.fromtimestamp(kept["nbf"], UTC), datetime.fromtimestamp(kept["exp"], UTC)


def _unreadable(path: Path) -> KeyUnusable:
    return KeyUnusable(f"{path.name} does not say when each key is valid")


def _replace_file(path: Path, data: bytes) -> None:
    """Put a whole new file of mode 600 in the place of `path`: a crash leaves the old or the new one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        publish_file(draft, data)
        draft.replace(path)
    except OSError as error:
        raise KeyUnusable(f"{path.name} cannot be written: {error.strerror}") from None
