"""Requests over HTTP: rate, latency, and the server's CPU per message, contender by contender.

python -m benchmarks.over_http --only empty,sigill --seconds 3 --rounds 3
python -m benchmarks.over_http --load batch --tree ../before     # another checkout's Sigill, for before and after
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contenders import CONTENDERS, NAMES, running_servers
from benchmarks.load import Load, WrkMissing
from benchmarks.processes import children_of, memory_mb
from benchmarks.rounds import Lost, Sample, measure_rounds
from benchmarks.samples import Spread, ratios, spread
from benchmarks.servers import ON_DISK, ROOT, Places, Server, ServerFailed

_LOADS: Final = ("single", "batch")
FAILURES: Final = (ServerFailed, WrkMissing, Lost)  # what a measurement over HTTP raises


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to measure."""

    only: tuple[str, ...] = NAMES
    loads: tuple[str, ...] = _LOADS
    seconds: int = 4
    rounds: int = 5
    connections: int = 32
    batch_connections: int = 8
    batch: int = 100
    tree: Path = ROOT
    slow_write_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Samples by load and contender, and the workers' memory after all of it by server: (RSS, PSS) in MB, largest."""

    samples: Mapping[str, Mapping[str, Sequence[Sample]]]
    memory: Mapping[str, tuple[float, float]]


def measure(asked: Asked, *, say: Callable[[str], None]) -> Measured:
    """Start the servers, send the loads, stop the servers. Raises ServerFailed, WrkMissing, Lost."""
    contenders = [contender for contender in CONTENDERS if contender.name in asked.only]
    tempfile.tempdir = ON_DISK  # PostgreSQL's folder as well
    with tempfile.TemporaryDirectory(prefix="sigill-bench-") as folder:
        places = Places(Path(folder), asked.tree, slow_write_ms=asked.slow_write_ms)
        with running_servers({each.server for each in contenders}, places, say=say) as servers:
            samples = {}
            for load in loads_of(asked):
                fit = [each for each in contenders if each.server in servers and each.takes(load)]
                samples[load.name] = measure_rounds(
                    fit, servers, load, rounds=asked.rounds, folder=places.folder, say=say
                )
            return Measured(samples, {name: _memory(server) for name, server in servers.items()})


def loads_of(asked: Asked) -> tuple[Load, ...]:
    """Return the loads asked for.

    A conversation comes around again when its last message is long answered. Fewer connections send batches: they
    carry more at once than all of the single ones together.
    """
    single = Load(name="single", connections=asked.connections, seconds=asked.seconds, conversations=500)
    batch = Load(
        name="batch",
        batch=asked.batch,
        connections=asked.batch_connections,
        seconds=asked.seconds,
        conversations=asked.batch * asked.batch_connections * 4,
    )
    return tuple(load for load in (single, batch) if load.name in asked.loads)


def format_table(samples: Mapping[str, Sequence[Sample]]) -> str:
    """Return one load's results as plain text; ratios are to the first contender, round by round."""
    head = f"{'':16}{'messages/s':>24}{'ratio':>8}{'CPU µs':>20}{'ratio':>8}"
    lines = [f"{head}{'database':>10}{'p50 ms':>9}{'p99 ms':>9}  faults"]
    first = next(iter(samples.values()), ())
    for name, rows in samples.items():
        rate, cpu = spread([row.rate for row in rows]), spread([row.cpu_us for row in rows])
        faster = ratios([row.rate for row in rows], [row.rate for row in first]).median
        dearer = ratios([row.cpu_us for row in rows], [row.cpu_us for row in first]).median
        database = spread([row.database_cpu_us for row in rows]).median
        p50, p99 = (_latency([getattr(row, field) for row in rows]) for field in ("p50_ms", "p99_ms"))
        faults = sum(row.bad_status + row.broken + row.timeouts for row in rows)
        lines.append(
            f"{name:16}{_with_range(rate):>24}{faster:8.2f}{_with_range(cpu):>20}{dearer:8.2f}"
            f"{database:10.0f}{p50:>9}{p99:>9}  {faults}"
        )
    return "\n".join(lines)


def _with_range(found: Spread) -> str:
    return f"{found.median:.0f} ({found.least:.0f}–{found.greatest:.0f})"


def _latency(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{spread(known).median:.1f}" if known else "–"


def _memory(server: Server) -> tuple[float, float]:
    return max((memory_mb(worker) for worker in children_of(server.pid)), key=lambda found: found[0])


def _read_arguments(arguments: Sequence[str]) -> Asked:
    usual = Asked()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.over_http", description="Measure servers over HTTP.")
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--load", choices=[*_LOADS, "both"], default="both")
    parser.add_argument("--seconds", type=int, default=usual.seconds, help="of one contender in one round")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--connections", type=int, default=usual.connections, help="for single messages")
    parser.add_argument("--batch-connections", type=int, default=usual.batch_connections)
    parser.add_argument("--batch", type=int, default=usual.batch, help="messages in a batch")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the checkout whose Sigill is measured")
    parser.add_argument("--slow-write-ms", type=float, help="hold up every durable write for so long (strace)")
    given = parser.parse_args(arguments)
    only = tuple(given.only.split(","))
    if unknown := set(only) - set(NAMES):
        parser.error(f"no contender {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return Asked(
        only=only,
        loads=_LOADS if given.load == "both" else (given.load,),
        seconds=given.seconds,
        rounds=given.rounds,
        connections=given.connections,
        batch_connections=given.batch_connections,
        batch=given.batch,
        tree=given.tree.resolve(),
        slow_write_ms=given.slow_write_ms,
    )


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    asked = _read_arguments(arguments)
    try:
        measured = measure(asked, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))
    except FAILURES as error:
        print(error, file=sys.stderr)
        return 1
    for load, samples in measured.samples.items():
        print(f"\n{load}\n{format_table(samples)}")
    print("\na worker's memory after that, MB (resident, its proportional share)")
    for name, (resident, share) in measured.memory.items():
        print(f"{name:16}{resident:8.0f}{share:8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
