"""The guarantor's keys in one folder, made at the first start; what is published of them stands beside, in `keys.json`.

keys/seal-1.pem     P-256, signs seals               keys/log-1.pem        Ed25519, signs checkpoints
keys/report-1.pem   P-256, signs verification receipts   keys/reference.key  hides conversation references
keys/salts/<operator>/<year>-<month>.key             salts of the disclosures
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from sigill.keys.jwks import PublishedKey
from sigill.report.trust import REPORT_TYP
from sigill.seal.token import TYP as SEAL_TYP
from sigill.tlog.note import VerifierKey
from signing.errors import KeyUnusable
from signing.keys.files import FileSigner, missing, open_ed25519, open_p256, open_secret, publish_file
from signing.keys.salts import SaltKeys

LIFETIME: Final = timedelta(days=730)
_SIGNERS: Final = {"seal-1.pem": SEAL_TYP, "report-1.pem": REPORT_TYP}


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
    log: ed25519.Ed25519PrivateKey
    reference: bytes
    salts: SaltKeys
    published: tuple[PublishedKey, ...]

    def note_signer(self, origin: str) -> FileNoteSigner:
        """Return the log key named as the log's origin."""
        return FileNoteSigner(origin, self.log)

    def check_seal_key(self, at: datetime) -> None:
        """Raise KeyUnusable if a seal of `at` would never be genuine: its key is not valid then."""
        key = next(key for key in self.published if key.kid == self.seal.kid)
        if not key.valid_from <= at < key.valid_until:
            raise KeyUnusable(
                f"the seal key is valid from {key.valid_from:%Y-%m-%d} to {key.valid_until:%Y-%m-%d} only"
            )

    def fault(self, *, at: datetime) -> str | None:
        """Say which key may not sign at `at`, or None: a seal signed outside its key's time is never genuine."""
        late = [key.typ for key in self.published if not key.valid_from <= at < key.valid_until]
        return f"no key is valid now for {', '.join(late)}" if late else None


def open_key_ring(folder: Path, *, at: datetime, first_start: bool) -> KeyRing:
    """Return the keys of a folder.

    At the first start, what is missing is made, valid from `at`. Later nothing is: a key made in place of a lost one
    would make every earlier seal, receipt and checkpoint worthless. Raises KeyUnusable.
    """
    signers = {name: open_p256(folder / name, make=first_start) for name in _SIGNERS}
    log = open_ed25519(folder / "log-1.pem", make=first_start)
    reference = open_secret(folder / "reference.key", make=first_start)
    spans = _spans(folder / "keys.json", at=at, make=first_start)
    return KeyRing(
        seal=signers["seal-1.pem"],
        report=signers["report-1.pem"],
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


def _spans(path: Path, *, at: datetime, make: bool) -> dict[str, tuple[datetime, datetime]]:
    if not path.exists():
        if not make:
            raise missing(path)
        begin = int(at.timestamp())
        spans = {name: {"nbf": begin, "exp": begin + int(LIFETIME.total_seconds())} for name in _SIGNERS}
        publish_file(path, json.dumps(spans, indent=1).encode())
    try:
        kept = json.loads(path.read_text("utf-8"))
        return {
            name: (datetime.fromtimestamp(kept[name]["nbf"], UTC), datetime.fromtimestamp(kept[name]["exp"], UTC))
            for name in _SIGNERS
        }
    except (KeyError, TypeError, ValueError, OverflowError):
        raise KeyUnusable(f"{path.name} does not say when each key is valid") from None
