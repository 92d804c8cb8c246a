"""The audit of one log: its checkpoint, what was seen of it before, its tree."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from sigill.client.audit_report import AuditOptions, Found, LogReport
from sigill.client.audit_state import MAX_FINDINGS, Progress, open_tiles
from sigill.client.errors import SettingsRefused
from sigill.client.shown_log import ShownLog
from sigill.report.trust import TrustedLog
from sigill.tlog.audit_tree import TreeAudit
from sigill.tlog.bundled_leaves import Leaves
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.heads import Heads
from sigill.tlog.known_roots import KnownRoot, KnownRoots
from sigill.tlog.note import VerifierKey
from sigill.tlog.prefix import judge_sizes
from sigill.tlog.shown_checkpoint import SeenCheckpoint, see_checkpoint
from sigill.tlog.tiles import TILE_WIDTH

_SAVE_EVERY: Final = 256  # tiles


class AuditRun:
    """One audit of one log; `keys` are those that its checkpoint may be signed with, `heads` those of the root log."""

    def __init__(
        self, shown: ShownLog, log: TrustedLog, *, keys: Sequence[VerifierKey], found: Found, options: AuditOptions
    ) -> None:
        self._shown = shown
        self._log = log
        self._keys = keys
        self._found = found
        self._options = options
        self._earlier: dict[str, SeenCheckpoint] = {}  # by where they were seen

    def see(self, heads: Heads | None) -> SeenCheckpoint | None:
        """Return the log's checkpoint, None (and reported) where there is none that can be believed."""
        seen = see_checkpoint(self._shown.checkpoint(), origin=self._log.origin, keys=self._keys)
        if isinstance(seen, SeenCheckpoint):
            return seen
        if seen.fault is Fault.CHECKPOINT_MISSING and heads is not None and self._log.origin in heads.counts:
            seen = replace(seen, fault=Fault.LOG_MISSING, detail="the root log holds heads of it, and it is not shown")
        self._found(seen)
        return None

    def rebuild(self, seen: SeenCheckpoint, *, leaves: Leaves, heads: Heads | None, report: LogReport) -> LogReport:
        """Check the whole tree under a checkpoint, and keep the checkpoint if nothing contradicts it."""
        size = seen.head.size
        report = replace(report, earlier=self._judge_earlier(seen))
        why_not = self._shown.why_no_entries(size) if size else None
        resumed = self._resumed(entries=why_not is None)
        before = len(self._found.findings)
        for finding in () if resumed is None else resumed.findings:
            self._found(finding)
        audit = TreeAudit(
            seen.head,
            origin=self._log.origin,
            read_tile=self._shown.tile,
            report=self._found,
            leaves=None if why_not else leaves,
            known=KnownRoots(self._known(seen, heads)),
            above=() if resumed is None else resumed.above,
            pending=() if resumed is None else resumed.pending,
        )
        report = replace(report, entries=why_not is None, begun=audit.number * TILE_WIDTH)
        if heads is not None:
            report = self._count_heads(seen, heads, report)
        self._read(audit, size, entries=why_not is None, before=before)
        self._conclude(seen, stopped=audit.stopped)
        return _with_gaps(report, audit, why_no_entries=why_not)

    def _judge_earlier(self, seen: SeenCheckpoint) -> tuple[int, ...]:
        """Report what contradicts `seen` by its size alone; return the sizes that the tree will be asked for."""
        sizes = []
        for earlier in self._seen_before():
            where = f"checkpoint of size {earlier.head.size} seen before"
            fault = judge_sizes(earlier.head, seen.head)
            if fault is None:
                self._earlier[where] = earlier
                sizes.append(earlier.head.size)
                continue
            now = f"now the log has {seen.head.size} entries" if fault is Fault.SHRUNK else "now it has another root"
            self._found(Finding(fault, self._log.origin, where, now))
            self._convict(fault, earlier, seen)
        return tuple(sorted(sizes))

    def _seen_before(self) -> Iterator[SeenCheckpoint]:
        yield from self._options.since.get(self._log.origin, ())
        kept = None if self._options.state is None else self._options.state.kept(self._log.operator)
        if kept is not None:
            seen = see_checkpoint(kept.encode("utf-8"), origin=self._log.origin, keys=self._keys)
            if isinstance(seen, Finding):
                raise SettingsRefused(f"The kept checkpoint of {self._log.operator} cannot be used: {seen.detail}.")
            yield seen

    def _resumed(self, *, entries: bool) -> Progress | None:
        state = self._options.state
        progress = state.progress(self._log.operator) if state is not None and self._options.resume else None
        fits = progress is not None and progress.origin == self._log.origin and progress.entries == entries
        return progress if fits else None

    def _known(self, seen: SeenCheckpoint, heads: Heads | None) -> Iterator[KnownRoot]:
        earlier = sorted(
            (
                KnownRoot(before.head.size, before.head.root, Fault.NOT_CONSISTENT, where)
                for where, before in self._earlier.items()
            ),
            key=attrgetter("size"),
        )
        own = () if heads is None else heads.of(self._log.origin)
        in_root = (
            KnownRoot(head.size, head.root, Fault.HEAD_NOT_CONSISTENT, f"entry {head.index} of the root log")
            for head in own
            if head.size <= seen.head.size
        )
        return heapq.merge(earlier, in_root, key=attrgetter("size"))

    def _count_heads(self, seen: SeenCheckpoint, heads: Heads, report: LogReport) -> LogReport:
        """Report a log that is shorter than its newest head; say how many heads are compared."""
        size = seen.head.size
        compared, newest, beyond = 0, 0, None
        for head in heads.of(self._log.origin):
            newest = head.size
            if head.size <= size:
                compared += 1
            else:
                beyond = head
        if beyond is not None:
            words = f"the log shows {size} entries, entry {beyond.index} of the root log is its head with {beyond.size}"
            self._found(Finding(Fault.LOG_BEHIND_HEAD, self._log.origin, "checkpoint", words))
        return replace(report, heads=compared, unheaded=max(0, size - newest))

    def _read(self, audit: TreeAudit, size: int, *, entries: bool, before: int) -> None:
        """Read all tiles, keeping now and then (and when interrupted) how far it came."""
        try:
            for shown in self._shown.shown(size, begin=audit.number, entries=entries):
                audit.add(shown)
                if audit.stopped:
                    break
                if self._options.on_progress is not None:
                    self._options.on_progress(self._log.operator, min(audit.number * TILE_WIDTH, size), size)
                if audit.number % _SAVE_EVERY == 0:
                    self._save(audit, entries=entries, before=before)
            audit.finish()
        except BaseException:
            self._save(audit, entries=entries, before=before)
            raise

    def _save(self, audit: TreeAudit, *, entries: bool, before: int) -> None:
        if self._options.state is not None:
            findings = tuple(self._found.findings[before:MAX_FINDINGS])
            pending = tuple(audit.pending[:MAX_FINDINGS])
            progress = Progress(self._log.origin, entries, open_tiles(audit.progress), findings, pending)
            self._options.state.keep_progress(self._log.operator, progress)

    def _conclude(self, seen: SeenCheckpoint, *, stopped: bool) -> None:
        for where in self._found.places.get(Fault.NOT_CONSISTENT, ()):
            if where in self._earlier:
                self._convict(Fault.NOT_CONSISTENT, self._earlier[where], seen)
        state = self._options.state
        if state is None:
            return
        state.end_progress(self._log.operator)
        if not stopped and not self._found.places:
            state.keep(self._log.operator, seen)

    def _convict(self, fault: Fault, earlier: SeenCheckpoint, seen: SeenCheckpoint) -> None:
        if self._options.state is not None:
            self._options.state.keep_evidence(self._log.operator, fault, earlier, seen)


def _with_gaps(report: LogReport, audit: TreeAudit, *, why_no_entries: str | None) -> LogReport:
    """Return the report with what the audit could not look at."""
    if why_no_entries is not None:
        report = report.without(f"entries: {why_no_entries}")
    if audit.stopped:
        begin = (audit.number - 1) * TILE_WIDTH
        report = report.without(f"entries and tiles from entry {begin} on: neither it nor what is above it is shown")
    if audit.unchecked:
        words = "heads and earlier checkpoints: the entries at whose end they stand are not shown right"
        report = report.without(f"{audit.unchecked} {words}")
    return report
