"""The results as a page: tables in Markdown between two marks of `benchmarks/README.md`, and the plot beside it.

python -m benchmarks.report results/2026-11-22.json      # writes both anew from results kept
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.appending import KINDS
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import SLOW_WRITE_MS, Figure, Results, figures
from benchmarks.growth_plot import draw_growth
from benchmarks.in_process import WHAT
from benchmarks.merkle import WHAT as TREES
from benchmarks.plot import draw
from benchmarks.samples import Spread, ratios, spread

HERE: Final = Path(__file__).parent
README: Final = HERE / "README.md"
PLOT: Final = HERE / "results" / "plot.svg"
GROWTH: Final = HERE / "results" / "growth.svg"
BEGIN: Final = "<!-- results: begin -->"
END: Final = "<!-- results: end -->"
_LEAST_SHARE: Final = 0.015
_WHAT: Final = {contender.name: contender.what for contender in CONTENDERS}
_LOADS: Final = {"single": "One message a request, 32 connections", "batch": "Batches of 100, 8 connections"}


def publish(results: Results) -> None:
    """Write the tables into README.md and the plots beside the results. Raises ValueError without the marks."""
    README.write_text(put_between(README.read_text("utf-8"), format_results(results)), "utf-8")
    PLOT.write_text(draw(results), "utf-8")
    if "growth" in results:
        GROWTH.write_text(draw_growth(results), "utf-8")


def put_between(page: str, text: str) -> str:
    """Return the page with `text` between its marks. Raises ValueError where they are not there once, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ValueError(f"the page needs one {BEGIN} and one {END}")
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"


def format_results(results: Results) -> str:
    """Return the tables as Markdown."""
    return "\n\n".join(block for block in _blocks(results) if block)


def _blocks(results: Results) -> Iterator[str]:
    yield f"Measured on {results['when']} with `{results['command']}`:"
    yield _table(("", ""), [(name, value) for name, value in results["machine"].items()])
    if results["quick"]:
        yield "**A quick run: it shows that the programs work, and its figures are rough.**"
    yield "### What is aimed at"
    yield _table(("", "aim", "floor", "measured", "range", ""), [_figure_row(figure) for figure in figures(results)])
    for load, samples in results.get("http", {}).items():
        yield f"### {_LOADS[load]}"
        yield _table(_HTTP_HEAD, list(_http_rows(samples)))
    for load, samples in results.get("slow_disk", {}).items():
        yield f"### {_LOADS[load]}, where a durable write takes {SLOW_WRITE_MS} ms longer"
        yield _table(_HTTP_HEAD, list(_http_rows(samples)))
    if "in_process" in results:
        yield "### Single steps on one core"
        timed = [(WHAT[name], *_with_range(spread(found), 2)) for name, found in results["in_process"].items()]
        yield _table(("", "CPU µs", "range"), timed)
    if "appending" in results:
        yield "### Appending, µs a leaf"
        yield _appending(results["appending"])
    for part, format_part in (("trees", _trees), ("audit", _audit), ("growth", _growth)):
        if part in results:
            yield from format_part(results[part])
    for load, shown in results.get("steps", {}).items():
        yield f"### Where the CPU of a message goes: {_LOADS[load].split(',')[0].lower()}"
        yield f"Of {shown['cpu_us']:,.0f} µs, {shown['kernel_us']:,.0f} are in the kernel: sockets, disk, locks."
        yield _steps(shown)
    if results.get("memory"):
        yield "### Memory of a worker after the load, MB"
        rows = [(name, f"{resident:.0f}", f"{share:.0f}") for name, (resident, share) in results["memory"].items()]
        yield _table(("", "resident", "its proportional share"), rows)


_HTTP_HEAD: Final = (
    "",
    "messages/s",
    "range",
    "rate ×",
    "server CPU µs",
    "range",
    "CPU ×",
    "database CPU µs",
    "p50 ms",
    "p99 ms",
    "faults",
)


