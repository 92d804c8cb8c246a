"""The two kinds of transaction, on each database the service runs on."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from storage.engine import is_made, make_engine, reading, writing
from tests.builders_databases import KINDS, POSTGRESQL, Databases


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, busy_timeout_s=5)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(text("SELECT n FROM counter")).scalar_one())


def locked(engine: Engine) -> str:
    """The first read of who means to write."""
    return "SELECT n FROM counter FOR UPDATE" if engine.dialect.name == POSTGRESQL else "SELECT n FROM counter"


def test_no_update_is_lost_when_many_read_and_then_write(engine: Engine) -> None:
    def increment() -> None:
        for _ in range(25):
            with writing(engine) as connection:
                value = connection.execute(text(locked(engine))).scalar_one()
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
    with pytest.raises(DBAPIError, match=r"read-?only"), reading(engine) as connection:
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


def test_a_writer_waits_for_another_no_longer_than_it_may(database_url: str, engine: Engine) -> None:
    impatient = make_engine(database_url, busy_timeout_s=0.2)
    with writing(engine) as connection:
        connection.execute(text("UPDATE counter SET n = 7"))
        with pytest.raises(OperationalError), writing(impatient) as late:
            late.execute(text("UPDATE counter SET n = 8"))
    with writing(impatient) as connection:
        connection.execute(text("UPDATE counter SET n = n + 1"))
    assert count(engine) == 8
    impatient.dispose()


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


def test_what_is_written_stays_out_of_error_messages(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE secrets (code VARCHAR(20) NOT NULL, n INTEGER CHECK (n > 0))"))
    with pytest.raises(IntegrityError) as raised, writing(engine) as connection:
        connection.execute(text("INSERT INTO secrets VALUES (:code, :n)"), {"code": "CODE1234", "n": 0})
    first_line, *_ = str(raised.value).splitlines()
    assert "CODE1234" not in first_line
    assert "[SQL parameters hidden" in str(raised.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="in memory"):
        make_engine(url)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not mysql"):
        make_engine("mysql://localhost/sigill")


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_is_there_once_somebody_made_it(databases: Databases, kind: str, tmp_path: Path) -> None:
    with databases.migrated(kind) as url:
        engine = make_engine(url)
        assert is_made(engine)
        engine.dispose()
    if kind != POSTGRESQL:
        assert not is_made(make_engine(f"sqlite:///{tmp_path}/nowhere.db"))
