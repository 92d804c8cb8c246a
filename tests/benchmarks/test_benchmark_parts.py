"""The parts of the benchmarks that only compute: nothing here measures."""

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.appending import Costs, ratios_of
from benchmarks.figures import Figure, Mark, figures
from benchmarks.growth_plot import draw_growth
from benchmarks.load import Load, body_template, one_body, read_outcome
from benchmarks.over_http import Asked, format_table, loads_of
from benchmarks.plot import draw
from benchmarks.processes import cpu_of, memory_mb, tree_of
from benchmarks.report import BEGIN, END, README, format_results, put_between
from benchmarks.rounds import Sample
from benchmarks.samples import Spread, ratios, spread
from benchmarks.steps import RATE_HZ, parts_of

SINGLE = Load(name="single", connections=2, seconds=1, conversations=5)
BATCH = Load(name="batch", batch=3, connections=2, seconds=1, conversations=5)


def sample(rate: float = 100.0, cpu_us: float = 50.0, p99_ms: float | None = 2.0) -> dict[str, Any]:
    """Return a sample as results keep it."""
    counted = {"bad_status": 0, "broken": 0, "timeouts": 0}
    return {
        "messages": 10,
        "rate": rate,
        "cpu_us": cpu_us,
        "kernel_us": 9.0,
        "database_cpu_us": 0.0,
        "p50_ms": 1.0,
        "p99_ms": p99_ms,
    } | counted


def results(**changes: Any) -> dict[str, Any]:
    """Return whole results of a run."""
    batch = {"handwritten": [sample(10.0)] * 3, "sigill": [sample(90.0, 40.0)] * 3}
    costs = {"single_us": [10.0], "single_cpu_us": [5.0], "batch_us": [2.0], "batch_cpu_us": [1.0]}
    whole: dict[str, Any] = {
        "when": "2026-11-22 12:00 UTC",
        "command": "make bench",
        "quick": False,
        "machine": {"processor": "a <processor>"},
        "http": {"single": {"empty": [sample(100.0)] * 3, "sigill": [sample(40.0, 90.0, 5.0)] * 3}, "batch": batch},
        "in_process": {"es256_sign": [20.0], "es256_verify": [60.0], "seal_verify": [80.0], "decision": [1.5]},
        "appending": {"10000": costs, "1000000": costs},
        "steps": {
            "single": {
                "cpu_us": 90.0,
                "kernel_us": 12.0,
                "parts": [["api", "marshmallow", 0.6], ["signing", "own code", 0.4]],
            }
        },
        "memory": {"sigill": [90.0, 60.0]},
        "growth": {"10000": [700.0, 720.0], "10000000": [735.0, 756.0]},
        "audit": {"size": 1_000_000, "bare_s": [3.0], "audit_s": [4.0], "command_mb": 40.0, "command_s": 1.5},
        "trees": {
            "size": 1_000_000,
            "append_us": {"peer": [9.0], "bare": [3.0], "service": [1.0]},
            "proof_us": {"peer": [90.0], "bare": [9.0], "service": [45.0], "cold": [400.0]},
            "bytes_a_leaf": 34.3,
            "cold_tiles": [0, 1],
            "edge_tiles": 3,
            "peer_mb": 500.0,
            "without_peer": None,
        },
    }
    return whole | changes


def by_start(found: list[Figure], start: str) -> Figure:
    """Return the figure whose words begin like that."""
    (figure,) = (figure for figure in found if figure.what.startswith(start))
    return figure


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([1.0, 20.0, 3.0], [2.0, 20.0, 4.0]) == Spread(0.75, 0.5, 1.0)
    assert ratios([1.0], [0.0]).median == float("inf")
    assert spread([3.0]) == Spread(3.0, 3.0, 3.0)


def test_the_template_of_a_batch_holds_as_many_messages() -> None:
    assert len(json.loads(body_template(BATCH))["messages"]) == 3
    assert json.loads(body_template(SINGLE))["authorship"] == "ai"


def test_no_two_bodies_are_the_same() -> None:
    assert one_body(SINGLE) != one_body(SINGLE)


def test_the_outcome_is_the_last_line_that_wrk_prints() -> None:
    counted = '{"requests":4,"duration_us":2000000,"p50_us":1500,"p99_us":9000,"bad_status":1,"broken":0,"timeouts":0}'
    outcome = read_outcome(f"Running 2s test\n  Latency 1 ms\n{counted}\n")
    assert (outcome.requests, outcome.duration_s, outcome.p50_ms, outcome.p99_ms) == (4, 2.0, 1.5, 9.0)
    assert outcome.bad_status == 1


def test_without_an_answer_there_is_no_latency() -> None:
    counted = '{"requests":0,"duration_us":2000000,"p50_us":0,"p99_us":0,"bad_status":0,"broken":0,"timeouts":2}'
    assert read_outcome(counted).p99_ms is None


def test_a_figure_is_held_against_aim_and_floor_in_its_own_direction() -> None:
    found = figures(results())
    assert by_start(found, "One durable").mark is Mark.FLOOR  # 0.40 of at least 0.45, floor 0.35
    assert by_start(found, "… its CPU beside the empty").mark is Mark.FLOOR  # 1.8 of at most 1.6, floor 2
    assert by_start(found, "… its 99th").mark is Mark.AIM
    assert by_start(found, "Batch of 100").mark is Mark.FLOOR  # 9 of 15, floor 8
    assert by_start(found, "… its share of").mark is Mark.AIM  # 20 of 40 µs
    assert by_start(found, "Offline").found == Spread(0.75, 0.75, 0.75)
    assert by_start(found, "Append at the large log").mark is Mark.AIM
    assert by_start(found, "Append at the largest tree").found == Spread(1.05, 1.05, 1.05)
    assert by_start(found, "Append to a tree").mark is Mark.AIM  # 9 of at least 6
    assert by_start(found, "… the bare tree").mark is Mark.FLOOR  # 3 of 6, floor 3
    assert by_start(found, "Inclusion proof").mark is Mark.FLOOR  # 2 of 2.5, floor 1.5
    assert by_start(found, "Audit of a whole log").found == Spread(0.75, 0.75, 0.75)
    assert by_start(found, "Memory of `sigill audit log`").mark is Mark.AIM
    assert by_start(found, "Tile store").mark is Mark.AIM
    assert by_start(found, "Tiles that a cold").mark is Mark.AIM


