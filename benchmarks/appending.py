"""What an append costs in a small log and in a large one: two real logs on SQLite, measured in turns.

python -m benchmarks.appending --small 10000 --large 100000 --rounds 5
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.samples import Spread, ratios, spread
from benchmarks.servers import ON_DISK
from sigill.text.codes import make_code
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders_seal import ORIGIN, MemoryLog
from transparency.append import Append, Token
from transparency.log import TransparencyLog

_LOG: Final = "bank"
_FILLED_AT_ONCE: Final = 1000
_AT: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Sizes in leaves; in one round so many single appends and so many batches are timed in each log."""

    small: int = 10_000
    large: int = 1_000_000
    rounds: int = 7
    singles: int = 300
    batches: int = 30
    batch: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """µs a leaf, one value a round: waiting for the disk included, and CPU alone."""

    single_us: list[float] = field(default_factory=list)
    single_cpu_us: list[float] = field(default_factory=list)
    batch_us: list[float] = field(default_factory=list)
    batch_cpu_us: list[float] = field(default_factory=list)


KINDS: Final = (
    ("single_us", "one at a time"),
    ("single_cpu_us", "one at a time, CPU"),
    ("batch_us", "in batches"),
    ("batch_cpu_us", "in batches, CPU"),
)


def measure(asked: Asked, *, say: Callable[[str], None]) -> dict[int, Costs]:
    """Fill two logs, then append to both in turns; return the costs by size."""
    costs = {asked.small: Costs(), asked.large: Costs()}
    with ExitStack() as stack:
        filled = {}
        for size in costs:
            begin = time.monotonic()
            filled[size] = stack.enter_context(_filled_log(size))
            say(f"a log of {size:,} leaves, filled in {time.monotonic() - begin:.0f} s")
        os.sync()  # what is still to be written would disturb the first round
        for _ in range(asked.rounds):
            for size, (log, leaves) in filled.items():
                _append_round(log, leaves, asked, costs[size])
    return costs


def ratios_of(costs: Mapping[int, Costs]) -> dict[str, Spread]:
    """Return, kind by kind, how much dearer the large log's appends are than the small one's of the same round."""
    small, large = (costs[size] for size in sorted(costs))
    return {name: ratios(getattr(large, name), getattr(small, name)) for name, _ in KINDS}


def format_table(costs: Mapping[int, Costs]) -> str:
    """Return the results as plain text."""
    sizes = sorted(costs)
    lines = [f"{'µs a leaf':24}" + "".join(f"{size:>24,}" for size in sizes) + f"{'ratio':>20}"]
    for name, what in KINDS:
        values = [spread(getattr(costs[size], name)) for size in sizes]
        found = "".join(f"{each.median:9.1f} ({each.least:.1f}–{each.greatest:.1f})".rjust(24) for each in values)
        ratio = ratios_of(costs)[name]
        lines.append(f"{what:24}{found}{ratio.median:8.2f} ({ratio.least:.2f}–{ratio.greatest:.2f})")
    return "\n".join(lines)


@contextmanager
def _filled_log(size: int) -> Iterator[tuple[TransparencyLog, Iterator[Append]]]:
    """Make a log of so many leaves, each with its token; yield it and an endless source of more."""
    with tempfile.TemporaryDirectory(prefix="sigill-bench-", dir=ON_DISK) as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'sigill.db'}")
        migrate(engine)
        log = TransparencyLog(engine, signers_for=lambda origin, _at=None: (MemoryLog(origin),))
        log.create_log(_LOG, ORIGIN)
        leaves = (leaf_append(number) for number in count())
        _append_each(
            log,
            (
                [next(leaves) for _ in range(min(_FILLED_AT_ONCE, size - begin))]
                for begin in range(0, size, _FILLED_AT_ONCE)
            ),
        )
        try:
            yield log, leaves
        finally:
            engine.dispose()


def leaf_append(number: int) -> Append:
    """Return a seal's append; the token is shorter than a real one, so that a million fit on a laptop."""
    jws = f"header.payload-{number:012}.{'s' * 86}"
    token = Token(f"{number:026}", _LOG, make_code(secrets.token_bytes(8)), jws, _AT)
    return Append(_LOG, leaf_of(LeafKind.SEAL, jws.encode("ascii")), token=token)


def _append_round(log: TransparencyLog, leaves: Iterator[Append], asked: Asked, costs: Costs) -> None:
    singles = [next(leaves) for _ in range(asked.singles)]
    batches = [[next(leaves) for _ in range(asked.batch)] for _ in range(asked.batches)]
    wall_us, cpu_us = _timed(lambda: [log.append(leaf) for leaf in singles])
    costs.single_us.append(wall_us / asked.singles)
    costs.single_cpu_us.append(cpu_us / asked.singles)
    wall_us, cpu_us = _timed(lambda: _append_each(log, batches))
    costs.batch_us.append(wall_us / asked.batches / asked.batch)
    costs.batch_cpu_us.append(cpu_us / asked.batches / asked.batch)


def _append_each(log: TransparencyLog, batches: Iterable[Sequence[Append]]) -> None:
    """Append batch by batch. Raises what an append raises."""
    for batch in batches:
        for answer in log.append_all(batch):
            if isinstance(answer, Exception):
                raise answer


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU time of some work in µs."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1e6, (time.process_time() - cpu) * 1e6


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    usual = Asked()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.appending", description="Time appends by log size.")
    for name in Asked.__dataclass_fields__:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    asked = Asked(**vars(parser.parse_args(arguments)))
    print(format_table(measure(asked, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
