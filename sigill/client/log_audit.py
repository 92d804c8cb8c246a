"""The audit of the logs of one deployment: reads them from a source, and reports every fault as it is found.

    auditor = LogAuditor(source, trust, report=print, options=AuditOptions())
    reports = [auditor.audit_root(), *map(auditor.audit, trust.logs.values())]

The root log comes first: the operators' logs are compared with the heads that it holds of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sigill.client.audit_erasures import check_erasures
from sigill.client.audit_report import AuditOptions, Found, LogReport
from sigill.client.audit_run import AuditRun
from sigill.client.errors import RequestRefused, ServiceUnavailable, UnexpectedAnswer
from sigill.client.log_source import LogSource
from sigill.client.shown_log import ShownLog
from sigill.report.trust import Trust, TrustedLog
from sigill.tlog.bundled_leaves import Leaves, OperatorLeaves, Report, RootLeaves
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.note import VerifierKey
from sigill.tlog.shown_checkpoint import SeenCheckpoint, judge_cosignatures

if TYPE_CHECKING:
    from sigill.tlog.heads import Heads

_NO_LOOK: Final = (ServiceUnavailable, UnexpectedAnswer, RequestRefused)


class LogAuditor:
    """Audits the logs of one deployment, the root log first. What cannot be read ends one log's audit, not the others'.

    Every method raises SettingsRefused where the auditor's own files cannot be used.
    """

    def __init__(self, source: LogSource, trust: Trust, *, report: Report, options: AuditOptions) -> None:
        self._source = source
        self._trust = trust
        self._report = report
        self._options = options
        self._heads: Heads | None = None

    def audit_root(self) -> LogReport | None:
        """Audit the root log, and keep its heads to compare with; None where the trust file names no root log."""
        log = self._trust.root
        if log is None:
            return None
        policy = self._options.policy
        keys = (() if policy is None else policy.log_keys(log.origin)) or log.keys
        found = Found(self._report)
        leaves = RootLeaves(log.origin, found)
        report, seen = self._audit(log, keys=keys, leaves=leaves, found=found)
        self._heads = leaves.heads if report.entries else None
        if seen is not None:
            witnessed = judge_cosignatures(seen, self._trust.witnesses if policy is None else policy)
            for finding in witnessed.findings:
                found(finding)
            report = replace(report, cosigned=len(witnessed.cosignatures), quorum_s=witnessed.quorum_s)
        return replace(report, faults=found.count)

    def audit(self, log: TrustedLog) -> LogReport:
        """Audit an operator's log, and compare it with its heads in the root log, if that was read."""
        found = Found(self._report)
        leaves = OperatorLeaves(log.origin, found)
        report, seen = self._audit(log, keys=log.keys, leaves=leaves, found=found)
        if seen is not None and report.entries and report.failed is None:
            try:
                shown = ShownLog(self._source, log.operator)
                report = check_erasures(shown, log, leaves=leaves, report=report, found=found)
            except _NO_LOOK as error:
                report = replace(report, failed=str(error))
        return replace(report, faults=found.count)

    def judge_foreign(self, *, pinned: bool) -> tuple[tuple[str, ...], int]:
        """Judge the origins in the root log that the trust file does not know: return them, and how many are faults.

        With a trust file of one's own (`pinned`) they may be newer than it; otherwise the deployment hides their logs.
        """
        known = {log.origin for log in self._trust.logs.values()}
        origins = tuple(sorted(set(() if self._heads is None else self._heads.counts) - known))
        if pinned:
            return origins, 0
        for origin in origins:
            words = "the root log holds heads of it, and the deployment does not name it"
            self._report(Finding(Fault.LOG_MISSING, origin, "trust file", words))
        return origins, len(origins)

    def _audit(
        self, log: TrustedLog, *, keys: Sequence[VerifierKey], leaves: Leaves, found: Found
    ) -> tuple[LogReport, SeenCheckpoint | None]:
        run = AuditRun(ShownLog(self._source, log.operator), log, keys=keys, found=found, options=self._options)
        report = LogReport(name=log.operator, origin=log.origin)
        seen: SeenCheckpoint | None = None
        try:
            seen = run.see(self._heads)
            if seen is not None:
                report = replace(report, size=seen.head.size, root=seen.head.root)
                report = run.rebuild(seen, leaves=leaves, heads=self._heads, report=report)
        except _NO_LOOK as error:
            report = replace(report, failed=str(error))
        return report, seen
