"""The counts, one line a scenario, as a Markdown table."""

from collections.abc import Sequence
from typing import Final

from tests.faults.findings import Fault
from tests.faults.scenario import Outcome

_SHOWN: Final = 5  # findings of one kind and scenario that are told in full
_COLUMNS: Final = (
    "scenario",
    "engine",
    "strikes",
    "requests",
    "acknowledged",
    "retried",
    "replayed",
    "no answer",
    "5xx",
    "lost",
    "duplicated",
    "gaps",
    "broken chains",
    "other",
    "silence s",
    "recovered s",
)


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Return the table, then every finding and everything not run."""
    rows = [_COLUMNS, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    lines += [""] + [f"{each.engine}, {each.scenario}: {each.notes}" for each in outcomes if each.notes]
    for outcome in outcomes:
        where = f"{outcome.engine}, {outcome.scenario}"
        if outcome.not_run:
            lines.append(f"NOT RUN {where}: {outcome.not_run}")
        for fault in Fault:
            found = [finding.what for finding in outcome.findings if finding.fault is fault]
            lines += [f"FOUND {where}: {fault}: {what}" for what in found[:_SHOWN]]
            lines += [f"FOUND {where}: {fault}: and {len(found) - _SHOWN} more"] * (len(found) > _SHOWN)
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome) -> tuple[str, ...]:
    if outcome.not_run:
        return (outcome.scenario, outcome.engine, "not run", *[""] * (len(_COLUMNS) - 3))
    counts = outcome.counts
    ours = [f"{status}: {times}" for status, times in sorted(counts.statuses.items()) if status >= 500]
    named = (Fault.LOST, Fault.TWICE, Fault.GAP, Fault.CHAIN)
    faults = [outcome.number(fault) for fault in named]
    return (
        outcome.scenario,
        outcome.engine,
        str(outcome.strikes),
        str(counts.requests),
        str(outcome.acknowledged),
        str(counts.retried),
        str(counts.replayed),
        str(counts.broken),
        ", ".join(ours) or "0",
        *map(str, faults),
        str(len(outcome.findings) - sum(faults)),
        f"{outcome.silence_s:.1f}",
        f"{outcome.recovered_s:.1f}",
    )
