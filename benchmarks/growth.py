"""What a message costs the log as it grows from ten thousand leaves to ten million: logs side by side, in turns.

python -m benchmarks.growth --rounds 3

The tiles hold that many leaves, the tables of entries and tokens only what is appended here: this is the tree's share,
with the checkpoint's signature, the receipt and the commit. `benchmarks.appending` has the tables full as well.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Final

from benchmarks.appending import leaf_append
from benchmarks.samples import ratios, spread
from benchmarks.tile_logs import QUICKEST, tile_log
from tests.builders_seal import MemoryLog
from transparency.append import Append
from transparency.log import TransparencyLog

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_WARM_UP: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many messages are appended one at a time to each log in one round."""

    sizes: tuple[int, ...] = SIZES
    rounds: int = 9
    singles: int = 300


def measure(asked: Asked, *, say: Callable[[str], None]) -> dict[int, list[float]]:
    """Return µs an append by size, one value a round, waiting for the disk included."""
    found: dict[int, list[float]] = {size: [] for size in asked.sizes}
    leaves = map(leaf_append, count())
    with ExitStack() as stack:
        logs = {}
        for size in asked.sizes:
            begin = time.monotonic()
            filled = stack.enter_context(tile_log(size, at_once=QUICKEST))
            logs[size] = TransparencyLog(filled.engine, signers_for=lambda origin, _at=None: (MemoryLog(origin),))
            say(f"a log of {size:,} leaves in tiles, filled in {time.monotonic() - begin:.0f} s")
        os.sync()  # what is still to be written would disturb the first round
        for log in logs.values():
            _append(log, leaves, _WARM_UP)
        for number in range(asked.rounds):
            order = list(logs) if number % 2 else list(reversed(logs))
            for size in order:
                found[size].append(_append(logs[size], leaves, asked.singles))
    return found


def _append(log: TransparencyLog, leaves: Iterator[Append], times: int) -> float:
    appends = [next(leaves) for _ in range(times)]
    begin = time.perf_counter()
    for append in appends:
        log.append(append)
    return (time.perf_counter() - begin) / times * 1e6


def format_table(found: Mapping[int, Sequence[float]]) -> str:
    """Return the results as plain text."""
    smallest = found[min(found)]
    lines = []
    for size, values in sorted(found.items()):
        each, beside = spread(values), ratios(values, smallest)
        lines.append(
            f"{size:>12,} leaves {each.median:9.1f} µs ({each.least:.1f}–{each.greatest:.1f})"
            f"{beside.median:8.2f} × ({beside.least:.2f}–{beside.greatest:.2f})"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="Appends by the size of the tree.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=Asked().rounds)
    parser.add_argument("--singles", type=int, default=Asked().singles)
    given = parser.parse_args(arguments)
    asked = Asked(sizes=tuple(sorted(given.sizes)), rounds=given.rounds, singles=given.singles)
    print(format_table(measure(asked, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
