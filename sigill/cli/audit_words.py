"""The end of an audit in plain words: what was proven, and what was not."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sigill.cli.audit_options import ChosenTrust
from sigill.client.audit_report import LogReport
from sigill.report.trust import ROOT


def trust_words(chosen: ChosenTrust) -> str:
    """Return whose keys the audit believes."""
    as_of = f"{chosen.trust.as_of:%Y-%m-%d %H:%M} UTC"
    if chosen.own:
        return f"Auditing with your trust file of {as_of}, issuer {chosen.trust.issuer}."
    return (
        f"Auditing with the keys that the deployment itself shows ({as_of}): this holds it against itself only. "
        "Keep a trust file: sigill trust --out trust.json"
    )


def proven(reports: Iterable[LogReport]) -> list[str]:
    """Return what was proven, log by log; of a log with faults nothing is said here."""
    return [line for report in reports if not report.faults and report.failed is None for line in _proven(report)]


def _proven(report: LogReport) -> Iterator[str]:
    if report.size is None:
        return
    begun = (
        f" from entry {report.begun:,} on (what is before was read by the interrupted audit)" if report.begun else ""
    )
    if report.entries:
        entries = _counted(report.size, "entry", "entries")
        yield f"{report.name}: its {entries} and every hash tile lead to the root it signed{begun}"
    else:
        leaves = _counted(report.size, "leaf", "leaves")
        yield f"{report.name}: its hash tiles lead from {leaves} to the root it signed{begun}"
    if report.earlier:
        sizes = ", ".join(f"{size:,}" for size in report.earlier)
        yield f"{report.name}: it still begins with what was seen before (at {sizes} entries)"
    if report.heads:
        yield f"{report.name}: {_counted(report.heads, 'head')} in the root log {_are(report.heads)} of this log"
    if report.erasures:
        entries = _counted(report.erasures, "erased entry", "erased entries")
        yield f"{report.name}: of {entries} the log has the record that says who asked for it and on what ground"
    if report.name == ROOT and report.entries:
        yield f"{report.name}: the heads of each log only grow, and no size has two roots"
    if report.quorum_s:
        at = datetime.fromtimestamp(report.quorum_s, UTC)
        witnesses = _counted(report.cosigned or 0, "witness", "witnesses")
        yield f"{report.name}: {witnesses} cosigned it, a quorum by {at:%Y-%m-%d %H:%M} UTC"


def not_proven(reports: Sequence[LogReport], strangers: Iterable[str], *, own_trust: bool) -> list[str]:
    """Return what was not proven, and what would be needed."""
    lines = []
    if not own_trust:
        lines.append("that these keys are the guarantor's: no trust file of yours was given (--trust)")
    for report in reports:
        lines += _not_proven(report)
    lines += [f"{origin}: the root log holds heads of it, and your trust file is older than it" for origin in strangers]
    if not any(report.name == ROOT and report.size is not None for report in reports):
        lines.append("that all see the same logs: there is no root log to compare their heads with")
    lines.append("who wrote a message, and what its seal says: an audit of the log sees hashes only")
    return lines


def _not_proven(report: LogReport) -> Iterator[str]:
    if report.failed is not None:
        yield f"{report.name}: could not look: {report.failed}"
    if report.faults:
        yield f"{report.name}: see its {_counted(report.faults, 'fault')} above"
    yield from (f"{report.name}: {item}" for item in report.not_looked)
    if report.size is None or report.failed is not None:
        return
    if not report.earlier:
        yield f"{report.name}: that it is the log others saw: no earlier checkpoint was given (--since, --state)"
    if report.name == ROOT and report.quorum_s == 0:
        yield f"{report.name}: that witnesses saw it: the policy asks for none"
    if report.heads is not None and report.unheaded:
        newest = _counted(report.unheaded, "entry", "entries")
        yield f"{report.name}: its newest {newest} {_are(report.unheaded)} under no head in the root log yet"


def _counted(count: int, singular: str, plural: str | None = None) -> str:
    return f"{count:,} {singular if count == 1 else plural or f'{singular}s'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
