"""`sigill audit log`: rebuild a deployment's logs and name every fault, from its address or from a folder."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.audit_options import (
    ChosenTrust,
    add_trust_options,
    choose_trust,
    join_entries,
    open_source,
    read_policy,
    read_since,
)
from sigill.cli.audit_words import not_proven, proven, trust_words
from sigill.cli.connect import add_retry
from sigill.cli.credentials import add_credentials, read_caller
from sigill.cli.exits import Exit, Stop
from sigill.cli.progress_bar import ProgressBar, wants_bar
from sigill.cli.show import harmless, say, say_json
from sigill.client.audit_report import AuditOptions, LogReport
from sigill.client.audit_state import AuditState
from sigill.client.log_audit import LogAuditor
from sigill.report.trust import ROOT, Trust, TrustedLog
from sigill.tlog.faults import Finding
from sigill.tlog.standard_base64 import format_base64

_MOST_IN_JSON: Final = 10_000
_EXAMPLES: Final = """\
  sigill audit log https://sigill.example --trust trust.json --key auditor.key --state audits
  sigill audit log published --trust trust.json --log exempelbanken
  sigill audit log https://sigill.example --since receipt.tlog-proof --json

exit codes:
  0  nothing wrong in what was looked at
  1  faults, each named on a line of its own
  2  wrong usage
  3  could not look at everything that was asked for (network), and no fault until then"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `audit` and its command `log`."""
    parser = subparsers.add_parser(
        "audit", help="check the logs: everything from their signed roots down to the entries"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    log = add_command(commands, "log", run, text="rebuild logs and name every fault", examples=_EXAMPLES)
    log.add_argument(
        "source", metavar="SOURCE", help="a deployment's address, or a folder that its logs are published in"
    )
    log.add_argument(
        "--log", metavar="NAME", help="an operator's id, or root; default: all logs of the trust file, and the root log"
    )
    add_trust_options(log)
    add_credentials(log, "--key", says="an auditor's API key")
    log.add_argument(
        "--entries", metavar="SOURCE", help="where operators' entries are, if not there: another folder or address"
    )
    log.add_argument(
        "--since",
        metavar="FILE",
        action="append",
        default=[],
        help="a checkpoint or a receipt from earlier that the log must still begin with; may be repeated",
    )
    log.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="keep there what was seen, for the next audit: checkpoints, evidence, how far this one came",
    )
    log.add_argument("--resume", action="store_true", help="go on where the audit with this --state was interrupted")
    add_retry(log)
    log.add_argument("--json", action="store_true", help="print one JSON value")
    log.add_argument("--bar", action=argparse.BooleanOptionalAction, help="a progress bar; default: on a terminal")


def run(arguments: argparse.Namespace) -> int:
    """Audit, tell, and return the exit code."""
    if arguments.resume and arguments.state is None:
        raise Stop("--resume needs the --state that the interrupted audit had.")
    caller = read_caller(arguments)
    source = open_source(arguments.source, caller=caller, retry_for_s=arguments.retry_for)
    source = join_entries(source, arguments.entries, caller=caller, retry_for_s=arguments.retry_for)
    chosen = choose_trust(source, arguments.trust)
    telling = _Telling(as_json=arguments.json, bar=ProgressBar(shown=wants_bar(arguments.bar)))
    options = AuditOptions(
        policy=read_policy(arguments.log_policy),
        since=read_since(arguments.since, chosen.trust),
        state=None if arguments.state is None else AuditState(arguments.state),
        resume=arguments.resume,
        on_progress=telling.bar,
    )
    auditor = LogAuditor(source, chosen.trust, report=telling.found, options=options)
    return _audit(auditor, chosen, name=arguments.log, telling=telling)


