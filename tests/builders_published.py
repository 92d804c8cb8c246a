"""A whole deployment as it is published into a folder: operators' logs, the root log over them, a trust file.

    made = Published(folder)
    made.log("exempelbanken").grow(700)
    made.publish()

Everything is signed with real keys that tests hold, so they can also sign what an honest guarantor would not.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.report.trust import Trust, TrustedLog, format_trust
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.cosignature import WitnessKey, cosign
from sigill.tlog.leaf import AnyLeaf, HeadLeaf, Leaf, LeafKind, format_leaf
from sigill.tlog.log_policy import Group, LogPolicy, PolicyWitness, format_log_policy
from sigill.tlog.note import format_signatures, format_vkey, parse_note
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, Tile, format_bundle, format_path, tile_width
from sigill.tlog.tree import EMPTY_ROOT, Frontier, grow, hash_leaf
from tests.builders_growing_log import MemorySigner

PREFIX: Final = "guarantor.example/log"
COSIGNED_AT_S: Final = 1_795_305_600


@dataclass(frozen=True)
class Witness:
    """A witness that cosigns whatever a test wants."""

    name: str

    @property
    def private_key(self) -> Ed25519PrivateKey:
        return _private_key(f"witness {self.name}")

    @property
    def witness(self) -> WitnessKey:
        return WitnessKey(f"witness.example/{self.name}", self.private_key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)

    def cosigned(self, note: str, *, at_s: int = COSIGNED_AT_S) -> str:
        return note + format_signatures([cosign(parse_note(note).text, signer=self, time_s=at_s)])


@dataclass
class BuiltLog:
    """A log whose entries a test adds, changes, and signs."""

    name: str
    entries: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"{PREFIX}/{self.name}"

    @property
    def signer(self) -> MemorySigner:
        return MemorySigner(self.origin, _private_key(self.name))

    def grow(self, count: int, *, salt: str = "") -> None:
        """Add leaves; another `salt` makes other leaves."""
        begin = len(self.entries)
        self.add(*(_leaf(begin + number, salt) for number in range(count)))

    def add(self, *leaves: AnyLeaf) -> None:
        self.entries += map(format_leaf, leaves)

    def copy(self) -> "BuiltLog":
        """Return a log with the same key and, so far, the same entries: the beginning of a fork."""
        return BuiltLog(self.name, list(self.entries))

    def root(self, size: int | None = None) -> bytes:
        return grow(Frontier(), map(hash_leaf, self.entries[:size]))[0].root()

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.entries) if size is None else size
        root = self.root(size) if size else EMPTY_ROOT
        return sign_checkpoint(Checkpoint(self.origin, size, root), signer=self.signer)

    def head(self, size: int | None = None) -> HeadLeaf:
        size = len(self.entries) if size is None else size
        return HeadLeaf(self.origin, size, self.root(size))

    def files(self) -> dict[str, bytes]:
        """Return every tile and bundle of the log as it is, by its path."""
        size = len(self.entries)
        levels: dict[int, list[bytes]] = {}
        for level, _, value in grow(Frontier(), map(hash_leaf, self.entries))[1]:
            if level % TILE_HEIGHT == 0:
                levels.setdefault(level // TILE_HEIGHT, []).append(value)
        files = {}
        for level, hashes in levels.items():
            for index in range(-(-len(hashes) // TILE_WIDTH)):
                tile = Tile(level, index, tile_width(size, level, index))
                files[format_path(tile)] = b"".join(hashes[index * TILE_WIDTH : (index + 1) * TILE_WIDTH])
        for index in range(-(-size // TILE_WIDTH)):
            bundle = Bundle(index, tile_width(size, 0, index))
            files[format_path(bundle)] = format_bundle(self.entries[index * TILE_WIDTH : (index + 1) * TILE_WIDTH])
        return files


class Published:
    """The deployment in a folder."""

    def __init__(
        self, folder: Path, *, witnesses: Iterable[Witness] = (), witness_urls: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.root = BuiltLog("root")
        self.logs: dict[str, BuiltLog] = {}
        self.witnesses = tuple(witnesses)
        self.witness_urls = witness_urls or {}

    def log(self, name: str) -> BuiltLog:
        return self.logs.setdefault(name, BuiltLog(name))

    def add_heads(self) -> None:
        """Put the present head of every log into the root log, as the publisher does."""
        self.root.add(*(log.head() for log in self.logs.values() if log.entries))

    def publish(self, *, heads: bool = True) -> None:
        """Write everything anew."""
        if heads:
            self.add_heads()
        for log in (*self.logs.values(), self.root):
            self.publish_log(log)
        self.write(".well-known/sigill-trust.json", json.dumps(format_trust(self.trust)).encode())

    def publish_log(self, log: BuiltLog, *, note: str | None = None) -> None:
        """Write one log, with the checkpoint of all its entries or with another."""
        shutil.rmtree(self.folder / f"log/{log.name}/tile", ignore_errors=True)  # narrower tiles of before
        for path, data in log.files().items():
            self.write(f"log/{log.name}/{path}", data)
        note = log.checkpoint() if note is None else note
        if log.name == "root":
            for witness in self.witnesses:
                note = witness.cosigned(note)
        self.write(f"log/{log.name}/checkpoint", note.encode())

    def write(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def path(self, path: str) -> Path:
        return self.folder / path

    def flip(self, path: str, *, at: int = 5) -> None:
        """Flip a bit of a published file."""
        data = bytearray(self.path(path).read_bytes())
        data[at % len(data)] ^= 1
        self.write(path, bytes(data))

    @property
    def policy(self) -> LogPolicy:
        witnesses = {
            each.name: PolicyWitness(each.witness, self.witness_urls.get(each.name)) for each in self.witnesses
        }
        if not witnesses:
            return LogPolicy()
        return LogPolicy((), witnesses, {"all": Group(len(witnesses), tuple(witnesses))}, "all")

    @property
    def trust(self) -> Trust:
        return Trust(
            "https://guarantor.example",
            datetime(2026, 11, 22, tzinfo=UTC),
            (),
            {name: _trusted(log) for name, log in self.logs.items()},
            _trusted(self.root),
            format_log_policy(self.policy) if self.witnesses else None,
        )


def _trusted(log: BuiltLog) -> TrustedLog:
    return TrustedLog(log.name, log.origin, format_vkey(log.signer.verifier), f"https://{log.origin}")


def _private_key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(f"test key of {name}".encode()).digest())


def _leaf(number: int, salt: str) -> Leaf:
    kinds = (LeafKind.SEAL, LeafKind.SEAL, LeafKind.SEAL, LeafKind.EVENT, LeafKind.DENY)
    return Leaf(kinds[number % len(kinds)], sha256(f"{number} {salt}".encode()).digest())