def test_what_was_not_measured_is_said_to_be_so() -> None:
    nothing = figures(results(http={}, in_process={}, appending={}, memory={}, growth={}, trees={}, audit={}))
    assert {figure.mark for figure in nothing} == {Mark.UNKNOWN}
    unknown = {"single": {"empty": [sample()], "sigill": [sample(p99_ms=None)]}}
    assert by_start(figures(results(http=unknown)), "… its 99th").mark is Mark.UNKNOWN


def test_a_figure_below_its_floor_is_missed() -> None:
    slow = {"single": {"empty": [sample(100.0)], "sigill": [sample(1.0)]}}
    assert by_start(figures(results(http=slow)), "One durable").mark is Mark.MISSED


def test_the_page_takes_the_tables_between_its_marks() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    put = put_between(page, "new")
    assert put == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert put_between(put, "new") == put
    for bad in ("no marks", BEGIN, f"{END}{BEGIN}", page + page):
        with pytest.raises(ValueError, match="needs one"):
            put_between(bad, "new")


def test_the_page_of_the_project_has_its_marks() -> None:
    assert put_between(README.read_text("utf-8"), "new")


def test_the_tables_hold_every_part_of_the_results() -> None:
    text = format_results(results())
    for expected in (
        "a <processor>",
        "Sigill on SQLite",
        "policy decision",
        "1,000,000 leaves",
        "marshmallow",
        "| 90 |",
        "| pymerkle 7, in memory | 9.00 |",
        "34.3 bytes a leaf",
        "at most 40 MB",
        "| 10,000,000 |",
    ):
        assert expected in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    assert "rough" not in text
    assert "rough" in format_results(results(quick=True))


def test_results_without_some_part_still_make_a_page() -> None:
    assert "What is aimed at" in format_results(results(http={}, steps={}, memory={}))


def test_the_growth_plot_has_a_point_for_each_size() -> None:
    root = ET.fromstring(draw_growth(results()))  # noqa: S314 (our own text)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"10,000", "10,000,000", "710", "746"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_the_plot_is_well_formed_and_names_everyone() -> None:
    root = ET.fromstring(draw(results()))  # noqa: S314 (our own text)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Sigill, SQLite" in texts
    assert "hand-written, commit each" in texts
    assert any(text is not None and "a <processor>" in text for text in texts)


def test_samples_count_for_the_innermost_code_of_ours_and_the_library_it_called() -> None:
    root = Path("/tree")
    packages = "/env/lib/python3.11/site-packages"
    server = f"run ({packages}/gunicorn/util.py:1)"
    signing = f"{server};sign (/tree/signing/issue.py:9)"
    stacks = [
        f"{signing};do_execute ({packages}/sqlalchemy/engine/default.py:3) 30",
        f"{signing};<lambda> (/usr/lib/python3.11/json/encoder.py:2) 20",
        f"{server} 10",
    ]
    cpu_s = 100 / RATE_HZ
    found = {(part.ours, part.inside): part.share for part in parts_of(stacks, root=root, cpu_s=cpu_s)}
    assert found == pytest.approx(
        {
            ("signing", "database"): 0.3,
            ("signing", "own code"): 0.2,
            ("server", "gunicorn"): 0.1,
            ("outside the interpreter's lock", ""): 0.4,
        }
    )
    busy = parts_of(stacks, root=root, cpu_s=cpu_s / 2)
    assert sum(part.share for part in busy) == pytest.approx(1)
    assert "outside the interpreter's lock" not in {part.ours for part in busy}
    modules = parts_of(stacks, root=root, cpu_s=cpu_s, modules=True)
    assert modules[0].ours == "signing.issue"


def test_large_and_small_logs_are_compared_kind_by_kind() -> None:
    small = Costs(single_us=[10.0], single_cpu_us=[1.0], batch_us=[4.0], batch_cpu_us=[2.0])
    large = Costs(single_us=[11.0], single_cpu_us=[2.0], batch_us=[2.0], batch_cpu_us=[2.0])
    medians = {name: found.median for name, found in ratios_of({1000: large, 10: small}).items()}
    assert medians == {"single_us": 1.1, "single_cpu_us": 2.0, "batch_us": 0.5, "batch_cpu_us": 1.0}


def test_the_loads_asked_for_are_the_loads_sent() -> None:
    (batch,) = loads_of(Asked(loads=("batch",), batch=7, batch_connections=2))
    assert (batch.name, batch.batch, batch.connections, batch.messages) == ("batch", 7, 2, 7)
    assert [load.name for load in loads_of(Asked())] == ["single", "batch"]


def test_the_printed_table_has_a_line_for_each() -> None:
    table = format_table({"empty": [Sample(**sample())], "sigill": [Sample(**sample(p99_ms=None))]})
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["empty", "sigill"]


def test_a_process_has_used_cpu_and_memory() -> None:
    assert cpu_of(os.getpid()).all_s > 0
    assert os.getpid() in set(tree_of(os.getpid()))
    resident, share = memory_mb(os.getpid())
    assert resident >= share > 1