def _audit(auditor: LogAuditor, chosen: ChosenTrust, *, name: str | None, telling: "_Telling") -> int:
    logs = _chosen_logs(chosen.trust, name)
    telling.begin(trust_words(chosen))
    reports = []
    root = auditor.audit_root()
    if root is not None:
        reports.append(root)
        telling.report(root)
    for log in logs:
        reports.append(auditor.audit(log))
        telling.report(reports[-1])
    strangers: tuple[str, ...] = ()
    faults = sum(report.faults for report in reports)
    if name is None:
        strangers, missing = auditor.judge_foreign(pinned=chosen.own)
        faults += missing
    telling.end(reports, strangers if chosen.own else (), chosen, faults=faults)
    if faults:
        return Exit.NOT_GENUINE
    return Exit.CANNOT_SAY if any(report.failed for report in reports) else Exit.GENUINE


def _chosen_logs(trust: Trust, name: str | None) -> tuple[TrustedLog, ...]:
    if name is None:
        return tuple(trust.logs.values())
    if name == ROOT:
        if trust.root is None:
            raise Stop("The trust file names no root log.")
        return ()
    if name not in trust.logs:
        raise Stop(
            f"The trust file names no log {harmless(name[:80])!r}. It has: {', '.join(sorted(trust.logs))[:400]}"
        )
    return (trust.logs[name],)


class _Telling:
    """Tells an audit as it goes on, or collects it as JSON."""

    def __init__(self, *, as_json: bool, bar: ProgressBar) -> None:
        self._as_json = as_json
        self.bar = bar
        self._findings: list[Finding] = []

    def found(self, finding: Finding) -> None:
        """Tell a fault on a line of its own."""
        if self._as_json:
            if len(self._findings) < _MOST_IN_JSON:
                self._findings.append(finding)
            return
        self.bar.clear()
        say(harmless(fault_line(finding)))

    def begin(self, words: str) -> None:
        """Say whom the audit trusts."""
        if not self._as_json:
            say(words, "")

    def report(self, report: LogReport) -> None:
        """Say what became of one log."""
        self.bar.clear()
        if not self._as_json:
            say(harmless(_one_line(report)))

    def end(self, reports: list[LogReport], strangers: tuple[str, ...], chosen: ChosenTrust, *, faults: int) -> None:
        """Say what was proven and what was not."""
        good, missing = proven(reports), not_proven(reports, strangers, own_trust=chosen.own)
        if self._as_json:
            say_json(
                {
                    "faults": faults,
                    "findings": [finding_members(finding) for finding in self._findings],
                    "logs": [_members(report) for report in reports],
                    "trust": "own" if chosen.own else "the deployment's",
                    "proven": good,
                    "not_proven": missing,
                }
            )
            return
        say("", *_listed("Proven", good), *_listed("Not proven", missing), "")
        say(f"{faults} fault{'' if faults == 1 else 's'}." if faults else "No fault in what was looked at.")


def fault_line(finding: Finding) -> str:
    """Return a finding as a line for people and for scripts that match its name."""
    return f"fault {finding.fault} {finding.origin} {finding.where}: {finding.detail}"


def finding_members(finding: Finding) -> dict[str, str]:
    """Return a finding as JSON."""
    return {"fault": finding.fault, "log": finding.origin, "where": finding.where, "detail": finding.detail}


def _one_line(report: LogReport) -> str:
    if report.failed is not None:
        return f"{report.name}: could not look: {report.failed}"
    if report.size is None:
        return f"{report.name}: nothing to look at"
    entries = f"{report.size:,} {'entry' if report.size == 1 else 'entries'}"
    faults = f"{report.faults:,} fault{'' if report.faults == 1 else 's'}" if report.faults else "no faults"
    return f"{report.name}: {entries}, {faults}"


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (harmless(f"  - {line}") for line in lines)


def _members(report: LogReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "origin": report.origin,
        "size": report.size,
        "root": None if report.root is None else format_base64(report.root),
        "faults": report.faults,
        "entries_checked": report.entries,
        "begun_at": report.begun,
        "earlier_checkpoints": list(report.earlier),
        "heads_compared": report.heads,
        "erasures_checked": report.erasures,
        "cosignatures": report.cosigned,
        "not_looked": list(report.not_looked),
        "failed": report.failed,
    }
