"""What a log shows as its checkpoint, judged: is it one, who signed it, which witnesses saw it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sigill.errors import MalformedNote, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from sigill.tlog.cosignature import Cosignature, verify_cosignatures
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.log_policy import LogPolicy, quorum_time
from sigill.tlog.note import MAX_NOTE_CHARACTERS, VerifierKey, parse_note
from sigill.tlog.prefix import Head, head_of

MAX_CHECKPOINT_BYTES = 4 * MAX_NOTE_CHARACTERS
_WHERE = "checkpoint"


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """A checkpoint that its log signed, and the whole note: what convicts if another contradicts it."""

    note: str
    checkpoint: Checkpoint

    @property
    def head(self) -> Head:
        """Its size and root."""
        return head_of(self.checkpoint)


def see_checkpoint(
    data: bytes | None, *, origin: str, keys: Iterable[VerifierKey], where: str = _WHERE
) -> SeenCheckpoint | Finding:
    """Return the checkpoint of the log `origin` in `data`, or what is wrong with it."""
    if data is None:
        return Finding(Fault.CHECKPOINT_MISSING, origin, where, "there is no checkpoint")
    try:
        note = data.decode("utf-8")
        checkpoint = parse_checkpoint(parse_note(note).text)
    except UnicodeDecodeError:
        return Finding(Fault.CHECKPOINT_MALFORMED, origin, where, "it is no UTF-8 text")
    except MalformedNote as error:
        return Finding(Fault.CHECKPOINT_MALFORMED, origin, where, str(error))
    if checkpoint.origin != origin:
        return Finding(Fault.CHECKPOINT_MALFORMED, origin, where, f"it is the log's called {checkpoint.origin[:80]}")
    try:
        return SeenCheckpoint(note, verify_checkpoint(note, origin=origin, keys=keys))
    except SignatureInvalid as error:
        return Finding(Fault.SIGNATURE_WRONG, origin, where, str(error))


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Which witnesses of a policy cosigned a checkpoint, by when the quorum had, and what is wrong.

    `quorum_s` is in POSIX seconds; None without a quorum, 0 where the policy asks for none.
    """

    cosignatures: tuple[Cosignature, ...]
    quorum_s: int | None
    findings: tuple[Finding, ...]


def judge_cosignatures(seen: SeenCheckpoint, policy: LogPolicy) -> Witnessed:
    """Judge the witnesses' lines under a checkpoint, each by itself: one that is wrong spoils none of the others."""
    note = parse_note(seen.note)
    origin = seen.checkpoint.origin
    good: list[Cosignature] = []
    findings: list[Finding] = []
    for name, witness in policy.witnesses.items():
        try:
            good += verify_cosignatures(note, keys=[witness.key])
        except SignatureInvalid as error:
            where = f"{_WHERE}, witness {name}"
            findings.append(Finding(Fault.COSIGNATURE_WRONG, origin, where, f"{error} ({witness.key.name})"))
    quorum_s = quorum_time(policy, good)
    if quorum_s is None:
        words = f"{len(good)} of the {len(policy.witnesses)} witnesses in the policy cosigned; that is no quorum"
        findings.append(Finding(Fault.QUORUM_MISSING, origin, _WHERE, words))
    return Witnessed(tuple(good), quorum_s, tuple(findings))
