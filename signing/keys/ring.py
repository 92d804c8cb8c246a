"""The guarantor's keys in one folder, made at the first start; which of them count stands beside, in `keys.json`.

keys/seal-1.pem     P-256, signs seals               keys/log-1.pem        Ed25519, signs checkpoints
keys/report-1.pem   P-256, signs verification receipts   keys/reference.key  hides conversation references
keys/status-1.pem   P-256, signs status lists       keys/event-1.pem      P-256, signs conversations' events
keys/token-1.pem    P-256, signs access tokens
keys/salts/<operator>/<year>-<month>.key             salts of the disclosures

After a rotation there is `seal-2.pem` beside `seal-1.pem`, and so on. A data folder older than a kind of key gets it
at its next start: what `keys.json` never listed is new, what it lists and is gone is lost.
"""

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from sigill.keys.jwks import PublishedKey
from sigill.seal.jws import ACCESS_TOKEN_TYP
from sigill.tlog.note import VerifierKey
from signing.errors import KeyUnusable
from signing.keys.files import Mark, mark_of, missing, open_secret
from signing.keys.folder import alone_in, find_listing, load_listing, save_listing
from signing.keys.generations import Generations, LogSigner, load_generations, load_key
from signing.keys.listing import NAME, TYPS, KeyKind, ListedKey, Listing, in_order
from signing.keys.planning import LIFETIME
from signing.keys.protocol import P256Signer
from signing.keys.salts import SaltKeys
from signing.keys.stores import Stores

__all__ = ["LIFETIME", "KeyRing", "open_key_ring"]

LOOKED_AT_EVERY_S: Final = 1.0


class KeyRing:
    """The keys of a folder, as they are now: whatever is rotated is found within a second. Any number of threads.

    A list that cannot be read, or a new key that is missing, changes nothing: the keys known go on signing, and
    `warnings` says so.
    """

    def __init__(
        self, folder: Path, generations: Generations, *, mark: Mark | None, reference: bytes, stores: Stores
    ) -> None:
        self.reference = reference
        self.stores = stores
        self.salts = SaltKeys(folder / "salts")
        self._folder = folder
        self._generations = generations
        self._mark = mark
        self._next_look_s = time.monotonic() + LOOKED_AT_EVERY_S
        self._looking = Lock()
        self._trouble: str | None = None

    def current(self) -> Generations:
        """Return the keys, at most a second old."""
        if time.monotonic() >= self._next_look_s and self._looking.acquire(blocking=False):  # one looks, no one waits
            try:
                self.look()
            finally:
                self._looking.release()
        return self._generations

    def signer(self, kind: KeyKind, at: datetime) -> P256Signer:
        """Return the P-256 key that signs at `at`. Raises KeyUnusable."""
        return self.current().signer(kind, at)

    def seal_signer(self, at: datetime) -> P256Signer:
        """Return the key of seals made at `at`. Raises KeyUnusable: such a seal would never be genuine."""
        return self.current().signer(KeyKind.SEAL, at)

    def event_signer(self, at: datetime) -> P256Signer:
        """Return the key of events recorded at `at`. Raises KeyUnusable: nobody would believe such an event."""
        return self.current().signer(KeyKind.EVENT, at)

    def token_key(self, kid: str, at: datetime) -> ec.EllipticCurvePublicKey | None:
        """Return the key of access tokens that is called `kid`, unless it is not believed or was retired long ago."""
        for key in self.published(at):
            if key.kid == kid and key.typ == ACCESS_TOKEN_TYP and key.compromised_at is None:
                return key.public_key
        return None

    def note_signers(self, origin: str, at: datetime) -> tuple[LogSigner, ...]:
        """Return the keys that sign a log's checkpoints at `at`, newest first. Raises KeyUnusable."""
        return self.current().note_signers(origin, at)

    def note_keys(self, origin: str, at: datetime | None = None) -> tuple[VerifierKey, ...]:
        """Return every key that signed a log's checkpoints up to `at` (or ever will), newest first."""
        return self.current().note_keys(origin, at)

    def published(self, at: datetime) -> tuple[PublishedKey, ...]:
        """Return the P-256 keys that belong in the JWKS at `at`."""
        return self.current().published(at)

    def fault(self, *, at: datetime) -> str | None:
        """Say for what no key may sign at `at`, or None."""
        return self.current().fault(at)

    def warnings(self, *, at: datetime) -> list[str]:
        """Say which keys run out within a month, and what is wrong with the folder."""
        said = self.current().warnings(at)
        return said if self._trouble is None else [*said, f"the keys were not read anew: {self._trouble}"]

    def silent(self, *, at: datetime) -> list[str]:
        """Ask the keys that may sign at `at`, on a token or in KMS, and say which do not answer."""
        return self.current().silent(at)

    def look(self) -> None:
        """Read the list again if it changed, without waiting for the second to be over."""
        self._next_look_s = time.monotonic() + LOOKED_AT_EVERY_S
        mark = mark_of(self._folder / NAME)
        if mark == self._mark:
            self._trouble = None
            return
        try:
            self._generations = load_generations(
                self._folder, load_listing(self._folder), stores=self.stores, known=self._generations
            )
        except KeyUnusable as error:  # seen again at the next look
            self._trouble = str(error)
            return
        self._mark, self._trouble = mark, None  # of a file not younger than what was read


def open_key_ring(
    folder: Path,
    *,
    at: datetime,
    first_start: bool,
    seal_lifetime: timedelta = timedelta(0),
    stores: Stores | None = None,
) -> KeyRing:
    """Return the keys of a folder whose seals live so long. Keys that are no files need not answer yet.

    At the first start, what is missing is made, valid from `at`. Later only a key of a kind that the folder never had
    is: one made in place of a lost one would make every earlier seal, receipt and checkpoint worthless. Raises
    KeyUnusable.
    """
    stores = stores or Stores()
    listed = find_listing(folder)
    if listed is None and not first_start:
        wanted = _completed(Listing(), at=at, seal_lifetime=seal_lifetime)
        load_generations(folder, wanted, stores=stores)  # names what else is wrong
        raise missing(folder / NAME)
    with alone_in(folder) if listed is None or first_start or _lacks(listed, seal_lifetime) else nullcontext():
        listed = find_listing(folder)
        wanted = _completed(listed or Listing(), at=at, seal_lifetime=seal_lifetime)
        new = set(wanted.keys) - set(() if listed is None else listed.keys)
        for key in wanted.keys:
            if first_start or key in new:
                load_key(folder, key, stores=stores, make=True)
        reference = open_secret(folder / "reference.key", make=first_start)
        if wanted != listed:
            save_listing(folder, wanted)
        mark = mark_of(folder / NAME)
    generations = load_generations(folder, load_listing(folder), stores=stores)
    return KeyRing(folder, generations, mark=mark, reference=reference, stores=stores)


def _lacks(listing: Listing, seal_lifetime: timedelta) -> bool:
    return seal_lifetime > listing.kept_for or any(not listing.of(kind) for kind in KeyKind)


def _completed(listing: Listing, *, at: datetime, seal_lifetime: timedelta) -> Listing:
    """Return the list with a first key of each kind it lacks, and with the longest life that its seals ever had."""
    begin = at.replace(microsecond=0)
    keys = {key.file: key for key in listing.keys}
    for kind in KeyKind:
        if not listing.of(kind):
            first = ListedKey(kind=kind, generation=1, valid_from=begin)
            keys[first.file] = replace(first, valid_until=begin + LIFETIME) if kind in TYPS else first
    return replace(listing, keys=in_order(keys), kept_for=max(listing.kept_for, seal_lifetime))
