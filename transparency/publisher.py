"""Adding the operators' heads to the root log and having it witnessed, over and over.

One round, in this order; whatever is killed, the next round, here or elsewhere, goes on from what is stored:

1. which logs have grown since their newest head, and did they only grow? One that did not is halted.
2. their heads, in one commit of the root log
3. the root's checkpoint to the witnesses; one that can prove we are shorter than we were halts every log, and one that
   has forgotten what it cosigned is reported
4. the cosigned checkpoint is kept: from now on receipts are whole, and everybody is shown it
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from sigill.report.trust import ROOT
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.leaf import HeadLeaf
from sigill.tlog.note import VerifierKey
from transparency.append import LogHead
from transparency.errors import LogCorrupt, StoreUnavailable
from transparency.log import TransparencyLog
from transparency.root_log import (
    PublishedHead,
    RootCheckpoint,
    halt,
    head_append,
    load_newest_heads,
    newest_checkpoint,
    save_checkpoint,
)
from transparency.witnessing import RolledBack, Witnesses


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: heads added, the root checkpoint kept in it (None: nothing was new), and what was wrong."""

    heads: int
    kept: RootCheckpoint | None
    findings: tuple[Finding, ...]
    declined: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """What one round needs. `root_keys` are the keys that the root's checkpoints are signed with."""

    engine: Engine
    log: TransparencyLog
    root_keys: Callable[[], tuple[VerifierKey, ...]]
    witnesses: Witnesses
    now: Callable[[], datetime]

    def run(self) -> Round:
        """Make one round. Raises StoreUnavailable, LogUnknown (no root log yet)."""
        changed, findings = self._changed()
        answers = self.log.append_all([head_append(log_id, leaf) for log_id, leaf in changed.items()])
        added = [answer for answer in answers if not isinstance(answer, Exception)]
        head = self.log.head(ROOT)
        shown = newest_checkpoint(self.engine)
        if head is None or not head.size or (shown is not None and shown.size >= head.size):
            return Round(len(added), None, tuple(findings), {})
        if shown is not None:
            self.witnesses.recall(shown.note)
        return self._witness(head, len(added), findings)

    def _changed(self) -> tuple[dict[str, HeadLeaf], list[Finding]]:
        """Return the heads that are new, by log id; a log that was rewritten is halted and reported instead."""
        newest = load_newest_heads(self.engine)
        changed: dict[str, HeadLeaf] = {}
        findings: list[Finding] = []
        for head in self.log.logs():
            last = newest.get(head.log_id)
            if head.log_id == ROOT or head.size == (0 if last is None else last.size):
                continue
            try:
                self.log.check_growth(head.log_id, old=_place(last), new=(head.size, head.root))
            except LogCorrupt as error:
                halt(self.engine, str(error), log_id=head.log_id)
                findings.append(Finding(_fault(head, last), head.origin, f"{head.size} leaves", str(error)))
            else:
                changed[head.log_id] = HeadLeaf(head.origin, head.size, head.root)
        return changed, findings

    def _witness(self, head: LogHead, added: int, findings: list[Finding]) -> Round:
        outcome = self.witnesses.cosign(
            head.checkpoint,
            keys=self.root_keys(),
            proof_from=lambda size: self.log.proof_between(ROOT, size, head.size),
        )
        findings += [
            Finding(Fault.WITNESS_FORGOT, head.origin, f"witness {name}", str(forgot))
            for name, forgot in outcome.forgot.items()
        ]
        if outcome.rolled_back is not None:
            findings.append(report_roll_back(self.engine, outcome.rolled_back))
            return Round(added, None, tuple(findings), outcome.declined)
        kept = RootCheckpoint(head.size, outcome.note, outcome.quorum)
        save_checkpoint(self.engine, kept, at=self.now())
        return Round(added, kept, tuple(findings), outcome.declined)


def report_roll_back(engine: Engine, found: RolledBack) -> Finding:
    """Halt every log, and return what to say: going on would give indices out twice. Raises StoreUnavailable."""
    halt(engine, str(found))
    return Finding(Fault.WITNESS_AHEAD, found.seen.origin, f"{found.seen.size} leaves", str(found))


def check_heads_held(engine: Engine, log: TransparencyLog) -> list[Finding]:
    """Return what is wrong with logs that the root log holds heads of: gone, shorter than those, or rewritten.

    Raises StoreUnavailable.
    """
    stored = {head.log_id: head for head in log.logs()}
    findings = []
    for log_id, last in load_newest_heads(engine).items():
        head = stored[log_id]
        try:
            log.check_growth(log_id, old=_place(last), new=(head.size, head.root))
        except StoreUnavailable:
            raise
        except LogCorrupt as error:
            findings.append(Finding(_fault(head, last), head.origin, f"{head.size} leaves", str(error)))
    return findings


def _place(head: PublishedHead | None) -> tuple[int, bytes]:
    return (0, b"") if head is None else (head.size, head.root)


def _fault(head: LogHead, last: PublishedHead | None) -> Fault:
    shorter = last is not None and head.size < last.size
    return Fault.LOG_BEHIND_HEAD if shorter else Fault.HEAD_NOT_CONSISTENT
