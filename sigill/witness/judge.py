"""What a witness answers to a submitted checkpoint (https://c2sp.org/tlog-witness), from what it knows; no I/O.

In the order of the specification: 404 for a log it does not watch, 403 without the log's signature, 400 for a proof
that begins after the checkpoint, 409 when it begins elsewhere than where the witness stands, 422 for a tree that does
not extend what was cosigned, and otherwise a cosignature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sigill.errors import ProofInvalid, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.note import NoteSignature, VerifierKey, verify_note
from sigill.tlog.tree import EMPTY_ROOT, check_consistency
from sigill.tlog.witness_wire import AddCheckpoint

MALFORMED: Final = 400
NO_SIGNATURE: Final = 403
UNKNOWN_LOG: Final = 404
NOT_CONSISTENT: Final = 422

Logs: TypeAlias = Mapping[str, Sequence[VerifierKey]]


@dataclass(frozen=True, slots=True)
class Known:
    """What was last cosigned of a log: size, root (32 bytes), and the time named then (POSIX seconds)."""

    size: int
    root: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """No cosignature: the HTTP status, and a plain sentence."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """No cosignature, as the proof does not begin at `size`, where the witness stands."""

    size: int


@dataclass(frozen=True, slots=True)
class Cosign:
    """The checkpoint is to be cosigned with this time (POSIX seconds)."""

    time_s: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint that its log has signed: `text` is the note's, `signatures` those that were verified."""

    old_size: int
    proof: tuple[bytes, ...]
    head: Checkpoint
    text: str
    signatures: tuple[NoteSignature, ...]


_NOTHING: Final = Known(0, EMPTY_ROOT, 0)


def judge_signed(request: AddCheckpoint, *, logs: Logs) -> Submission | Refusal:
    """Return the request as one that a watched log has signed, or why it is none; `logs` has the keys of each origin.

    Lines by other keys are left out: the witness answers only for what it verified.
    """
    head, note = request.head, request.note
    keys = logs.get(head.origin)
    if not keys:
        return Refusal(UNKNOWN_LOG, "This witness does not watch a log of that origin.")
    try:
        signers = verify_note(note, keys=keys)
    except SignatureInvalid as error:
        return Refusal(NO_SIGNATURE, f"The log has not signed this checkpoint: {error}.")
    if request.old_size > head.size:
        return Refusal(MALFORMED, "The old size is larger than the checkpoint's.")
    named = {(key.name, key.key_id) for key in signers}
    signatures = dict.fromkeys(line for line in note.signatures if (line.name, line.key_id) in named)
    return Submission(request.old_size, request.proof, head, note.text, tuple(signatures))


def judge_growth(asked: Submission, *, known: Known | None, at_s: int) -> Cosign | Conflict | Refusal:
    """Return whether a signed checkpoint extends what is `known` of its log (None: nothing was ever cosigned).

    The time of a cosignature never goes back for one log, whatever the clock `at_s` (POSIX seconds) does.
    """
    stand = known or _NOTHING
    if asked.old_size != stand.size:
        return Conflict(stand.size)
    if not asked.head.size and asked.head.root != EMPTY_ROOT:
        return Refusal(NOT_CONSISTENT, "An empty log has the root of the empty tree.")
    if not asked.old_size:
        if asked.proof:
            return Refusal(NOT_CONSISTENT, "Every log extends the empty one: a proof from size 0 has no hashes.")
    else:
        try:
            check_consistency(
                old_size=stand.size,
                old_root=stand.root,
                new_size=asked.head.size,
                new_root=asked.head.root,
                proof=asked.proof,
            )
        except ProofInvalid as error:
            return Refusal(NOT_CONSISTENT, f"This checkpoint does not extend what was cosigned before: {error}.")
    return Cosign(max(at_s, stand.time_s, 1))


def is_fork(head: Checkpoint, *, known: Known | None) -> bool:
    """Tell whether the log signed two trees of one size, which convicts it, whatever the request was refused for."""
    return known is not None and head.size == known.size and head.root != known.root
