"""All generations of the guarantor's keys as `keys.json` listed them once: which signs when, and what is published.

A value: whoever holds one signs with the same keys whatever changes in the folder. `signing.keys.ring` follows the
folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from sigill.keys.jwks import PublishedKey
from sigill.tlog.note import VerifierKey, format_vkey
from signing.errors import KeyUnusable
from signing.keys.files import open_ed25519, open_p256
from signing.keys.listing import TYPS, KeyKind, ListedKey, Listing
from signing.keys.planning import LIFETIME, is_published
from signing.keys.protocol import Ed25519Signer, P256Signer
from signing.keys.stores import Stores

TOLD_BEFORE: Final = timedelta(days=30)
_NAMED: Final = 4096  # logs whose signers are kept
_PROBE: Final = "sigill-does-this-key-answer"  # no JWS and no note: its signature says nothing

AnyKey: TypeAlias = "P256Signer | LogKey"


class LogSigner:
    """The log's Ed25519 key under the name of one log."""

    def __init__(self, name: str, key: Ed25519Signer) -> None:
        self._verifier = VerifierKey(name, key.public_bytes)
        self._key = key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return self._verifier

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of 64 bytes."""
        return self._key.sign(message)


class LogKey:
    """One Ed25519 key, which signs every log's checkpoints under the log's name."""

    def __init__(self, key: Ed25519Signer) -> None:
        self.vkey_end = format_vkey(VerifierKey("x", key.public_bytes)).split("+", 2)[2]
        self.named = lru_cache(maxsize=_NAMED)(lambda origin: LogSigner(origin, key))


@dataclass(frozen=True, slots=True, eq=False)
class Generations:
    """Every listed key, loaded. `signers` and `log_keys` are by the name of their file."""

    listing: Listing
    signers: Mapping[str, P256Signer]
    log_keys: Mapping[str, LogKey]

    def signer(self, kind: KeyKind, at: datetime) -> P256Signer:
        """Return the P-256 key that signs at `at`: the newest whose span holds it.

        Raises KeyUnusable: nobody would believe what another one signed.
        """
        for key in self.listing.keys:
            if key.kind is kind and key.valid_from <= at < key.valid_until:
                return self.signers[key.file]
        newest = self.listing.of(kind)[0]
        span = f"from {newest.valid_from:%Y-%m-%d} to {newest.valid_until:%Y-%m-%d}"
        raise KeyUnusable(f"the {kind} key is valid {span} only")

    def key(self, listed: ListedKey) -> AnyKey:
        """Return a listed key itself."""
        return self.log_keys[listed.file] if listed.kind is KeyKind.LOG else self.signers[listed.file]

    def latest(self, kind: KeyKind, at: datetime) -> P256Signer:
        """Return the P-256 key that signs at `at` or, where none is valid, the newest that was."""
        keys = self.listing.of(kind)
        holding = (key for key in keys if key.holds(at))
        begun = (key for key in keys if key.valid_from <= at)
        return self.signers[next(holding, next(begun, keys[-1])).file]

    def note_signers(self, origin: str, at: datetime) -> tuple[LogSigner, ...]:
        """Return the keys that sign a log's checkpoints at `at`, newest first: two while one takes over.

        Raises KeyUnusable.
        """
        signing = [key for key in self.listing.of(KeyKind.LOG) if key.holds(at)]
        if not signing:
            raise KeyUnusable("no log key is valid now")
        return tuple(self.log_keys[key.file].named(origin) for key in signing)

    def note_keys(self, origin: str, at: datetime | None = None) -> tuple[VerifierKey, ...]:
        """Return every key that signed a log's checkpoints up to `at` (or ever will), newest first."""
        begun = [key for key in self.listing.of(KeyKind.LOG) if at is None or key.valid_from <= at]
        return tuple(self.log_keys[key.file].named(origin).verifier for key in begun or self.listing.of(KeyKind.LOG))

    def sound_note_keys(self, origin: str, at: datetime) -> tuple[VerifierKey, ...]:
        """Return as `note_keys` those that are not compromised."""
        begun = (key for key in self.listing.of(KeyKind.LOG) if key.valid_from <= at and key.compromised_at is None)
        return tuple(self.log_keys[key.file].named(origin).verifier for key in begun)

    def published(self, at: datetime) -> tuple[PublishedKey, ...]:
        """Return the P-256 keys of the JWKS: those that sign, that are to, and whose signatures can still count."""
        return tuple(
            PublishedKey(
                kid=self.signers[key.file].kid,
                typ=TYPS[key.kind],
                public_key=self.signers[key.file].public_key,
                valid_from=key.valid_from,
                valid_until=key.valid_until,
                compromised_at=key.compromised_at,
            )
            for key in self.listing.keys
            if key.kind in TYPS and is_published(key, kept_for=self.listing.kept_for, at=at)
        )

    def fault(self, at: datetime) -> str | None:
        """Say for what no key may sign at `at`, or None."""
        held = {key.kind for key in self.listing.keys if key.holds(at)}
        late = [TYPS.get(kind, "checkpoints") for kind in KeyKind if kind not in held]
        return f"no key is valid now for {', '.join(late)}" if late else None

    def silent(self, at: datetime) -> list[str]:
        """Have each key that may sign at `at` and is no file sign something; say of which nothing comes."""
        said = []
        for key in self.listing.keys:
            if key.home is not None and key.holds(at) and key.compromised_at is None:
                signer = self.log_keys[key.file].named(_PROBE) if key.kind is KeyKind.LOG else self.signers[key.file]
                try:
                    signer.sign(_PROBE.encode("ascii"))
                except KeyUnusable as error:
                    said.append(str(error))
        return said

    def warnings(self, at: datetime) -> list[str]:
        """Say in good time which keys run out or have signed for long."""
        said = []
        for kind in KeyKind:
            newest = self.listing.of(kind)[0]
            ends = newest.valid_until if kind in TYPS else newest.valid_from + LIFETIME
            if ends - at < TOLD_BEFORE:
                verb = "runs out" if kind in TYPS else "has signed for two years on"
                said.append(f"the {kind} key {verb} {ends:%Y-%m-%d}: python -m running.keys rotate {kind}")
        return said


def name_of(key: AnyKey) -> str:
    """Return what a key is known by in public: its kid, or how the verifier keys of a log's key end."""
    return key.vkey_end if isinstance(key, LogKey) else key.kid


def load_key(folder: Path, key: ListedKey, *, stores: Stores, make: bool = False) -> AnyKey:
    """Return a listed key: from its file (where there is none, `make` it), or from what the list says of its home.

    Raises KeyUnusable.
    """
    if key.home is not None:
        is_log = key.kind is KeyKind.LOG
        return LogKey(stores.open_ed25519(key.file, key.home)) if is_log else stores.open_p256(key.file, key.home)
    path = folder / key.file
    return LogKey(open_ed25519(path, make=make)) if key.kind is KeyKind.LOG else open_p256(path, make=make)


def load_generations(
    folder: Path, listing: Listing, *, stores: Stores, known: "Generations | None" = None
) -> Generations:
    """Return the listed keys, those that are `known` without reading their files again. Raises KeyUnusable."""
    kept: dict[str, AnyKey] = {} if known is None else {**known.signers, **known.log_keys}
    keys = {key.file: kept.get(key.file) or load_key(folder, key, stores=stores) for key in listing.keys}
    return Generations(
        listing,
        {name: key for name, key in keys.items() if not isinstance(key, LogKey)},
        {name: key for name, key in keys.items() if isinstance(key, LogKey)},
    )