def _http_rows(samples: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[tuple[str, ...]]:
    first = next(iter(samples.values()), ())
    for name, rows in samples.items():
        rates, costs = ([float(row[field]) for row in rows] for field in ("rate", "cpu_us"))
        rate = ratios(rates, [row["rate"] for row in first]).median
        cost = ratios(costs, [row["cpu_us"] for row in first]).median
        database = spread([row["database_cpu_us"] for row in rows]).median
        faults = sum(row["bad_status"] + row["broken"] + row["timeouts"] for row in rows)
        yield (
            _WHAT[name],
            *_with_range(spread(rates), 0),
            f"{rate:.2f}",
            *_with_range(spread(costs), 0),
            f"{cost:.2f}",
            f"{database:.0f}" if database else "–",
            *(_latency(rows, field) for field in ("p50_ms", "p99_ms")),
            f"{faults}",
        )


def _latency(rows: Sequence[Mapping[str, Any]], field: str) -> str:
    known = [row[field] for row in rows if row[field] is not None]
    return f"{spread(known).median:.1f}" if known else "–"


def _figure_row(figure: Figure) -> tuple[str, ...]:
    def with_unit(value: float) -> str:
        return f"{value:g} {figure.unit}"

    sign = "≤" if figure.at_most else "≥"
    found = ("–", "–") if figure.found is None else _with_range(figure.found, 2)
    return (figure.what, f"{sign} {with_unit(figure.aim)}", with_unit(figure.floor), *found, figure.mark.value)


def _appending(appending: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    small, large = sorted(appending, key=int)
    rows = []
    for name, what in KINDS:
        of_small, of_large = appending[small][name], appending[large][name]
        medians = [f"{spread(values).median:.1f}" for values in (of_small, of_large)]
        rows.append((what, *medians, *_with_range(ratios(of_large, of_small), 2)))
    return _table(("", f"{int(small):,} leaves", f"{int(large):,} leaves", "ratio", "range"), rows)


def _trees(trees: Mapping[str, Any]) -> Iterator[str]:
    yield f"### Trees of {trees['size']:,} leaves"
    if trees["without_peer"]:
        yield f"pymerkle is left out: {trees['without_peer']}."
    rows = []
    for name, what in TREES.items():
        cells = [what]
        for measured in ("append_us", "proof_us"):
            values = trees[measured]
            cells += _beside(values.get(name), values.get("peer"))
        rows.append(cells)
    yield _table(("", "append, CPU µs", "range", "rate ×", "proof, CPU µs", "range", "rate ×"), rows)
    memory = "" if trees["peer_mb"] is None else f" pymerkle's tree takes {trees['peer_mb']:.0f} MB of memory."
    yield (
        f"The tiles take {trees['bytes_a_leaf']:.1f} bytes a leaf on disk. A cold proof reads at most"
        f" {max(trees['cold_tiles'])} tile on a level, and {trees['edge_tiles']} of the log's right edge, which every"
        f" proof shares.{memory}"
    )


def _audit(audit: Mapping[str, Any]) -> Iterator[str]:
    yield f"### The audit of a log of {audit['size']:,} entries"
    bare, whole = audit["bare_s"], audit["audit_s"]
    rows = [
        ("bare hashing of the same nodes", *_with_range(spread(bare), 2), "1.00"),
        ("the audit: bundles, tiles, root", *_with_range(spread(whole), 2), f"{ratios(bare, whole).median:.2f}"),
    ]
    yield _table(("", "CPU s", "range", "rate ×"), rows)
    yield (
        f"The whole command over files, its start included, takes {audit['command_s']:.1f} s of CPU and at most"
        f" {audit['command_mb']:.0f} MB."
    )


def _beside(found: Sequence[float] | None, peer: Sequence[float] | None) -> tuple[str, str, str]:
    if not found:
        return "–", "–", "–"
    return *_with_range(spread(found), 2), f"{ratios(peer, found).median:.2f}" if peer else "–"


def _growth(growth: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield "### Appending by the size of the tree"
    yield "![What an append costs, from ten thousand leaves to ten million](results/growth.svg)"
    by_size = sorted(growth.items(), key=lambda item: int(item[0]))
    rows = [
        (f"{int(size):,}", *_with_range(spread(values), 1), *_with_range(ratios(values, by_size[0][1]), 2))
        for size, values in by_size
    ]
    yield _table(("leaves in tiles", "µs an append", "range", "ratio", "range"), rows)


def _steps(shown: Mapping[str, Any]) -> str:
    parts, cpu_us = shown["parts"], shown["cpu_us"]
    rows = [
        (ours, inside, f"{share:.1%}", f"{share * cpu_us:.0f}")
        for ours, inside, share in parts
        if share >= _LEAST_SHARE
    ]
    rest = sum(share for _, _, share in parts if share < _LEAST_SHARE)
    rows.append(("the rest", "", f"{rest:.1%}", f"{rest * cpu_us:.0f}"))
    return _table(("in", "of that, in", "share", "CPU µs"), rows)


def _with_range(found: Spread, digits: int) -> tuple[str, str]:
    return f"{found.median:,.{digits}f}", f"{found.least:,.{digits}f}–{found.greatest:,.{digits}f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Publish kept results."""
    publish(json.loads(Path(arguments[0]).read_text("utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
