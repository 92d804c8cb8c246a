"""Receipts that travel with a seal (https://c2sp.org/tlog-proof, version 1), e.g.

    c2sp.org/tlog-proof@v1
    index 1
    lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=

    log.example/op/1
    2
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    — log.example/op/1 Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

An optional line `extra <base64>` before the index is not covered by any signature.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sigill.errors import MalformedNote
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint, parse_decimal, verify_checkpoint
from sigill.tlog.note import MAX_NOTE_CHARACTERS, VerifierKey, parse_note
from sigill.tlog.standard_base64 import format_base64, parse_base64, parse_hash
from sigill.tlog.tree import check_inclusion

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_HASHES: Final = 63
_EXTRA: Final = "extra "
_INDEX: Final = "index "
_MAX_PROOF_CHARACTERS: Final = 2 * MAX_NOTE_CHARACTERS


@dataclass(frozen=True, slots=True)
class LogProof:
    """A well-formed proof, not trusted: a leaf's index, its path from sibling to root, the checkpoint's whole note."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProvenInclusion:
    """What a proof proved: the leaf stands at `index` under this checkpoint, which the log signed."""

    index: int
    checkpoint: Checkpoint


def format_proof(proof: LogProof) -> str:
    """Return the text of a proof; inverse of `parse_proof`."""
    extra = [] if proof.extra is None else [_EXTRA + format_base64(proof.extra)]
    lines = [HEADER, *extra, f"{_INDEX}{proof.index}", *map(format_base64, proof.path)]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def parse_proof(text: str) -> LogProof:
    """Read a proof whose checkpoint is well-formed; inverse of `format_proof`. Raises MalformedNote."""
    proof = _split_proof(text)
    parse_checkpoint(parse_note(proof.checkpoint).text)
    return proof


def verify_proof(text: str, *, leaf_hash: bytes, origin: str, keys: Iterable[VerifierKey]) -> ProvenInclusion:
    """Return what `text` proves of the leaf with this hash, in the log `origin` that signs with one of `keys`.

    Raises MalformedNote, SignatureInvalid (another log, or not signed by it), ProofInvalid (not in that tree).
    """
    proof = _split_proof(text)
    checkpoint = verify_checkpoint(proof.checkpoint, origin=origin, keys=keys)
    check_inclusion(
        leaf_hash=leaf_hash, index=proof.index, size=checkpoint.size, proof=proof.path, root=checkpoint.root
    )
    return ProvenInclusion(proof.index, checkpoint)


def is_signed_as(text: str, *, keys: Iterable[VerifierKey]) -> bool:
    """Tell whether a proof's checkpoint claims to be signed by one of `keys`, verified or not. Raises MalformedNote."""
    note = parse_note(_split_proof(text).checkpoint)
    known = {(key.name, key.key_id) for key in keys}
    return any((each.name, each.key_id) in known for each in note.signatures)


def _split_proof(text: str) -> LogProof:
    if len(text) > _MAX_PROOF_CHARACTERS:
        raise MalformedNote(f"a proof of {len(text)} characters")
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise MalformedNote(f"not a {HEADER}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = parse_base64(lines.pop(0).removeprefix(_EXTRA))
    if not lines or not lines[0].startswith(_INDEX):
        raise MalformedNote("a proof without its index")
    index = parse_decimal(lines.pop(0).removeprefix(_INDEX))
    if len(lines) > MAX_HASHES:
        raise MalformedNote(f"a proof of {len(lines)} hashes")
    return LogProof(index, tuple(parse_hash(line) for line in lines), note, extra)
