"""PostgreSQL 15 or newer: what a connection is set to, and which servers are refused.

`writing` runs READ COMMITTED: each statement sees what was committed before it, so whoever waited for a log's row
sees the head that its last holder left. `reading` runs REPEATABLE READ, READ ONLY: one snapshot, no locks.
Which anomalies that excludes, and how: docs/adr/0006-postgresql.md.

A connection that the server closed while it lay in the pool is noticed before use, without a round trip: nothing is
to be read from an idle connection unless it was closed.
"""

import select
import sys
from collections.abc import Callable, Generator
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel
from psycopg.waiting import Ready, Wait
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

from storage.options import BUSY_TIMEOUT_S, READ_ONLY

DRIVER: Final = "postgresql+psycopg"
_OLDEST: Final = 150_000  # server_version_num of 15.0
_CONNECT_S: Final = 5
_LONGEST_STATEMENT_S: Final = 30
_LONGEST_IDLE_S: Final = 5  # inside a transaction: a process that was stopped does not keep a log's row for longer
_NETWORK: Final = {
    "connect_timeout": _CONNECT_S,
    "keepalives_idle": 10,  # seconds; a peer that vanished is noticed within 25
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds that what was sent may stay unacknowledged
}
_EVENTS: Final = {Wait.R: select.POLLIN, Wait.W: select.POLLOUT, Wait.RW: select.POLLIN | select.POLLOUT}
_STATE: Final = """
SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('server_encoding') AS encoding
"""


class _Connection(psycopg.Connection[Any]):
    """Looks at its socket before it waits: waiting hands over to other requests, which costs more than most answers."""

    def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run what talks to the server; psycopg's own `wait` does the waiting that is left."""
        return super().wait(_without_waiting(gen, self.pgconn.socket), *arguments, **options)


def _without_waiting(generator: Generator[Any, Any, Any], descriptor: int) -> Generator[Any, Any, Any]:
    """Answer a generator of psycopg's at once where its socket is ready, and pass on what it has to wait for."""
    poll = _poll()
    poll.register(descriptor)
    try:
        wanted = next(generator)
        while True:
            poll.modify(descriptor, _EVENTS[wanted])
            found = poll.poll(0)
            ready = _ready(found[0][1]) if found else (yield wanted)
            wanted = generator.send(ready)
            while ready == Ready.NONE:  # time has passed, and psycopg goes on waiting for what it waits for
                ready = yield wanted
                wanted = generator.send(ready)
    except StopIteration as end:
        return end.value


def _ready(events: int) -> int:
    """Return what psycopg calls the events of a socket; one that was closed is ready, and reading it says so."""
    failed = events & ~(select.POLLIN | select.POLLOUT)
    readable = Ready.R if events & select.POLLIN or failed else 0
    return readable | (Ready.W if events & select.POLLOUT else 0)


def _poll() -> "select.poll":
    """Return a poll of the system's own, not one that lets others go on while it looks."""
    monkey: Any = sys.modules.get("gevent.monkey")
    make: Callable[[], select.poll] = select.poll if monkey is None else monkey.get_original("select", "poll")
    return make()


def make_postgresql_engine(url: URL, *, busy_timeout_s: float, pool_size: int) -> Engine:
    """Return an engine. A server that cannot be had, or is refused, is an OperationalError at the first use."""
    timeouts = {
        "lock_timeout": busy_timeout_s,
        "statement_timeout": max(_LONGEST_STATEMENT_S, busy_timeout_s),
        "idle_in_transaction_session_timeout": _LONGEST_IDLE_S,
    }
    settings = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in timeouts.items())
    defaults = {"application_name": "sigill", **_NETWORK}
    engine = create_engine(
        url.set(drivername=DRIVER),
        connect_args={name: value for name, value in defaults.items() if name not in url.query}
        | {"options": f"{settings} -c timezone=UTC -c client_encoding=UTF8"},
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=busy_timeout_s,
        hide_parameters=True,  # codes and facts stay out of error messages
        execution_options={BUSY_TIMEOUT_S: busy_timeout_s},
    )
    event.listen(engine, "do_connect", lambda _dialect, _record, args, kwargs: _Connection.connect(*args, **kwargs))
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "checkout", _check_is_open)
    event.listen(engine, "begin", _begin)
    return engine


def fault_of(*, version: int, standby: bool, fsync: str, full_page_writes: str, encoding: str) -> str | None:
    """Say why a server in this state cannot keep what is acknowledged; None if it can."""
    if version < _OLDEST:
        return f"PostgreSQL 15 or newer is needed, and this server is {version // 10_000}"
    if standby:
        return "this server is a standby: name the primary, or add target_session_attrs=read-write"
    if fsync != "on" or full_page_writes != "on":
        return "the server would lose what is acknowledged in a power cut: set fsync and full_page_writes to on"
    if encoding != "UTF8":
        return f"the database must be encoded in UTF8, and it is in {encoding}"
    return None


def _set_up_connection(connection: "psycopg.Connection[Any]", _record: object) -> None:
    connection.autocommit = True
    try:
        _check_server(connection)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise


def _check_server(connection: "psycopg.Connection[Any]") -> None:
    state = _load_state(connection)
    if state.pop("synchronous_commit") != "remote_apply":  # stronger than on: whoever set it meant it
        connection.execute("SET synchronous_commit = on")
    if fault := fault_of(**state):
        raise psycopg.OperationalError(fault)


def _load_state(connection: "psycopg.Connection[Any]") -> dict[str, Any]:
    cursor = connection.execute(_STATE)
    row = cursor.fetchone() or ()
    return dict(zip([column.name for column in cursor.description or ()], row, strict=True))


def _check_is_open(connection: "psycopg.Connection[Any]", _record: object, _proxy: object) -> None:
    """Have the pool make another connection where this one was closed."""
    if connection.closed:
        raise DisconnectionError("closed")
    poll = _poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("closed by the server")


def _begin(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get(READ_ONLY))
    driver: Any = connection.connection.dbapi_connection
    if driver.read_only is not read_only:
        driver.read_only = read_only
        driver.isolation_level = IsolationLevel.REPEATABLE_READ if read_only else IsolationLevel.READ_COMMITTED
