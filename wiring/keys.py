"""The ring's keys in the forms that the packages ask for them."""

from collections.abc import Callable
from datetime import datetime

from signing.keys.generations import FileNoteSigner
from signing.keys.listing import KeyKind
from signing.keys.ring import KeyRing
from verification.world import ReportKey


def note_signers_at(
    keys: KeyRing, now: Callable[[], datetime], origin: str, at: datetime | None = None
) -> tuple[FileNoteSigner, ...]:
    """Return the keys that sign a log's checkpoints at `at` (None: now), newest first. Raises KeyUnusable."""
    return keys.note_signers(origin, now() if at is None else at)


def report_key(keys: KeyRing, at: datetime) -> ReportKey:
    """Return the newest key of verification receipts, run out or not: no verdict is withheld because of its receipt."""
    signer = keys.current().latest(KeyKind.REPORT, at)
    return ReportKey(kid=signer.kid, private_key=signer.private_key)
