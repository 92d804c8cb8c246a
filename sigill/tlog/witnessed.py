"""A whole receipt: a tlog-proof from the leaf to its own log's checkpoint, and in its `extra` line a second one.

    c2sp.org/tlog-proof@v1
    extra <base64 of the second proof's text>
    index 17
    …

The second leads from the root log's leaf for exactly that checkpoint (its origin, size and root) to a root checkpoint
that witnesses cosigned. No signature covers an `extra` line, and none needs to: the second proof proves itself. A
reader that knows nothing of it has an ordinary tlog-proof.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sigill.errors import MalformedNote, ProofInvalid, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.cosignature import Cosignature, WitnessKey, verify_cosignatures
from sigill.tlog.leaf import HeadLeaf, format_leaf
from sigill.tlog.note import VerifierKey, parse_note
from sigill.tlog.proof import ProvenInclusion, format_proof, parse_proof, verify_proof
from sigill.tlog.tree import hash_leaf


@dataclass(frozen=True, slots=True)
class WitnessedHead:
    """What a second proof proved: a head's place in the root log, and who cosigned the root checkpoint, and when."""

    root: ProvenInclusion
    cosignatures: tuple[Cosignature, ...]


def join_proofs(receipt: str, root_receipt: str) -> str:
    """Return `receipt` with the second proof in its `extra` line. Raises MalformedNote."""
    return format_proof(replace(parse_proof(receipt), extra=root_receipt.encode()))


def second_proof(receipt: str) -> str | None:
    """Return the text in the `extra` line, or None where there is none. Raises MalformedNote."""
    extra = parse_proof(receipt).extra
    if extra is None:
        return None
    try:
        return extra.decode()
    except UnicodeDecodeError:
        raise MalformedNote("an extra line that is no second proof") from None


def verify_head(
    text: str, *, head: Checkpoint, origin: str, keys: Iterable[VerifierKey], witnesses: Iterable[WitnessKey]
) -> WitnessedHead:
    """Return what the second proof `text` proves of `head`, in the root log `origin` that signs with one of `keys`.

    Raises MalformedNote, SignatureInvalid (not that root log's, or a cosignature that does not verify), ProofInvalid.
    """
    leaf_hash = hash_leaf(format_leaf(HeadLeaf(head.origin, head.size, head.root)))
    proven = verify_proof(text, leaf_hash=leaf_hash, origin=origin, keys=keys)
    note = parse_note(parse_proof(text).checkpoint)
    return WitnessedHead(proven, verify_cosignatures(note, keys=witnesses))


WRONG: Final = (MalformedNote, SignatureInvalid, ProofInvalid)
"""What `verify_head` raises."""
