"""`python -m benchmarks`: measure everything, keep the results, publish tables and plot."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks import appending, growth, in_process, merkle, over_http, steps, tree_audit
from benchmarks.figures import SLOW_WRITE_MS, figures
from benchmarks.machine import describe_machine
from benchmarks.report import HERE, publish


def main(arguments: Sequence[str]) -> int:
    """Measure, write `results/<date>.json`, and publish it; a quick run is published nowhere, only printed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure everything (ten minutes).")
    parser.add_argument("--quick", action="store_true", help="two minutes, rough figures")
    parser.add_argument("--publish", action="store_true", help="keep and publish a quick run too")
    given = parser.parse_args(arguments)
    begin = time.monotonic()
    try:
        results = measure(quick=given.quick)
    except over_http.FAILURES as error:
        print(error, file=sys.stderr)
        return 1
    for figure in figures(results):
        found = "–" if figure.found is None else f"{figure.found.median:.2f} {figure.unit}"
        print(f"{figure.what:82}{found:>12}  {figure.mark}")
    print(f"taken: {time.monotonic() - begin:.0f} s")
    if not given.quick or given.publish:
        path = HERE / "results" / f"{results['when'][:10]}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
        publish(results)
        print(f"results are in benchmarks/results/{path.name}, tables and plot in benchmarks/README.md")
    return 0


def measure(*, quick: bool) -> dict[str, Any]:
    """Run every program; return the results as JSON has them. Raises over_http.FAILURES."""
    asked = over_http.Asked(seconds=2, rounds=3) if quick else over_http.Asked(seconds=6)
    sizes = appending.Asked(large=100_000, rounds=3) if quick else appending.Asked()
    seen = over_http.Asked(only=("sigill",), seconds=5 if quick else 11)
    slow = over_http.Asked(
        only=("handwritten", "handwritten_1c", "sigill"),
        seconds=2 if quick else 4,
        rounds=2 if quick else 4,
        slow_write_ms=SLOW_WRITE_MS,
    )
    timed = in_process.steps()
    results: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "command": "make bench QUICK=1" if quick else "make bench",
        "quick": quick,
        "machine": describe_machine(),
    }
    _say("single steps, one core")
    results["in_process"] = in_process.measure(timed, seconds=0.1 if quick else 0.5, rounds=3 if quick else 7)
    measured = over_http.measure(asked, say=_say)
    results["http"] = _samples(measured)
    results["slow_disk"] = _samples(over_http.measure(slow, say=_say))
    results["memory"] = dict(measured.memory)
    results["steps"] = _steps(seen)
    results["appending"] = {str(size): asdict(costs) for size, costs in appending.measure(sizes, say=_say).items()}
    trees = merkle.Asked(size=100_000, rounds=3) if quick else merkle.Asked()
    results["trees"] = asdict(merkle.measure(trees, say=_say))
    audited = tree_audit.Asked(size=100_000, rounds=3) if quick else tree_audit.Asked()
    results["audit"] = asdict(tree_audit.measure(audited, say=_say))
    grown = growth.Asked(sizes=growth.SIZES[:3], rounds=3) if quick else growth.Asked()
    results["growth"] = {str(size): values for size, values in growth.measure(grown, say=_say).items()}
    return results


def _samples(measured: over_http.Measured) -> dict[str, Any]:
    return {
        load: {name: [asdict(sample) for sample in rows] for name, rows in samples.items()}
        for load, samples in measured.samples.items()
    }


def _steps(asked: over_http.Asked) -> dict[str, Any]:
    try:
        found = steps.measure(asked, say=_say)
    except steps.NoSamples as error:
        _say(f"where the time goes is left out: {error}")
        return {}
    return {
        load: {
            "cpu_us": sample.cpu_us,
            "kernel_us": sample.kernel_us,
            "parts": [(part.ours, part.inside, part.share) for part in parts],
        }
        for load, contenders in found.items()
        for sample, parts in contenders.values()
    }


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
