"""A log in memory that grows, signs its heads and proves them: what a publisher brings to a witness."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.cosignature import WitnessKey
from sigill.tlog.note import VerifierKey, format_vkey
from sigill.tlog.tree import Frontier, consistency_proof, grow, hash_leaf, root_hash
from sigill.tlog.witness_wire import AddCheckpoint

ORIGIN = "log.example/root"


@dataclass(frozen=True)
class MemorySigner:
    """A log's key."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


@dataclass(frozen=True)
class MemoryCosigner:
    """A witness's key."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def witness(self) -> WitnessKey:
        return WitnessKey(self.name, self.private_key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private_key.sign(message)


def seeded(seed: int) -> Ed25519PrivateKey:
    """Return the key of a seed, always the same."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


@dataclass
class GrowingLog:
    """Entries, every node over them, and one key; a `twin` has the same key and another history."""

    origin: str = ORIGIN
    seed: int = 1
    story: str = "entry"
    frontier: Frontier = field(default_factory=Frontier)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @property
    def signer(self) -> MemorySigner:
        return MemorySigner(self.origin, seeded(self.seed))

    @property
    def vkey(self) -> str:
        return format_vkey(self.signer.verifier)

    def grow_to(self, size: int) -> "GrowingLog":
        """Append entries until there are `size`."""
        entries = (f"{self.story} {index}".encode() for index in range(self.frontier.size, size))
        self.frontier, nodes = grow(self.frontier, map(hash_leaf, entries))
        self.nodes.update({(level, index): value for level, index, value in nodes})
        return self

    def note(self, size: int, *, extensions: tuple[str, ...] = ()) -> str:
        """Return the signed checkpoint of an earlier size or the present one."""
        head = Checkpoint(self.origin, size, root_hash(size, self._read), extensions)
        return sign_checkpoint(head, signer=self.signer)

    def request(self, old_size: int, size: int) -> AddCheckpoint:
        """Return what to send to a witness that stands at `old_size`."""
        self.grow_to(max(size, self.frontier.size))
        proof = consistency_proof(old_size, size, self._read) if 0 < old_size <= size else ()
        return AddCheckpoint(old_size, proof, self.note(size))

    def _read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]
