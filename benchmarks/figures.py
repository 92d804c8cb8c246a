"""The figures that matter, with what is aimed at: computed from the results of one run, ratios round by round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from benchmarks.samples import Spread, ratios, spread

Results = Mapping[str, Any]  # what `benchmarks.__main__` writes as JSON


SLOW_WRITE_MS: Final = 4.5  # what a durable write takes longer where a disk is simulated that is not the machine's own


class Mark(StrEnum):
    """How a figure stands to what is aimed at."""

    AIM = "aim reached"
    FLOOR = "floor reached"
    MISSED = "missed"
    UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something to reach: `aim` and `floor` in the figure's unit; with `at_most`, less is better."""

    what: str
    unit: str
    aim: float
    floor: float
    at_most: bool
    found: Spread | None

    @property
    def mark(self) -> Mark:
        """How the median stands."""
        if self.found is None:
            return Mark.UNKNOWN
        value = self.found.median
        for limit, mark in ((self.aim, Mark.AIM), (self.floor, Mark.FLOOR)):
            if (value <= limit) if self.at_most else (value >= limit):
                return mark
        return Mark.MISSED


def figures(results: Results) -> list[Figure]:
    """Return every figure; those that the run did not measure have nothing found."""
    found: dict[str, Spread | None] = {}
    for name, compute in _COMPUTE.items():
        try:
            found[name] = compute(results)
        except (KeyError, TypeError, ValueError):  # not measured: a part left out, no latency known, no samples
            found[name] = None
    return [
        Figure(what=what, unit=unit, aim=aim, floor=floor, at_most=at_most, found=found[name])
        for name, what, unit, aim, floor, at_most in _WANTED
    ]


_WANTED: Final = (
    ("rate", "One durable message over HTTP: rate beside an empty Flask endpoint", "×", 0.45, 0.35, False),
    ("cpu", "… its CPU beside the empty endpoint's", "×", 1.6, 2.0, True),
    ("rate_threads", "… its rate beside the empty endpoint's under gunicorn's threads", "×", 0.45, 0.35, False),
    ("cpu_threads", "… its CPU beside the same", "×", 1.6, 2.0, True),
    ("p99", "… its 99th percentile beside the empty endpoint's", "×", 3.0, 5.0, True),
    ("batch", "Batch of 100, a message: rate beside the hand-written endpoint's batch", "×", 15.0, 8.0, False),
    ("batch_slow", f"… where a durable write takes {SLOW_WRITE_MS} ms longer", "×", 15.0, 8.0, False),
    ("batch_cpu", "… its share of the raw ES256 rate, in CPU", "×", 0.5, 0.25, False),
    ("verify", "Offline seal verification beside raw ECDSA verification", "×", 0.8, 0.6, False),
    ("decision", "Policy decision", "µs", 10.0, 25.0, True),
    ("caller_key", "Who asks, and may it seal: an API key, in the second after it was seen", "µs", 15.0, 15.0, True),
    ("caller_token", "… an access token", "µs", 15.0, 15.0, True),
    ("append", "Append at the large log beside the small one, one at a time", "×", 1.1, 1.1, True),
    ("append_batch", "… in batches of 100", "×", 1.1, 1.1, True),
    ("growth", "Append at the largest tree beside the smallest, 10,000,000 leaves and 10,000", "×", 1.1, 1.3, True),
    ("tree_append", "Append to a tree of a million leaves, 100 a commit: rate beside pymerkle's", "×", 6.0, 3.0, False),
    ("tree_append_bare", "… the bare tree, a leaf at a time", "×", 6.0, 3.0, False),
    (
        "tree_proof",
        "Inclusion proof at a million leaves, from tiles on SQLite: rate beside pymerkle's",
        "×",
        2.5,
        1.5,
        False,
    ),
    ("tree_proof_bare", "… from the bare tree in memory", "×", 2.5, 1.5, False),
    ("audit", "Audit of a whole log: rate beside bare hashing of the same nodes", "×", 0.7, 0.7, False),
    ("audit_mb", "Memory of `sigill audit log` over a million entries", "MB", 300.0, 300.0, True),
    ("tile_bytes", "Tile store, a leaf beyond its entry", "bytes", 36.0, 36.0, True),
    ("cold_tiles", "Tiles that a cold proof reads on one level, beside the right edge's", "tiles", 1.0, 1.0, True),
    ("postgresql", "PostgreSQL on the same machine beside SQLite, one message", "×", 0.8, 0.6, False),
    ("postgresql_batch", "… batch of 100", "×", 0.8, 0.6, False),
    ("memory", "Memory of a worker after the load", "MB", 150.0, 150.0, True),
)


