"""A log's list of what was erased, read page by page and held against its leaves."""

from dataclasses import replace

from sigill.client.audit_report import Found, LogReport
from sigill.client.errors import UnexpectedAnswer
from sigill.client.shown_log import ShownLog
from sigill.errors import MalformedNote
from sigill.report.trust import TrustedLog
from sigill.tlog.bundled_leaves import OperatorLeaves
from sigill.tlog.erasures import ErasureCheck, parse_erasures


def check_erasures(
    shown: ShownLog, log: TrustedLog, *, leaves: OperatorLeaves, report: LogReport, found: Found
) -> LogReport:
    """Return `report` with the erasures that were checked. Raises what reading raises, UnexpectedAnswer too."""
    if report.begun:
        return report.without("erasures: an interrupted audit was resumed; audit it whole to look at them")
    size = report.size or 0
    check = ErasureCheck(
        origin=log.origin,
        names=frozenset([log.origin, log.operator]),
        size=size,
        leaf_hash=leaves.erased.get,
        report=found,
    )
    cursor: str | None = None
    for _ in range(size + 1):  # each page holds something
        data = shown.erasures(cursor)
        if data is None:
            return report.without("erasures: the log shows no list of them")
        try:
            page = parse_erasures(data)
        except MalformedNote as error:
            raise UnexpectedAnswer(f"The list of erasures cannot be read: {error}.") from error
        check.add(page)
        cursor = page.following
        if cursor is None:
            check.finish()
            return replace(report, erasures=check.checked)
        if not page.tombstones and not page.records:
            break
    raise UnexpectedAnswer("The list of erasures has no end.")
