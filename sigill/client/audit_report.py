"""What an audit is held against, and what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sigill.client.audit_state import MAX_FINDINGS, AuditState
from sigill.tlog.bundled_leaves import Report
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.shown_checkpoint import SeenCheckpoint

CONTRADICTING: Final = frozenset([Fault.SHRUNK, Fault.FORKED, Fault.NOT_CONSISTENT, Fault.ROOT_WRONG])
"""Faults after which the checkpoint that was looked at is not kept as the one to begin from."""

OnProgress = Callable[[str, int, int], None]
"""Told a log's name, how many of its entries were looked at, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """What an audit is held against, beside the logs themselves: a policy, checkpoints by origin, what was kept.

    `resume`: go on where an audit with this state was interrupted.
    """

    policy: LogPolicy | None = None
    since: Mapping[str, Sequence[SeenCheckpoint]] = field(default_factory=dict)
    state: AuditState | None = None
    resume: bool = False
    on_progress: OnProgress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReport:
    """What an audit of one log came to. None stands for what was not looked at.

    `earlier`: the sizes of the checkpoints seen before that it was compared with. `heads`: how many of the root log
    were. `begun`: the entry from which on it was read, not 0 if it was resumed. `failed`: why it could not be read.
    """

    name: str
    origin: str
    size: int | None = None
    root: bytes | None = None
    faults: int = 0
    entries: bool = False
    begun: int = 0
    earlier: tuple[int, ...] = ()
    heads: int | None = None
    unheaded: int = 0
    erasures: int | None = None
    cosigned: int | None = None
    quorum_s: int | None = None
    not_looked: tuple[str, ...] = ()
    failed: str | None = None

    def without(self, what: str) -> "LogReport":
        """Return the report with one more thing that was not looked at."""
        return replace(self, not_looked=(*self.not_looked, what))


class Found:
    """Passes findings on, and knows which there were; of very many the first thousand."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.findings: list[Finding] = []
        self.places: dict[Fault, set[str]] = {}  # of those that contradict a checkpoint, however many there are
        self.count = 0

    def __call__(self, finding: Finding) -> None:
        """Take one."""
        self.count += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        if finding.fault in CONTRADICTING:
            self.places.setdefault(finding.fault, set()).add(finding.where)
        self._report(finding)
