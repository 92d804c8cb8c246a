"""The root log as a monitor follows it: its checkpoint, and the new heads in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sigill.client.monitor_look import Look, ProvenLog
from sigill.client.monitor_state import LogMemory, Memory, head_in
from sigill.client.shown_log import ShownLog
from sigill.errors import MalformedNote
from sigill.tlog.bundled_leaves import cut_bundle
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.heads import SeenHead, judge_next_head
from sigill.tlog.leaf import HeadLeaf, parse_leaf
from sigill.tlog.prefix import Head
from sigill.tlog.shown_checkpoint import SeenCheckpoint
from sigill.tlog.tiles import TILE_WIDTH, Bundle, format_path, tile_width
from sigill.tlog.tree import grow, hash_leaf

_MOST_AT_ONCE: Final = 256  # bundles, and so 65,536 heads, between two proofs that they are the log's
MOST_WAITING: Final = 100_000  # heads of one log; older ones are left to an audit


@dataclass(frozen=True, slots=True)
class RootLook:
    """What became of the memory, the root log's tiles to prove with (None if nothing can be), whether all was read."""

    memory: Memory
    proven: ProvenLog | None
    whole: bool = True


def look_at_root(seen: SeenCheckpoint, *, shown: ShownLog, memory: Memory, look: Look) -> RootLook:
    """Compare the root log's checkpoint with the one kept, and read new heads. Raises what reading raises."""
    origin = seen.checkpoint.origin
    proven = ProvenLog(shown, origin, seen.head)
    kept = head_in(memory.note)
    if kept is not None:
        finding = proven.judge(kept)
        if finding is not None:
            look.find(finding, memory.note or "", seen.note)
            return RootLook(memory, None)
    if seen.note != memory.note:
        memory = replace(memory, note=seen.note, note_since_s=look.at_s)
    return _read_heads(seen, shown=shown, proven=proven, memory=memory, look=look)


def _read_heads(seen: SeenCheckpoint, *, shown: ShownLog, proven: ProvenLog, memory: Memory, look: Look) -> RootLook:
    """Read the next entries; they count only if the tree that they make is the beginning of the signed one."""
    begin, size = memory.read.size, seen.head.size
    bundles = range(begin // TILE_WIDTH, -(-size // TILE_WIDTH))[:_MOST_AT_ONCE]
    entries: list[bytes] = []
    for number in bundles:
        place = Bundle(number, tile_width(size, 0, number))
        finding, cut = _cut(shown, place, origin=seen.checkpoint.origin)
        if finding is not None:
            look.find(finding)
            return RootLook(memory, proven)
        entries += cut[begin - number * TILE_WIDTH if number * TILE_WIDTH < begin else 0 :]
    frontier, _ = grow(memory.read, map(hash_leaf, entries))
    finding = proven.judge(Head(frontier.size, frontier.root())) if frontier.size else None
    if finding is not None:
        if finding.fault in {Fault.FORKED, Fault.NOT_CONSISTENT}:
            where = f"entries {begin} to {frontier.size - 1}"
            words = "they do not hash to what the signed root vouches for"
            finding = Finding(Fault.BUNDLE_WRONG, seen.checkpoint.origin, where, words)
        look.find(finding)
        return RootLook(memory, proven)
    logs = _take_heads(entries, begin=begin, origin=seen.checkpoint.origin, logs=memory.logs, look=look)
    return RootLook(replace(memory, read=frontier, logs=logs), proven, whole=frontier.size == size)


def _cut(shown: ShownLog, place: Bundle, *, origin: str) -> tuple[Finding | None, Sequence[bytes]]:
    data = shown.bundle(place)
    if data is None:
        words = "there are no entries where there should be"
        return Finding(Fault.BUNDLE_MISSING, origin, format_path(place), words), ()
    try:
        return None, cut_bundle(data, place.width).entries
    except MalformedNote as error:
        return Finding(Fault.BUNDLE_WRONG, origin, format_path(place), str(error)), ()


def _take_heads(
    entries: Sequence[bytes], *, begin: int, origin: str, logs: Mapping[str, LogMemory], look: Look
) -> dict[str, LogMemory]:
    """Return what is known of each log once these entries of the root log are; each head is kept to be compared."""
    known = dict(logs)
    waiting: dict[str, list[SeenHead]] = {}
    for index, head in _heads(entries, begin=begin, origin=origin, look=look):
        log = known.get(head.origin, LogMemory())
        last = log.head
        same = last.root if last is not None and last.size == head.size else None
        findings = judge_next_head(head, index=index, last=None if last is None else last.size, same_size=same)
        for finding in findings:
            look.find(finding)
        if not findings:
            seen = SeenHead(head.size, head.root, index)
            known[head.origin] = replace(log, head=seen, ahead_since_s=None)
            waiting.setdefault(head.origin, []).append(seen)
    for name, heads in waiting.items():
        all_waiting = (*known[name].waiting, *heads)
        if len(all_waiting) > MOST_WAITING:
            look.remarks.append(f"{name}: its older heads were not compared; an audit does that (sigill audit log)")
        known[name] = replace(known[name], waiting=all_waiting[-MOST_WAITING:])
    return known


def _heads(entries: Sequence[bytes], *, begin: int, origin: str, look: Look) -> Iterator[tuple[int, HeadLeaf]]:
    for index, entry in enumerate(entries, begin):
        try:
            leaf = parse_leaf(entry)
        except MalformedNote as error:
            look.find(Finding(Fault.LEAF_MALFORMED, origin, f"entry {index}", str(error)))
            continue
        if isinstance(leaf, HeadLeaf):
            yield index, leaf
        else:
            words = f"a leaf of kind {leaf.kind}; the root log has heads only"
            look.find(Finding(Fault.LEAF_MALFORMED, origin, f"entry {index}", words))
