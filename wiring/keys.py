"""The ring's keys in the forms that the packages ask for them."""

from collections.abc import Callable
from datetime import datetime

from settings import Settings
from signing.keys.generations import LogSigner
from signing.keys.listing import KeyKind
from signing.keys.protocol import P256Signer
from signing.keys.ring import KeyRing, open_key_ring
from signing.keys.stores import Stores


def open_keys(settings: Settings, *, at: datetime, first_start: bool) -> KeyRing:
    """Return the keys of the data folder, wherever they live. Raises KeyUnusable."""
    return open_key_ring(
        settings.var / "keys",
        at=at,
        first_start=first_start,
        seal_lifetime=settings.seal_lifetime,
        stores=Stores(settings.key_stores),
    )


def note_signers_at(
    keys: KeyRing, now: Callable[[], datetime], origin: str, at: datetime | None = None
) -> tuple[LogSigner, ...]:
    """Return the keys that sign a log's checkpoints at `at` (None: now), newest first. Raises KeyUnusable."""
    return keys.note_signers(origin, now() if at is None else at)


def report_signer(keys: KeyRing, at: datetime) -> P256Signer:
    """Return the newest key of verification receipts, run out or not: no verdict is withheld because of its receipt."""
    return keys.current().latest(KeyKind.REPORT, at)
