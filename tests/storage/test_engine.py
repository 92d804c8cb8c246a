import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from storage import engine as engine_module
from storage.engine import make_engine, reading, writing


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db", busy_timeout_s=5)
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


def test_no_update_is_lost_when_many_read_and_then_write(engine: Engine) -> None:
    def increment() -> None:
        for _ in range(25):
            with writing(engine) as connection:
                value = connection.execute(text("SELECT n FROM counter")).scalar_one()
                connection.execute(text("UPDATE counter SET n = :n"), {"n": value + 1})

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(engine) == 200


def test_an_exception_rolls_a_writing_transaction_back(engine: Engine) -> None:
    def fail_halfway() -> None:
        with writing(engine) as connection:
            connection.execute(text("UPDATE counter SET n = 7"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert count(engine) == 0


def test_a_reading_transaction_cannot_write(engine: Engine) -> None:
    with pytest.raises(OperationalError, match="readonly"), reading(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 7"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 8"))
    assert count(engine) == 8


def test_a_reader_neither_waits_for_a_writer_nor_sees_its_half(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 7"))
        assert count(engine) == 0
    assert count(engine) == 7


def test_a_reader_sees_one_snapshot_throughout(engine: Engine) -> None:
    with reading(engine) as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 0
        with writing(engine) as writer:
            writer.execute(text("UPDATE counter SET n = 7"))
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 0


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))"))
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text("INSERT INTO child VALUES (1)"))


def test_a_savepoint_undoes_its_part_only(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 1"))
        with suppress(RuntimeError), connection.begin_nested():
            connection.execute(text("UPDATE counter SET n = 2"))
            raise RuntimeError
    assert count(engine) == 1


class Unready:
    """A connection to a file that another process is just switching to WAL."""

    def __init__(self, *, failures: int) -> None:
        self.failures = failures

    def execute(self, _statement: str) -> None:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")


def test_the_switch_to_wal_is_tried_again_while_another_process_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_WAL_PAUSE_S", 0)
    connection = Unready(failures=20)
    engine_module._enter_wal_mode(connection)  # type: ignore[arg-type]
    assert connection.failures == 0
    with pytest.raises(sqlite3.OperationalError):
        engine_module._enter_wal_mode(Unready(failures=10_000))  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="in memory"):
        make_engine(url)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not postgresql"):
        make_engine("postgresql://localhost/sigill")