def _http(field: str, load: str, one: str, other: str, *, disk: str = "http") -> Callable[[Results], Spread]:
    def compute(results: Results) -> Spread:
        samples = results[disk][load]
        return ratios(_column(samples[one], field), _column(samples[other], field))

    return compute


def _batch_cpu(results: Results) -> Spread:
    """Return the raw signature's share of a message's CPU; they are of one run, not of one round."""
    raw = spread(results["in_process"]["es256_sign"]).median
    used = _column(results["http"]["batch"]["sigill"], "cpu_us")
    return spread([raw / value for value in used])


def _verify(results: Results) -> Spread:
    timed = results["in_process"]
    return ratios(timed["es256_verify"], timed["seal_verify"])


def _append(kind: str) -> Callable[[Results], Spread]:
    def compute(results: Results) -> Spread:
        small, large = (costs for _, costs in sorted(results["appending"].items(), key=lambda item: int(item[0])))
        return ratios(large[kind], small[kind])

    return compute


def _growth(results: Results) -> Spread:
    smallest, *_, largest = (values for _, values in sorted(results["growth"].items(), key=lambda item: int(item[0])))
    return ratios(largest, smallest)


def _tree(measured: str, base: str, other: str) -> Callable[[Results], Spread]:
    """Return the rate of `other` beside that of `base`."""

    def compute(results: Results) -> Spread:
        costs = results["trees"][measured]
        return ratios(costs[base], costs[other])

    return compute


def _memory(results: Results) -> Spread:
    resident, _ = results["memory"]["sigill"]
    return spread([resident])


def _column(samples: Sequence[Mapping[str, Any]], field: str) -> list[float]:
    return [float(sample[field]) for sample in samples]


_COMPUTE: Final[Mapping[str, Callable[[Results], Spread]]] = {
    "rate": _http("rate", "single", "sigill", "empty"),
    "cpu": _http("cpu_us", "single", "sigill", "empty"),
    "rate_threads": _http("rate", "single", "sigill", "empty_threads"),
    "cpu_threads": _http("cpu_us", "single", "sigill", "empty_threads"),
    "p99": _http("p99_ms", "single", "sigill", "empty"),
    "batch": _http("rate", "batch", "sigill", "handwritten"),
    "batch_slow": _http("rate", "batch", "sigill", "handwritten", disk="slow_disk"),
    "batch_cpu": _batch_cpu,
    "verify": _verify,
    "decision": lambda results: spread(results["in_process"]["decision"]),
    "caller_key": lambda results: spread(results["in_process"]["caller_key"]),
    "caller_token": lambda results: spread(results["in_process"]["caller_token"]),
    "append": _append("single_us"),
    "append_batch": _append("batch_us"),
    "growth": _growth,
    "tree_append": _tree("append_us", "peer", "service"),
    "tree_append_bare": _tree("append_us", "peer", "bare"),
    "tree_proof": _tree("proof_us", "peer", "service"),
    "tree_proof_bare": _tree("proof_us", "peer", "bare"),
    "audit": lambda results: ratios(results["audit"]["bare_s"], results["audit"]["audit_s"]),
    "audit_mb": lambda results: spread([results["audit"]["command_mb"]]),
    "tile_bytes": lambda results: spread([results["trees"]["bytes_a_leaf"]]),
    "cold_tiles": lambda results: spread([max(results["trees"]["cold_tiles"])]),
    "postgresql": _http("rate", "single", "postgresql", "sigill"),
    "postgresql_batch": _http("rate", "batch", "postgresql", "sigill"),
    "memory": _memory,
}
