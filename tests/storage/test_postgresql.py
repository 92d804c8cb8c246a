"""What is PostgreSQL's alone: which servers are taken, how connections are set, and a server that goes away."""

import threading
import time
from collections.abc import Iterator
from signal import SIGINT, SIGQUIT
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from storage import postgresql as postgresql_module
from storage.engine import make_engine, reading, writing
from storage.postgresql import fault_of
from tests.builders_databases import POSTGRESQL, Databases
from tests.builders_postgres import PostgresServer, postgres_server

GOOD = {"version": 150_018, "standby": False, "fsync": "on", "full_page_writes": "on", "encoding": "UTF8"}


def test_a_server_that_keeps_what_it_acknowledges_is_taken() -> None:
    assert fault_of(**GOOD) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"version": 140_019}, "15 or newer is needed, and this server is 14"),
        ({"standby": True}, "standby"),
        ({"fsync": "off"}, "power cut"),
        ({"full_page_writes": "off"}, "power cut"),
        ({"encoding": "SQL_ASCII"}, "UTF8"),
    ],
)
def test_any_other_server_is_refused_with_the_reason(state: dict[str, Any], said: str) -> None:
    assert said in (fault_of(**{**GOOD, **state}) or "")


def test_an_address_where_nobody_answers_is_an_error_that_keeps_the_password() -> None:
    engine = make_engine("postgresql://u:SECRET@127.0.0.1:1/db")
    with pytest.raises(OperationalError) as raised, reading(engine):
        pass
    assert "SECRET" not in str(raised.value)
    assert "SECRET" not in repr(engine)


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.migrated(POSTGRESQL) as url:
        engine = make_engine(url, busy_timeout_s=2)
        yield engine
        engine.dispose()


def setting(engine: Engine, name: str) -> str:
    with reading(engine) as connection:
        return str(connection.execute(text(f"SHOW {name}")).scalar_one())


@pytest.mark.servers
def test_a_connection_is_set_to_keep_what_is_acknowledged_and_to_wait_for_nothing_without_end(engine: Engine) -> None:
    expected = {
        "synchronous_commit": "on",
        "lock_timeout": "2s",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "5s",
        "client_encoding": "UTF8",
        "TimeZone": "UTC",
        "application_name": "sigill",
        "tcp_user_timeout": "0",  # the server's own; ours is the client's
    }
    assert {name: setting(engine, name) for name in expected} == expected


@pytest.mark.servers
def test_the_kinds_of_transaction_are_what_they_are_said_to_be(engine: Engine) -> None:
    show = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
    for _ in range(2):
        with reading(engine) as connection:
            assert tuple(connection.execute(text(show)).one()) == ("repeatable read", "on")
        with writing(engine) as connection:
            assert tuple(connection.execute(text(show)).one()) == ("read committed", "off")


@pytest.mark.servers
def test_a_stronger_promise_of_the_server_is_left_as_it_is(databases: Databases) -> None:
    with databases.migrated(POSTGRESQL) as url:
        name = url.rpartition("/")[2]
        for given, got in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
            databases.server.execute(f"ALTER DATABASE {name} SET synchronous_commit = {given}")
            engine = make_engine(url)
            assert setting(engine, "synchronous_commit") == got
            engine.dispose()


@pytest.mark.servers
def test_who_waited_for_a_row_sees_what_its_last_holder_left(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE held (n INTEGER)"))
        connection.execute(text("INSERT INTO held VALUES (1)"))
    seen: list[int] = []

    def wait() -> None:
        with writing(engine) as connection:
            connection.execute(text("SELECT 1"))  # a snapshot of its own, before the lock
            seen.append(connection.execute(text("SELECT n FROM held FOR UPDATE")).scalar_one())

    with writing(engine) as connection:
        connection.execute(text("SELECT n FROM held FOR UPDATE"))
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        connection.execute(text("UPDATE held SET n = 2"))
    waiting.join()
    assert seen == [2]


@pytest.mark.servers
def test_whoever_does_nothing_in_a_transaction_loses_its_locks(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_module, "_LONGEST_IDLE_S", 0.2)
    with databases.migrated(POSTGRESQL) as url:
        engine = make_engine(url)

        def stop_midway() -> None:
            with writing(engine) as stopped:
                stopped.execute(text("LOCK TABLE logs"))
                with writing(engine) as other:
                    other.execute(text("LOCK TABLE logs"))
                stopped.execute(text("SELECT 1"))

        with pytest.raises((OperationalError, InternalError, InterfaceError)):
            stop_midway()
        with writing(engine) as connection:
            connection.execute(text("LOCK TABLE logs"))
        engine.dispose()


@pytest.mark.servers
def test_a_server_without_fsync_is_refused_with_a_clear_sentence() -> None:
    with postgres_server(fsync="off") as server:
        engine = make_engine(server.url())
        with pytest.raises(OperationalError, match="fsync"), reading(engine):
            pass


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.mark.servers
def test_a_server_that_goes_away_is_unavailable_at_once_and_used_again_when_it_is_back(
    own_server: PostgresServer,
) -> None:
    engine = make_engine(own_server.url())

    def ask() -> int:
        with reading(engine) as connection:
            return int(connection.execute(text("SELECT 1")).scalar_one())

    def ask_in_many_connections() -> None:
        with engine.connect() as one, engine.connect() as two, engine.connect() as three:
            for connection in (one, two, three):
                connection.execute(text("SELECT 1"))

    for how in (SIGINT, SIGQUIT):
        ask_in_many_connections()
        own_server.stop(how)
        begin = time.monotonic()
        for _ in range(3):
            with pytest.raises(OperationalError):
                ask()
        assert time.monotonic() - begin < 5
        own_server.start()
        ask_in_many_connections()  # not one of them fails, nor is a dead connection handed out
        assert ask() == 1
    engine.dispose()


@pytest.mark.servers
def test_a_transaction_that_is_cut_is_an_error_and_leaves_nothing(own_server: PostgresServer) -> None:
    engine = make_engine(own_server.url())
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE held (n INTEGER)"))

    def cut() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO held VALUES (1)"))
            own_server.stop(SIGQUIT)

    with pytest.raises(DBAPIError):
        cut()
    own_server.start()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM held")).scalar_one() == 0
    engine.dispose()
