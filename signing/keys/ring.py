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
from sigill.seal.token import TYP as SEAL_TYP
from sigill.tlog.note import VerifierKey
from signing.errors import KeyUnusable
from signing.keys.files import FileSigner, load_or_make_ed25519, load_or_make_p256, load_or_make_secret, publish_file
from signing.keys.salts import SaltKeys

REPORT_TYP: Final = "ai-verification-report+jwt"
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

    def fault(self, *, at: datetime) -> str | None:
        """Say which key may not sign at `at`, or None: a seal signed outside its key's time is never genuine."""
        late = [key.typ for key in self.published if not key.valid_from <= at < key.valid_until]
        return f"no key is valid now for {', '.join(late)}" if late else None


def open_key_ring(folder: Path, *, at: datetime) -> KeyRing:
    """Return the keys of a folder, made now where there are none. Raises KeyUnusable."""
    signers = {name: load_or_make_p256(folder / name) for name in _SIGNERS}
    spans = _spans(folder / "keys.json", at=at)
    return KeyRing(
        seal=signers["seal-1.pem"],
        report=signers["report-1.pem"],
        log=load_or_make_ed25519(folder / "log-1.pem"),
        reference=load_or_make_secret(folder / "reference.key"),
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


def _spans(path: Path, *, at: datetime) -> dict[str, tuple[datetime, datetime]]:
    if not path.exists():
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
