"""A process of its own: `append URL NAME THREADS COUNT` prints the indices it got, `die URL HOW` is killed midway."""

import hashlib
import os
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the repository's root

from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import VerifierKey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from storage.engine import make_engine
from transparency.append import Append, Token
from transparency.log import TransparencyLog

PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True)
class MemorySigner:
    name: str

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, PRIVATE_KEY.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return PRIVATE_KEY.sign(message)


def seal(name: str) -> Append:
    token = Token(f"jti-{name}", "bank", f"CODE{name}", f"jws.{name}", datetime(2026, 11, 22, tzinfo=UTC))
    return Append("bank", Leaf(LeafKind.SEAL, hashlib.sha256(token.jws.encode()).digest()), token=token)


class Dying:
    """A part that is killed when everything of its batch is written but the tiles and the head."""

    @classmethod
    def open(cls, _connection: object, _parts: object) -> "Dying":
        return cls()

    def check(self, _part: object) -> None:
        """Let everything in."""

    def take(self, _part: object, _place: object) -> None:
        """Note nothing."""

    def save(self, _connection: object, _tree_sizes: object) -> None:
        os._exit(9)


def append_many(log: TransparencyLog, name: str, count: int) -> None:
    for number in range(count):
        append = seal(f"{name}-{number}")
        appended = log.append(append)
        proven = verify_proof(
            appended.receipt,
            leaf_hash=hash_leaf(format_leaf(append.leaf)),
            origin=appended.origin,
            keys=[MemorySigner(appended.origin).verifier],
        )
        sys.stdout.write(f"{proven.index}\n")


def main(verb: str, url: str, *arguments: str) -> None:
    log = TransparencyLog(make_engine(url), signers_for=lambda origin, _at=None: (MemorySigner(origin),))
    if verb == "die":
        first, second = seal("first"), seal("second")
        if arguments == ("part",):
            log.append_all([first, Append("bank", second.leaf, second.token, parts=(Dying(),))])
        log.append(Append("bank", second.leaf, second.token, writes=(lambda _connection, _index: os._exit(9),)))
    name, threads, count = arguments
    workers = [
        threading.Thread(target=append_many, args=(log, f"{name}-{worker}", int(count)))
        for worker in range(int(threads))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
