"""What is SQLite's alone: its settings, its write lock between processes, and a file moved under the service."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from storage import sqlite as sqlite_module
from storage import turns
from storage.engine import make_engine, reading, writing
from storage.migrate import migrate
from storage.options import BUSY_TIMEOUT_S
from storage.sqlite import create_file

ROOT = Path(__file__).parents[2]
COMMIT_ALL_THE_TIME = """
import sys, time
from sqlalchemy import text
from storage.engine import make_engine, writing
engine = make_engine(sys.argv[1])
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2])
longest = 0.0
while time.monotonic() < end:
    begin = time.monotonic()
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = n + 1"))
        time.sleep(0.002)
    longest = max(longest, time.monotonic() - begin)
print(longest)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data/sigill.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    path.parent.mkdir()
    engine = make_engine(f"sqlite:///{path}", busy_timeout_s=5)
    create_file(engine.url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def test_sqlite_is_set_to_survive_a_power_cut(engine: Engine) -> None:
    with reading(engine) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_connection_changes_between_reading_and_writing(engine: Engine) -> None:
    for number in range(3):
        assert count(engine) == number
        with writing(engine) as connection:
            connection.execute(text("UPDATE counter SET n = n + 1"))


def test_the_file_is_for_its_owner_alone(engine: Engine, path: Path) -> None:
    assert count(engine) == 0
    assert path.stat().st_mode & 0o077 == 0


def test_no_file_is_made_by_using_an_engine(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/nothing.db")
    for kind in (reading, writing):
        with pytest.raises(OperationalError), kind(engine):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_unavailable_until_it_is_back(engine: Engine, path: Path) -> None:
    away = path.with_name("away")
    path.rename(away)
    for kind in (reading, writing):
        with pytest.raises(OperationalError, match="gone"), kind(engine):
            pass
    assert not path.exists()
    away.rename(path)
    assert count(engine) == 0


def test_a_file_put_in_place_of_the_first_is_not_used_before_a_restart(engine: Engine, path: Path) -> None:
    path.rename(path.with_name("first"))
    path.write_bytes(b"")
    for _ in range(3):
        for kind in (reading, writing):
            with pytest.raises(OperationalError, match="replaced"), kind(engine):
                pass
    engine.dispose()  # what is opened anew is looked at as well
    with pytest.raises(OperationalError, match="replaced"), reading(engine):
        pass
    path.with_name("first").rename(path)
    assert count(engine) == 0


def test_a_folder_that_is_gone_is_unavailable(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        path.parent.rename(path.parent.with_name("away"))
        with pytest.raises(OperationalError, match="gone"), writing(engine):
            pass
        connection.execute(text("SELECT n FROM counter"))  # opened before, and a turn is taken in no folder


def test_a_migration_makes_the_file(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db")
    migrate(engine)
    migrate(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM logs")).scalar_one() == 0
    engine.dispose()
    with pytest.raises(FileNotFoundError):
        migrate(make_engine(f"sqlite:///{tmp_path}/no folder/sigill.db"))


def test_the_longest_wait_can_be_changed_while_the_service_runs(engine: Engine) -> None:
    with writing(engine):
        engine.update_execution_options(**{BUSY_TIMEOUT_S: 0.05})
        begin = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), writing(engine):
            pass
        assert time.monotonic() - begin < 3


def test_whoever_keeps_the_turn_is_not_waited_for_without_end(
    engine: Engine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_LONGEST_S", 0.05)
    turn = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 1"))
    os.close(turn)
    assert count(engine) == 1


def test_a_writer_waits_for_its_turn(engine: Engine, path: Path) -> None:
    turn = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    threading.Timer(0.05, os.close, [turn]).start()
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 1"))
    assert count(engine) == 1


@pytest.mark.slow
def test_of_processes_that_commit_all_the_time_none_starves(engine: Engine) -> None:
    command = [sys.executable, "-c", COMMIT_ALL_THE_TIME, str(engine.url), "3"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    waits = [float(process.communicate(timeout=60)[0].split()[1]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert max(waits) < 1.5, waits  # a few hundredths of a second; the driver's own waiting takes whole seconds


class Unready:
    """A connection to a file that another process is just switching to WAL."""

    def __init__(self, *, failures: int) -> None:
        self.failures = failures

    def execute(self, _statement: str) -> None:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")


def test_the_switch_to_wal_is_tried_again_while_another_process_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_module, "_WAL_PAUSE_S", 0)
    connection = Unready(failures=20)
    sqlite_module._enter_wal_mode(connection)  # type: ignore[arg-type]
    assert connection.failures == 0
    with pytest.raises(sqlite3.OperationalError):
        sqlite_module._enter_wal_mode(Unready(failures=10_000))  # type: ignore[arg-type]
