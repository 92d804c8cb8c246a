"""`python -m tests.faults`: the long form. Prints the table; exit code 1 if anything was found, 3 if all that ran held
but something could not be run here.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.faults.campaign import ENGINES, LONG, SHORT, run_campaign, say
from tests.faults.table import format_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign that was asked for; return the exit code."""
    asked = _parser().parse_args(arguments)
    form = SHORT if asked.short else LONG
    given = {name: getattr(asked, name) for name in ("kills", "seconds", "rounds", "stopped_s") if getattr(asked, name)}
    form = replace(
        form,
        **given,
        clients=asked.clients,
        keys=not asked.without_keys,
        batches=not asked.without_batches,
        only=frozenset(asked.only),
        seed=asked.seed,
    )
    folder = Path(asked.folder or tempfile.mkdtemp(prefix="sigill-faults-"))
    say(f"Data, ledgers and output are in {folder}")
    outcomes = []
    for engine in asked.engine or ENGINES:
        for outcome in run_campaign(engine, form, folder / engine):
            outcomes.append(outcome)
            say(f"{engine}, {outcome.scenario}: {outcome.not_run or f'{len(outcome.findings)} findings'}")
    sys.stdout.write(format_table(outcomes))
    if any(outcome.findings for outcome in outcomes):
        return 1
    return 3 if any(outcome.not_run for outcome in outcomes) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.faults", description="The service under load and under faults.")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: both")
    parser.add_argument("--short", action="store_true", help="what make test-servers runs")
    parser.add_argument("--kills", type=int, help=f"default {LONG.kills}")
    parser.add_argument("--seconds", type=float, help="the longest time for the kills")
    parser.add_argument("--rounds", type=int, help="strikes of every other fault")
    parser.add_argument("--stopped-s", type=float, help="how long a stopped worker stands still")
    parser.add_argument("--only", action="append", default=[], help='scenarios by name, such as "kill -9"')
    parser.add_argument("--clients", type=int, default=LONG.clients)
    parser.add_argument("--seed", type=int, default=LONG.seed)
    parser.add_argument("--folder", help="where data and output go; default: a new temporary folder")
    parser.add_argument("--without-keys", action="store_true", help="send no Idempotency-Key: a retry may seal twice")
    parser.add_argument("--without-batches", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
