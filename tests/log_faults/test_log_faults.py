"""The table of `python -m tests.log_faults`: made anew, and held against the one that is published in the docs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.log_faults.campaign import CASES, run_cases
from tests.log_faults.columns import Case, Column
from tests.log_faults.damage import CASES as DAMAGES
from tests.log_faults.observers import remember
from tests.log_faults.stage import Scene, base_scene
from tests.log_faults.table import describe_failures, format_json, format_markdown

_PAGE: Final = Path(__file__).parents[2] / "docs" / "log-faults.md"
_GROUPS: Final = tuple(dict.fromkeys(case.group for case in CASES))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One honest deployment for every fault: each is made in a copy of it."""
    with base_scene(tmp_path_factory.mktemp("base") / "base", remember) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("group", _GROUPS)
def test_every_fault_is_caught_by_whom_it_must_be_and_seen_by_all_as_the_published_table_says(
    group: str, tmp_path: Path, base: Scene
) -> None:
    rows = list(run_cases(base, tmp_path, [case for case in CASES if case.group == group]))
    assert describe_failures(rows) == []
    published = _PAGE.read_text("utf-8").splitlines()
    assert [line for line in format_markdown(rows).splitlines() if line not in published] == []


@pytest.mark.slow
def test_the_table_can_fail_for_who_misses_a_fault_and_for_who_sees_one_that_must_not(
    tmp_path: Path, base: Scene
) -> None:
    damaged = next(case for case in DAMAGES if case.name == "leaf tile")
    cases = [
        Case("a", "nothing done", "", lambda _scene, _stack: None, {Column.AUDIT: "tile_wrong"}),
        Case("a", "a false alarm", "", damaged.make, {Column.AUDIT: "tile_wrong"}, quiet=True),
        Case("a", "another name", "", damaged.make, {Column.AUDIT: "root_wrong"}),
    ]
    rows = list(run_cases(base, tmp_path, cases))
    assert [(row.missed, row.wrongly) for row in rows] == [
        ((Column.AUDIT,), ()),
        ((), (Column.CUSTOMER, Column.FILES)),
        ((Column.AUDIT,), ()),
    ]
    assert rows[0].cells == {}
    assert len(describe_failures(rows)) == 4
    first, second, _ = format_json(rows)["faults"]
    assert (first["missed"], first["seen"]["audit"]) == (["audit"], [])
    assert second["seen"]["audit"] == ["tile_wrong"]


def test_every_fault_has_somebody_who_must_catch_it() -> None:
    assert [case.name for case in CASES if not case.must and case.group != "control"] == []


def test_a_fork_must_be_caught_by_witness_monitor_audit_and_whoever_holds_an_old_receipt() -> None:
    four = {Column.WITNESS, Column.MONITOR, Column.AUDIT, Column.CUSTOMER}
    forks = [case for case in CASES if case.name.startswith("fork")]
    assert len(forks) == 2
    assert all(four <= case.must.keys() for case in forks)


def test_the_published_table_has_every_fault_once_and_no_other() -> None:
    rows = [line[2:].split(" | ")[0] for line in _PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert [row for row in rows if row not in _GROUPS] == [case.name for case in CASES]
