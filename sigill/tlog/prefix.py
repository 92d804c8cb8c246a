"""Is an earlier head of a log the beginning of a later one? Answered from tiles, with the later head as the anchor."""

from dataclasses import dataclass

from sigill.errors import ProofInvalid
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.faults import Fault
from sigill.tlog.tree import EMPTY_ROOT, NodeReader, check_consistency, consistency_proof, root_hash


@dataclass(frozen=True, slots=True)
class Head:
    """A tree's size in leaves and root (32 bytes)."""

    size: int
    root: bytes


def head_of(checkpoint: Checkpoint) -> Head:
    """Return the head that a checkpoint names."""
    return Head(checkpoint.size, checkpoint.root)


def judge_sizes(old: Head, new: Head) -> Fault | None:
    """Return what two heads of one log show without any proof: SHRUNK, FORKED, or nothing."""
    if new.size < old.size:
        return Fault.SHRUNK
    if (new.size == old.size and new.root != old.root) or (not old.size and old.root != EMPTY_ROOT):
        return Fault.FORKED
    return None


def judge_prefix(old: Head, new: Head, read: NodeReader) -> Fault | None:
    """Return what is wrong if `old` is not the beginning of `new`, whose nodes `read` reads.

    SHRUNK, FORKED and NOT_CONSISTENT are about the heads: they hold whatever the nodes are. ROOT_WRONG is about the
    nodes: they do not lead to `new`, so nothing can be said about `old`. Raises what `read` raises.
    """
    fault = judge_sizes(old, new)
    if fault is not None or old.size in {0, new.size}:
        return fault
    proof = consistency_proof(old.size, new.size, read)
    if _leads(old, new, proof):
        return None
    other = Head(old.size, root_hash(old.size, read))
    return Fault.NOT_CONSISTENT if other != old and _leads(other, new, proof) else Fault.ROOT_WRONG


def _leads(old: Head, new: Head, proof: tuple[bytes, ...]) -> bool:
    try:
        check_consistency(old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, proof=proof)
    except ProofInvalid:
        return False
    return True
