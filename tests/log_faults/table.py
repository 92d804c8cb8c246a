"""The table as Markdown and as JSON."""

from collections.abc import Sequence
from typing import Any, Final

from tests.log_faults.columns import Column, Row

NOTHING: Final = "–"


def format_markdown(rows: Sequence[Row]) -> str:
    """Return a table for each group; what had to catch a fault is in bold."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.case.group, []).append(row)
    lines = []
    for group, members in groups.items():
        shown = [column for column in Column if any(row.cells.get(column) for row in members)]
        heading = [group, "how it was made", *shown]
        lines += [_line(heading), "|" + "---|" * len(heading)]
        lines += [_line([row.case.name, row.case.made, *(_cell(row, column) for column in shown)]) for row in members]
        unseen = [column.value for column in Column if column not in shown]
        nobody = "Nobody else saw" if shown else "Nobody saw"
        lines += ["", f"{nobody} anything: {', '.join(unseen)}.", ""] if unseen else [""]
    return "\n".join(lines)


def format_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the table as a JSON value; every column is in every row."""
    return {
        "faults": [
            {
                "group": row.case.group,
                "fault": row.case.name,
                "made": row.case.made,
                "seen": {column.name.lower(): list(row.cells.get(column, ())) for column in Column},
                "demanded": {column.name.lower(): name for column, name in row.case.must.items()},
                "missed": [column.name.lower() for column in row.missed],
                "wrongly": [column.name.lower() for column in row.wrongly],
            }
            for row in rows
        ]
    }


def describe_failures(rows: Sequence[Row]) -> list[str]:
    """Return a line for everybody who had to catch something and did not, or who reported what was not there."""
    return [
        f"{row.case.group}, {row.case.name}: {column} {what}; it saw: {', '.join(row.cells.get(column, ())) or NOTHING}"
        for row in rows
        for columns, what in ((row.missed, "missed it"), (row.wrongly, "had nothing to report"))
        for column in columns
    ]


def _cell(row: Row, column: Column) -> str:
    names = row.cells.get(column, ())
    demanded = row.case.must.get(column)
    return ", ".join(f"**{name}**" if name == demanded else name for name in names) or NOTHING


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
