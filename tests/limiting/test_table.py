"""Counts in one file: exact across processes, and in nobody's way whatever happens to the file."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from limiting.table import TableStorage
from tests.builders_limits import Clock

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def table(tmp_path: Path, clock: Clock) -> Iterator[TableStorage]:
    made = TableStorage(tmp_path / "limits.table", monotonic=clock)
    yield made
    made.close()


def test_a_count_lasts_from_its_first_step(table: TableStorage, clock: Clock) -> None:
    assert [table.incr("a", 10), table.incr("a", 10, 5)] == [1, 6]
    clock.s += 9.99
    assert table.get("a") == 6
    clock.s += 0.01
    assert table.get("a") == 0
    assert table.incr("a", 10) == 1
    assert table.look("a") == (1, 10.0)


def test_a_count_is_given_back_and_never_falls_below_nothing(table: TableStorage) -> None:
    table.incr("a", 10, 3)
    assert [table.incr("a", 10, -1), table.incr("a", 10, -9)] == [2, 0]


def test_counts_can_be_forgotten_one_by_one_and_all(table: TableStorage) -> None:
    for key in "ab":
        table.incr(key, 10)
    table.clear("a")
    table.clear("never there")
    assert [table.get("a"), table.get("b")] == [0, 1]
    table.reset()
    assert table.get("b") == 0
    assert table.check()


def test_the_strategies_of_limits_work_on_it(table: TableStorage) -> None:
    limiter = FixedWindowRateLimiter(table)
    assert [limiter.hit(parse("3/minute"), "somebody") for _ in range(5)] == [True] * 3 + [False] * 2


@pytest.mark.slow
def test_four_processes_get_exactly_what_the_limit_allows(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.limiting.counting", str(tmp_path / "limits.table"), "40", "50"]
    running = [
        subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    passed = []
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        passed.append(int(out))
    assert sum(passed) == 50


def test_threads_lose_no_count(table: TableStorage) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: table.incr("a", 60), range(2000)))
    assert table.get("a") == 2000


def test_who_fills_the_table_pushes_out_no_large_count(table: TableStorage) -> None:
    table.incr("guesser", 3600, 50)
    for number in range(100_000):
        table.incr(f"new {number}", 3600)
    assert table.get("guesser") == 50


def test_what_is_in_the_file_breaks_nothing(tmp_path: Path, table: TableStorage) -> None:
    path = tmp_path / "limits.table"
    header = path.read_bytes()[:256]
    path.write_bytes(header + os.urandom(path.stat().st_size - 256))
    for number in range(200):
        assert table.incr(f"new {number}", 10) == 1


def test_a_file_of_an_earlier_start_of_the_machine_is_emptied(tmp_path: Path, table: TableStorage) -> None:
    table.incr("a", 60)
    with (tmp_path / "limits.table").open("r+b") as file:
        file.write(b"another start of the machine")
    again = TableStorage(tmp_path / "limits.table", monotonic=Clock(1000.0))
    assert again.get("a") == 0
    again.close()


def test_a_file_that_was_cut_off_is_an_error_and_mended_at_the_next_start(tmp_path: Path, table: TableStorage) -> None:
    os.truncate(tmp_path / "limits.table", 100)
    with pytest.raises(OSError, match="cut off"):
        table.get("a")
    assert not table.check()
    TableStorage(tmp_path / "limits.table").close()
    assert table.incr("a", 10) == 1


def test_a_process_that_was_stopped_while_it_counted_holds_nobody_up_for_long(tmp_path: Path) -> None:
    path = tmp_path / "limits.table"
    made = TableStorage(path)
    made.incr("a", 60)
    holder = os.fork()
    if not holder:  # a child that holds the whole file, and waits to be killed
        file = os.open(path, os.O_RDWR)
        fcntl.lockf(file, fcntl.LOCK_EX)
        (tmp_path / "held").touch()
        while True:
            os.sched_yield()
    try:
        while not (tmp_path / "held").exists():
            os.sched_yield()
        with pytest.raises(BlockingIOError):
            made.incr("a", 60)
    finally:
        os.kill(holder, 9)
        os.waitpid(holder, 0)
    assert made.incr("a", 60) == 2
    made.close()


def test_only_its_owner_can_read_it(tmp_path: Path, table: TableStorage) -> None:
    table.incr("a", 1)
    assert (tmp_path / "limits.table").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TableStorage(tmp_path / "nowhere" / "limits.table")
