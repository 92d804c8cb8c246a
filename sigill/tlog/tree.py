"""Merkle trees (RFC 6962 section 2.1): leaf = SHA-256(00 ‖ entry), node = SHA-256(01 ‖ left ‖ right).

A node is named by (level, index): the root of the complete subtree over the leaves [index·2^level, (index+1)·2^level).
Sizes count leaves, indices start at 0, hashes have 32 bytes, proofs go from the leaf to the root.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sigill.errors import ProofInvalid

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
MAX_SIZE: Final = 2**63 - 1

NodeReader: TypeAlias = Callable[[int, int], bytes]
Node: TypeAlias = tuple[int, int, bytes]


def hash_leaf(entry: bytes) -> bytes:
    """Return the hash of a leaf with these bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def hash_pair(children: bytes) -> bytes:
    """Return the hash of the node over two subtrees whose hashes stand one after the other (64 bytes)."""
    return hashlib.sha256(b"\x01" + children).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that appending needs: the size, and the roots of its complete subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """Return the root of the tree."""
        return _fold(self.peaks) if self.peaks else EMPTY_ROOT


def grow(frontier: Frontier, leaf_hashes: Iterable[bytes]) -> tuple[Frontier, list[Node]]:
    """Append leaves; return the new frontier and every node they completed, in the order of completion.

    Amortised two hashes a leaf, whatever the size.
    """
    size = frontier.size
    peaks = list(frontier.peaks)
    nodes: list[Node] = []
    for leaf in leaf_hashes:
        level, index, value = 0, size, leaf
        nodes.append((0, index, value))
        while index & 1:
            value = hash_node(peaks.pop(), value)
            level, index = level + 1, index >> 1
            nodes.append((level, index, value))
        peaks.append(value)
        size += 1
    return Frontier(size, tuple(peaks)), nodes


def read_frontier(size: int, read: NodeReader) -> Frontier:
    """Return the frontier of a tree of `size` leaves, from its nodes."""
    return Frontier(size, tuple(_peaks(0, size, read)))


def root_hash(size: int, read: NodeReader) -> bytes:
    """Return the root of a tree of `size` leaves, from its nodes."""
    return read_frontier(size, read).root()


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    proof = [read(level, (index >> level) ^ 1) for level in range(inner - 1)]
    if inner:
        proof.append(_hash_range(((index >> (inner - 1)) ^ 1) << (inner - 1), size, read))
    proof += [read(level, (index >> level) - 1) for level in range(inner, index.bit_length()) if index >> level & 1]
    return tuple(proof)


def consistency_proof(old_size: int, new_size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old_size` is a prefix of that of `new_size` (RFC 6962 section 2.1.2).

    Raises ValueError unless 0 < old_size <= new_size.
    """
    if not 0 < old_size <= new_size:
        raise ValueError(f"no consistency proof from {old_size} to {new_size}")
    begin, end = 0, new_size
    proof: list[bytes] = []
    while old_size != end:
        split = begin + (1 << ((end - begin - 1).bit_length() - 1))
        if old_size <= split:
            proof.append(_hash_range(split, end, read))
            end = split
        else:
            proof.append(_hash_range(begin, split, read))
            begin = split
    if begin:
        proof.append(_hash_range(begin, end, read))
    return tuple(reversed(proof))


def check_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf with this hash stands at `index` in the tree of `size` leaves under `root`.

    Raises ProofInvalid, for a proof one hash too long or too short as well.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofInvalid(f"no leaf {index} in a tree of {size}")
    inner, border = _path_lengths(index, size)
    if len(proof) != inner + border:
        raise ProofInvalid(f"an inclusion proof of {len(proof)} hashes where {inner + border} belong")
    _check_lengths(leaf_hash, root, *proof)
    value = leaf_hash
    for level, sibling in enumerate(proof):
        right = level < inner and not index >> level & 1
        value = hash_node(value, sibling) if right else hash_node(sibling, value)
    if value != root:
        raise ProofInvalid("the inclusion proof does not lead to the root")


def check_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree under `old_root` is a prefix of that under `new_root`.

    Every tree extends the empty one, so a proof from size 0 would prove nothing and is refused. Raises ProofInvalid.
    """
    if not 0 < old_size <= new_size <= MAX_SIZE:
        raise ProofInvalid(f"no consistency proof leads from {old_size} to {new_size}")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise ProofInvalid("two roots of one size")
        return
    _check_lengths(old_root, new_root, *proof)
    shift = (old_size & -old_size).bit_length() - 1
    inner, border = _path_lengths(old_size - 1, new_size)
    inner -= shift
    path = list(proof)
    if old_size == 1 << shift:
        path.insert(0, old_root)
    if len(path) != 1 + inner + border:
        raise ProofInvalid(f"a consistency proof of {len(proof)} hashes, which is not its length")
    old = new = path[0]
    position = (old_size - 1) >> shift
    for level, sibling in enumerate(path[1:]):
        if level < inner and not position >> level & 1:
            new = hash_node(new, sibling)
        else:
            old, new = hash_node(sibling, old), hash_node(sibling, new)
    if old != old_root or new != new_root:
        raise ProofInvalid("the consistency proof does not lead to both roots")


def _path_lengths(index: int, size: int) -> tuple[int, int]:
    """Return how many siblings stand below, and how many above, where the path meets the tree's right border."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _peaks(begin: int, end: int, read: NodeReader) -> list[bytes]:
    """Return the roots of the complete subtrees of [begin, end); `begin` is a multiple of their largest size."""
    peaks: list[bytes] = []
    for level in range((end - begin).bit_length() - 1, -1, -1):
        if (end - begin) >> level & 1:
            peaks.append(read(level, begin >> level))
            begin += 1 << level
    return peaks


def _hash_range(begin: int, end: int, read: NodeReader) -> bytes:
    return _fold(_peaks(begin, end, read))


def _fold(peaks: Sequence[bytes]) -> bytes:
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = hash_node(peak, value)
    return value


def _check_lengths(*hashes: bytes) -> None:
    if any(len(value) != hashlib.sha256().digest_size for value in hashes):
        raise ProofInvalid("a hash that has not 32 bytes")
