"""`python -m tests.log_faults`: every fault of the log, really made, and who caught it.

The table goes to standard output, how far it is to standard error. Exit code 1 if anybody missed what it must catch, or
accused the log where nothing was wrong with it.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.log_faults.campaign import CASES, run_campaign, say
from tests.log_faults.table import describe_failures, format_json, format_markdown


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the faults that were asked for; return the exit code."""
    asked = _parser().parse_args(arguments)
    chosen = [case for case in CASES if not asked.only or asked.only.lower() in f"{case.group}: {case.name}".lower()]
    rows = []
    with tempfile.TemporaryDirectory(prefix="sigill-log-faults-") as folder:
        for row in run_campaign(Path(folder), chosen):
            rows.append(row)
            say(f"{len(rows)}/{len(chosen)} {row.case.group}, {row.case.name} ({row.seconds:.1f} s)")
    sys.stdout.write(f"{json.dumps(format_json(rows), indent=1)}\n" if asked.json else format_markdown(rows))
    failures = describe_failures(rows)
    for line in failures:
        say(line)
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.log_faults", description="Faults of the log, and who caught them."
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--only", metavar="WORDS", default="", help="only faults with these words in group or name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
