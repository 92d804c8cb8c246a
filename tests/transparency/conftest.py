"""A log over a real SQLite file, its key, and `check_log`, which re-derives everything a log says of itself."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select

from sigill.tlog.checkpoint import Checkpoint, verify_checkpoint
from sigill.tlog.leaf import HeadLeaf, Leaf, LeafKind, format_leaf, leaf_of
from sigill.tlog.note import NoteSigner, VerifierKey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import Frontier, grow, hash_leaf
from storage.engine import make_engine, reading
from transparency.append import Append, Appended, Guard, Token, Write
from transparency.log import TransparencyLog
from transparency.sequencing import SignersFor
from transparency.tables import entries, logs, records, tiles, tokens

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True)
class MemorySigner:
    name: str

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, PRIVATE_KEY.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return PRIVATE_KEY.sign(message)


@dataclass
class Notary:
    """Signs for every origin; `broken` makes its key store fail."""

    broken: bool = False
    signed: list[str] = field(default_factory=list)

    def signers_for(self, origin: str, _at: datetime | None = None, /) -> tuple[NoteSigner, ...]:
        if self.broken:
            raise ConnectionError("the key store does not answer")
        self.signed.append(origin)
        return (MemorySigner(origin),)


@pytest.fixture
def notary() -> Notary:
    return Notary()


@pytest.fixture
def signers_for(notary: Notary) -> SignersFor:
    return notary.signers_for


@pytest.fixture
def url(database_url: str) -> str:
    """A database of each kind in turn; PostgreSQL's with `make test-servers`."""
    return database_url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url, busy_timeout_s=0.3)
    yield engine
    engine.dispose()


@pytest.fixture
def log(engine: Engine, notary: Notary) -> TransparencyLog:
    log = TransparencyLog(engine, signers_for=notary.signers_for)
    log.create_log("bank", "log.example/op/bank")
    log.create_log("telco", "log.example/op/telco")
    return log


Seal = Callable[..., Append]


@pytest.fixture
def seal() -> Seal:
    """Build the append of a seal: `seal("bank", "1")` has the JWS `jws.1`, the jti `jti-1` and the code `CODE1`."""

    def make(
        log_id: str,
        name: str,
        *,
        code: str | None = "CODE{name}",
        guards: tuple[Guard, ...] = (),
        writes: tuple[Write, ...] = (),
    ) -> Append:
        jws = f"jws.{name}"
        token = Token(f"jti-{name}", log_id, code.format(name=name) if code else None, jws, AT)
        return Append(log_id, leaf_of(LeafKind.SEAL, jws.encode()), token=token, guards=guards, writes=writes)

    return make


@pytest.fixture
def check_receipt() -> Callable[[Append, Appended], None]:
    """Fail unless the receipt proves that very leaf, at that index, under the log's signature."""

    def check(append: Append, appended: Appended) -> None:
        proven = verify_proof(
            appended.receipt,
            leaf_hash=hash_leaf(format_leaf(append.leaf)),
            origin=appended.origin,
            keys=[MemorySigner(appended.origin).verifier],
        )
        assert proven.index == appended.index
        assert appended.log_id == append.log_id

    return check


@pytest.fixture
def check_log(engine: Engine) -> Callable[[str], int]:
    """Re-derive a log from its entries and compare with head, checkpoint, tiles, tokens, records; return its size."""

    def check(log_id: str) -> int:
        with reading(engine) as connection:
            head = connection.execute(select(logs).where(logs.c.log_id == log_id)).one()
            found = connection.execute(select(entries).where(entries.c.log_id == log_id).order_by(entries.c.idx)).all()
            stored_tiles = connection.execute(select(tiles).where(tiles.c.log_id == log_id)).all()
            stored_tokens = connection.execute(select(tokens).where(tokens.c.log_id == log_id)).all()
            stored_records = connection.execute(select(records).where(records.c.log_id == log_id)).all()
        assert [row.idx for row in found] == list(range(head.size)), "indices have a gap"
        leaves = [
            HeadLeaf(row.head_origin, row.head_size, row.hash)
            if row.kind == "head"
            else Leaf(LeafKind(row.kind), row.hash)
            for row in found
        ]
        frontier, nodes = grow(Frontier(), (hash_leaf(format_leaf(leaf)) for leaf in leaves))
        key = MemorySigner(head.origin).verifier
        checkpoint = verify_checkpoint(head.checkpoint, origin=head.origin, keys=[key])
        assert checkpoint == Checkpoint(head.origin, head.size, frontier.root())
        assert head.root == frontier.root()
        expected: dict[tuple[int, int], bytes] = {}
        for level, index, value in nodes:
            if level % 8 == 0:
                place = (level // 8, index // 256)
                expected[place] = expected.get(place, b"") + value
        assert {(row.level, row.n): row.data for row in stored_tiles} == expected
        for row in stored_tokens:
            assert found[row.idx].hash == hashlib.sha256(row.jws.encode()).digest()
        for row in stored_records:
            assert (found[row.idx].kind, found[row.idx].hash) == (row.kind, hashlib.sha256(row.body).digest())
        return int(head.size)

    return check
