"""One operator's log as a monitor looks at it: against what it was, and against its heads in the root log."""

from dataclasses import replace

from sigill.client.monitor_look import Look, ProvenLog
from sigill.client.monitor_state import LogMemory, head_in
from sigill.client.shown_log import ShownLog
from sigill.report.trust import TrustedLog
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.heads import SeenHead
from sigill.tlog.prefix import Head
from sigill.tlog.shown_checkpoint import SeenCheckpoint, see_checkpoint

_ABOUT_HEADS = frozenset([Fault.FORKED, Fault.NOT_CONSISTENT])


def look_at_log(
    shown: ShownLog, log: TrustedLog, *, memory: LogMemory, root_note: str | None, late_after_s: int, look: Look
) -> LogMemory:
    """Compare a log with its kept checkpoint and its heads; return what is known of it now. Raises what reading raises.

    `root_note` is the checkpoint of the root log that the heads stand under: evidence against the guarantor.
    """
    seen = see_checkpoint(shown.checkpoint(), origin=log.origin, keys=log.keys)
    if isinstance(seen, Finding):
        if seen.fault is Fault.CHECKPOINT_MISSING and memory.head is not None:
            words = "the root log holds heads of it, and it is not shown"
            seen = replace(seen, fault=Fault.LOG_MISSING, detail=words)
        look.find(seen)
        return memory
    proven = ProvenLog(shown, log.origin, seen.head)
    memory = _compare_kept(seen, memory=memory, proven=proven, look=look)
    memory = _compare_heads(seen, memory=memory, proven=proven, root_note=root_note, look=look)
    return _note_lateness(seen, memory=memory, late_after_s=late_after_s, look=look)


def _compare_kept(seen: SeenCheckpoint, *, memory: LogMemory, proven: ProvenLog, look: Look) -> LogMemory:
    kept = head_in(memory.note)
    finding = None if kept is None else proven.judge(kept)
    if finding is not None:
        look.find(finding, memory.note or "", seen.note)
        return memory
    return replace(memory, note=seen.note)


def _compare_heads(
    seen: SeenCheckpoint, *, memory: LogMemory, proven: ProvenLog, root_note: str | None, look: Look
) -> LogMemory:
    newest = memory.head
    if newest is not None and newest.size > seen.head.size:
        where = f"the log shows {seen.head.size} entries, entry {newest.index} of the root log is its head with"
        look.find(
            Finding(Fault.LOG_BEHIND_HEAD, seen.checkpoint.origin, "checkpoint", f"{where} {newest.size}"),
            *([] if root_note is None else [root_note]),
            seen.note,
        )
    waiting = [head for head in memory.waiting if head.size > seen.head.size]
    fitting = [head for head in memory.waiting if head.size <= seen.head.size]
    for place, head in enumerate(fitting):
        finding = _judge_head(head, seen, proven)
        if finding is None:
            continue
        look.find(finding, *([] if root_note is None else [root_note]), seen.note)
        if finding.fault is not Fault.HEAD_NOT_CONSISTENT:  # the tiles are wrong, so nothing can be said of the others
            waiting = [*fitting[place:], *waiting]
            break
    return replace(memory, waiting=tuple(waiting))


def _judge_head(head: SeenHead, seen: SeenCheckpoint, proven: ProvenLog) -> Finding | None:
    finding = proven.judge(Head(head.size, head.root))
    if finding is None or finding.fault not in _ABOUT_HEADS:
        return finding
    words = f"the log's first {head.size} entries have another root than this head"
    where = f"entry {head.index} of the root log"
    return Finding(Fault.HEAD_NOT_CONSISTENT, seen.checkpoint.origin, where, words)


def _note_lateness(seen: SeenCheckpoint, *, memory: LogMemory, late_after_s: int, look: Look) -> LogMemory:
    if seen.head.size <= (0 if memory.head is None else memory.head.size):
        return replace(memory, ahead_since_s=None)
    since_s = look.at_s if memory.ahead_since_s is None else memory.ahead_since_s
    if look.at_s - since_s > late_after_s:
        words = f"it has grown, and for {look.at_s - since_s} seconds the root log has held no head of that"
        look.find(Finding(Fault.LOG_NOT_IN_ROOT, seen.checkpoint.origin, "checkpoint", words))
    return replace(memory, ahead_since_s=since_s)
