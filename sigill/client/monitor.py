"""A monitor: looks at a deployment's root log and the logs under it again and again, and forgets no fault.

monitor = Monitor(source, folder=…, options=MonitorOptions(…))
outcome = monitor.look(trust, own_trust=True, at_s=…)
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sigill.client.errors import RequestRefused, ServiceUnavailable, UnexpectedAnswer
from sigill.client.log_source import LogSource
from sigill.client.monitor_logs import look_at_log
from sigill.client.monitor_look import Changes, Look, forget, merge
from sigill.client.monitor_root import look_at_root
from sigill.client.monitor_state import KeptFinding, LogMemory, Memory, keep_memory, load_memory
from sigill.client.monitor_witnesses import OpenWitness, judge_ahead, look_at_witnesses
from sigill.client.shown_log import ShownLog
from sigill.report.trust import ROOT, Trust, TrustedLog
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.shown_checkpoint import SeenCheckpoint, judge_cosignatures, see_checkpoint

LATE_AFTER_S: Final = 600
GRACE_S: Final = 30
_NO_LOOK: Final = (ServiceUnavailable, UnexpectedAnswer, RequestRefused)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """`policy`: the auditor's own, else the trust file's. Times in seconds.

    `stale_after_s`: how old the root log's checkpoint may get, and how long a log that grew may be without a head there
    (None: any age, ten minutes). `grace_s`: how long a witness may be ahead.
    """

    open_witness: OpenWitness
    policy: LogPolicy | None = None
    stale_after_s: int | None = None
    grace_s: int = GRACE_S


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a look came to: the root log's size (None if it could not be believed), what stands, what changed."""

    at_s: int
    size: int | None
    standing: tuple[KeptFinding, ...]
    changes: Changes
    failed: tuple[str, ...]
    remarks: tuple[str, ...]


class Monitor:
    """Follows one deployment, with a folder of its own. Methods raise SettingsRefused where that cannot be used."""

    def __init__(self, source: LogSource, *, folder: Path, options: MonitorOptions) -> None:
        self._source = source
        self._folder = folder
        self._options = options
        self._memory = load_memory(folder)

    def forget(self) -> int:
        """Acknowledge every fault that stands; return how many."""
        standing = len(self.standing())
        self._keep(replace(self._memory, findings=forget(self._memory.findings)))
        return standing

    def untold(self) -> tuple[KeptFinding, ...]:
        """Return the standing faults that no webhook was told of."""
        return tuple(each for each in self.standing() if not each.told)

    def mark_told(self) -> None:
        """Remember that all were told."""
        self._keep(replace(self._memory, findings=tuple(replace(each, told=True) for each in self._memory.findings)))

    def look(self, trust: Trust, *, own_trust: bool, at_s: int) -> Outcome:
        """Look at everything once, and keep what was seen. What cannot be read is told in the outcome."""
        look = Look(at_s)
        memory = self._memory
        size: int | None = None
        if trust.root is None:
            look.failed.append("the trust file names no root log")
        else:
            try:
                memory, size = self._look_at_root(trust, trust.root, look)
            except _NO_LOOK as error:
                look.failed.append(f"{ROOT}: {error}")
                memory = self._memory
        memory = self._look_at_logs(trust, memory, look, own_trust=own_trust)
        findings, changes = merge(memory.findings, look, folder=self._folder)
        self._keep(replace(memory, findings=findings))
        return Outcome(at_s, size, self.standing(), changes, tuple(look.failed), tuple(look.remarks))

    def _look_at_root(self, trust: Trust, log: TrustedLog, look: Look) -> tuple[Memory, int | None]:
        policy = self._options.policy
        keys = (() if policy is None else policy.log_keys(log.origin)) or log.keys
        policy = trust.witnesses if policy is None else policy
        shown = ShownLog(self._source, ROOT)
        seen = see_checkpoint(shown.checkpoint(), origin=log.origin, keys=keys)
        if isinstance(seen, Finding):
            look.find(seen)
            return self._memory, None
        for finding in judge_cosignatures(seen, policy).findings:
            look.find(finding)
        memory = self._memory
        while True:
            root = look_at_root(seen, shown=shown, memory=memory, look=look)
            memory = root.memory
            if root.whole:
                break
        if root.proven is None:
            return memory, None
        ahead = look_at_witnesses(
            policy, seen=seen, proven=root.proven, keys=keys, open_witness=self._options.open_witness, look=look
        )
        since = judge_ahead(ahead, before=memory.ahead, seen=seen, grace_s=self._options.grace_s, look=look)
        self._judge_age(seen, memory, look)
        return replace(memory, ahead=since), seen.head.size

    def _judge_age(self, seen: SeenCheckpoint, memory: Memory, look: Look) -> None:
        limit_s, age_s = self._options.stale_after_s, look.at_s - memory.note_since_s
        if limit_s is not None and age_s > limit_s:
            words = f"the root log has shown the same checkpoint for {age_s} seconds"
            look.find(Finding(Fault.STALE, seen.checkpoint.origin, "checkpoint", words))

    def _look_at_logs(self, trust: Trust, memory: Memory, look: Look, *, own_trust: bool) -> Memory:
        logs = dict(memory.logs)
        limit_s = self._options.stale_after_s
        for log in trust.logs.values():
            try:
                logs[log.origin] = look_at_log(
                    ShownLog(self._source, log.operator),
                    log,
                    memory=logs.get(log.origin, LogMemory()),
                    root_note=memory.note,
                    late_after_s=LATE_AFTER_S if limit_s is None else limit_s,
                    look=look,
                )
            except _NO_LOOK as error:
                look.failed.append(f"{log.operator}: {error}")
        known = {log.origin for log in trust.logs.values()}
        for origin in sorted(set(logs) - known):
            if own_trust:
                look.remarks.append(f"the root log holds heads of {origin}, which your trust file does not name")
            else:
                words = "the root log holds heads of it, and the deployment does not name it"
                look.find(Finding(Fault.LOG_MISSING, origin, "trust file", words))
        return replace(memory, logs=logs)

    def standing(self) -> tuple[KeptFinding, ...]:
        """Return the faults that nobody acknowledged."""
        return tuple(each for each in self._memory.findings if not each.forgotten)

    def _keep(self, memory: Memory) -> None:
        keep_memory(self._folder, memory)
        self._memory = memory
