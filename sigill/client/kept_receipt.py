"""Holding a receipt that was kept against the logs as they are shown today, with the few tiles that it takes.

Whoever holds a receipt holds checkpoints: its own log's and, in a whole receipt, the root log's. Each must be the
beginning of what that log shows now. A log that was rewritten since, for everybody or for this reader alone, cannot
show that: its own signature in the receipt stands against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sigill.client.errors import RequestRefused, ServiceUnavailable, UnexpectedAnswer
from sigill.client.log_source import LogSource
from sigill.client.monitor_look import ProvenLog
from sigill.client.shown_log import ShownLog
from sigill.report.trust import Trust, TrustedLog
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.note import VerifierKey
from sigill.tlog.proof import parse_proof
from sigill.tlog.shown_checkpoint import SeenCheckpoint, judge_cosignatures, see_checkpoint
from sigill.tlog.witnessed import WRONG, second_proof, verify_head

_IN_RECEIPT: Final = "receipt"
_NO_LOOK: Final = (ServiceUnavailable, UnexpectedAnswer, RequestRefused)


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint in a receipt, signed by its log; `keys` are those that today's may be signed with."""

    log: TrustedLog
    keys: tuple[VerifierKey, ...]
    seen: SeenCheckpoint


@dataclass(frozen=True, slots=True)
class ComparedLog:
    """One log's size then and now (None: it shows no checkpoint that counts), and what is wrong.

    `quorum_s` is when a quorum of witnesses had cosigned what the root log shows now, in POSIX seconds: 0 where the
    policy asks for none, None of other logs and without a quorum. `failed` says why something could not be read.
    """

    origin: str
    old_size: int
    new_size: int | None = None
    findings: tuple[Finding, ...] = ()
    quorum_s: int | None = None
    failed: str | None = None


def open_receipt(
    text: str, *, trust: Trust, policy: LogPolicy | None = None
) -> tuple[tuple[KeptCheckpoint, ...], tuple[Finding, ...]]:
    """Return the checkpoints in a receipt that can be believed, and what is wrong with the receipt itself.

    Raises MalformedNote for what is no receipt.
    """
    note, second = parse_proof(text).checkpoint, second_proof(text)
    origin = note.partition("\n")[0]
    log = next((log for log in trust.logs.values() if log.origin == origin), None)
    if log is None:
        return (), (Finding(Fault.LOG_MISSING, origin[:255], "trust file", "the log of this receipt is not named"),)
    first = see_checkpoint(note.encode(), origin=origin, keys=log.keys, where=_IN_RECEIPT)
    if isinstance(first, Finding):
        return (), (first,)
    kept = KeptCheckpoint(log, log.keys, first)
    if second is None or trust.root is None:
        return (kept,), ()
    root = _open_second(second, first, trust.root, policy)
    return ((kept,), (root,)) if isinstance(root, Finding) else ((kept, root), ())


def _open_second(
    text: str, first: SeenCheckpoint, log: TrustedLog, policy: LogPolicy | None
) -> KeptCheckpoint | Finding:
    """Return the root log's checkpoint, under which the head must be that the first proof ends at."""
    keys = (*log.keys, *(() if policy is None else policy.log_keys(log.origin)))
    seen = see_checkpoint(parse_proof(text).checkpoint.encode(), origin=log.origin, keys=keys, where=_IN_RECEIPT)
    if isinstance(seen, Finding):
        return seen
    try:
        verify_head(text, head=first.checkpoint, origin=log.origin, keys=keys, witnesses=())
    except WRONG as error:
        return Finding(Fault.HEAD_NOT_CONSISTENT, log.origin, _IN_RECEIPT, f"its second proof does not hold: {error}")
    return KeptCheckpoint(log, keys, seen)


def compare_with_today(
    kept: tuple[KeptCheckpoint, ...], *, source: LogSource, trust: Trust, policy: LogPolicy | None = None
) -> Iterator[ComparedLog]:
    """Yield how each log as it is shown now compares with what was kept of it; reads its checkpoint and a few tiles.

    At most two tiles of each level are asked for, and for one that is not full the full one in its place. The root log
    must have the cosignatures that `policy` (None: the trust file's) asks for. What cannot be read is told, not raised.
    """
    for each in kept:
        witnesses = (trust.witnesses if policy is None else policy) if each.log == trust.root else None
        yield _compare(each, ShownLog(source, each.log.operator), witnesses)


def _compare(kept: KeptCheckpoint, shown: ShownLog, witnesses: LogPolicy | None) -> ComparedLog:
    origin, old = kept.log.origin, kept.seen.head
    try:
        now = see_checkpoint(shown.checkpoint(), origin=origin, keys=kept.keys)
        if isinstance(now, Finding):
            return ComparedLog(origin, old.size, findings=(now,))
        finding = ProvenLog(shown, origin, now.head).judge(old)
    except _NO_LOOK as error:
        return ComparedLog(origin, old.size, failed=str(error))
    found = () if finding is None else (finding,)
    if witnesses is None:
        return ComparedLog(origin, old.size, now.head.size, found)
    witnessed = judge_cosignatures(now, witnesses)
    return ComparedLog(origin, old.size, now.head.size, (*found, *witnessed.findings), witnessed.quorum_s)
