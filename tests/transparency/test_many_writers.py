import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sigill.tlog.leaf import LeafKind, leaf_of
from transparency import tile_store
from transparency.append import Append, Appended
from transparency.errors import LogCorrupt
from transparency.log import TransparencyLog
from transparency.sequencing import Sequencer, SignersFor

Seal = Callable[..., Append]
CheckLog = Callable[[str], int]
CheckReceipt = Callable[[Append, Appended], None]

ROOT = Path(__file__).parents[2]
PROCESS = Path(__file__).parent / "appending_process.py"


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(PROCESS), *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def events(begin: int, count: int) -> list[Append]:
    return [Append("bank", leaf_of(LeafKind.EVENT, str(index).encode())) for index in range(begin, begin + count)]


@pytest.fixture
def two_writers(
    log: TransparencyLog, engine: Engine, signers_for: SignersFor
) -> tuple[TransparencyLog, TransparencyLog]:
    return log, TransparencyLog(engine, signers_for=signers_for)


@pytest.mark.parametrize("replayed", [0, 3, 4096])
def test_two_writers_taking_turns_see_each_other_s_leaves(
    two_writers: tuple[TransparencyLog, TransparencyLog],
    check_log: CheckLog,
    check_receipt: CheckReceipt,
    monkeypatch: pytest.MonkeyPatch,
    replayed: int,
) -> None:
    monkeypatch.setattr(tile_store, "_REPLAYED_LEAVES", replayed)
    begin = 0
    for turn, count in enumerate([1, 3, 1, 250, 2, 7, 600, 1, 1]):
        appends = events(begin, count)
        for append, answer in zip(appends, two_writers[turn % 2].append_all(appends), strict=True):
            assert isinstance(answer, Appended)
            check_receipt(append, answer)
        begin += count
    assert check_log("bank") == begin


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512])
def test_a_writer_that_starts_anew_goes_on_from_any_size(
    two_writers: tuple[TransparencyLog, TransparencyLog], check_log: CheckLog, check_receipt: CheckReceipt, size: int
) -> None:
    before, anew = two_writers
    before.append_all(events(0, size))
    for append in events(size, 2):
        check_receipt(append, anew.append(append))
    assert check_log("bank") == size + 2


@pytest.mark.parametrize("replayed", [0, 4096])
def test_a_log_rewritten_behind_a_writer_s_back_is_noticed(
    two_writers: tuple[TransparencyLog, TransparencyLog],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    replayed: int,
) -> None:
    monkeypatch.setattr(tile_store, "_REPLAYED_LEAVES", replayed)
    log, other = two_writers
    log.append_all(events(0, 5))
    with engine.begin() as connection:
        for table in ("entries", "tiles", "logs"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE log_id = 'bank'")  # noqa: S608 - names of our own
    other.create_log("bank", "log.example/op/bank")
    other.append_all(events(100, 9))
    with pytest.raises(LogCorrupt):
        log.append(events(9, 1)[0])


@pytest.mark.slow
def test_processes_appending_to_one_log_give_no_index_twice_and_skip_none(
    log: TransparencyLog, url: str, check_log: CheckLog
) -> None:
    assert log.checkpoint("bank") is not None
    processes = [start("append", url, name, "4", "15") for name in ("a", "b")]
    outcomes = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    assert [code for *_, code in outcomes] == [0, 0], outcomes
    indices = [int(line) for out, *_ in outcomes for line in out.split()]
    assert sorted(indices) == list(range(120))
    assert check_log("bank") == 120


@pytest.mark.slow
@pytest.mark.parametrize("how", ["part", "write"])
def test_a_process_killed_inside_a_commit_leaves_nothing_half_written(
    log: TransparencyLog, url: str, seal: Seal, check_log: CheckLog, how: str
) -> None:
    log.append(seal("bank", "before"))
    process = start("die", url, how)
    process.communicate(timeout=60)
    assert process.returncode == 9
    assert check_log("bank") == 1
    assert log.append(seal("bank", "after")).index == 1
    assert check_log("bank") == 2


@pytest.mark.slow
def test_a_log_of_70000_leaves_has_the_tiles_of_the_specification_s_example(
    log: TransparencyLog, engine: Engine, signers_for: SignersFor, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    sequencer = Sequencer(engine, signers_for=signers_for)
    for begin in range(0, 69_999, 23_333):
        sequencer.commit(events(begin, 23_333))
    check_receipt(events(69_999, 1)[0], log.append(events(69_999, 1)[0]))
    assert check_log("bank") == 70_000
    assert log.tile("bank", 0, 272) is not None
    widths = [((0, 273), 112), ((1, 0), 256), ((1, 1), 17), ((2, 0), 1)]
    for (level, n), width in widths:
        assert len(log.tile("bank", level, n, width) or b"") == 32 * width
        assert log.tile("bank", level, n, width + 1) is None
    for index in (0, 255, 256, 65_535, 65_536, 69_887, 69_999):
        appended = Appended("bank", "log.example/op/bank", index, log.receipt("bank", index))
        check_receipt(events(index, 1)[0], appended)
