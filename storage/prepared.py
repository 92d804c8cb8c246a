"""Statements of the hot path: written as SQLAlchemy writes them, compiled once, run on the driver's own cursor.

Running a statement through SQLAlchemy costs several times what SQLite takes for it. Values go to the driver and come
back as they are: integers, texts and bytes, which both drivers agree on (SQLite's truth values are 0 and 1).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

import psycopg
from sqlalchemy import ColumnElement, Connection, Engine, Executable, bindparam
from sqlalchemy.exc import DBAPIError

_SIZES: Final = (1, 8, 64, 256)


class Prepared:
    """One statement. Parameters are given by name; any number of threads."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[str] | None]] = {}

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a query; return its rows. Raises what SQLAlchemy would."""
        return self.ask(connection, parameters).rows()

    def ask(self, connection: Connection, parameters: Mapping[str, Any]) -> "Asked":
        """Run a statement whose answer is wanted later; see `together`. Raises as `rows`, or the answer does."""
        text, names = self._text(connection)
        driver = begun(connection)
        try:
            return Asked(connection, text, driver.execute(text, _bound(parameters, names)))
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(connection, text, error) from error

    def glance(self, engine: Engine, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a query by itself, in no transaction that anything else sees: for a guess that a commit will check."""
        text, names = self._text(engine)
        pooled = engine.raw_connection()
        driver: Any = pooled.dbapi_connection
        in_one_trip = _is_postgresql(engine)  # else BEGIN and ROLLBACK are two more
        try:
            if in_one_trip:
                driver.autocommit = True
            found: list[tuple[Any, ...]] = driver.execute(text, _bound(parameters, names)).fetchall()
            if in_one_trip:
                driver.autocommit = False
        except engine.dialect.loaded_dbapi.Error as error:
            pooled.invalidate(error)
            raise _wrapped(engine, text, error, lost=False) from error
        finally:
            pooled.close()
        return found

    def change(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run an UPDATE or INSERT once per row; return how many rows of the table that changed."""
        text, names = self._text(connection)
        driver = begun(connection)
        try:
            cursor = driver.cursor()
            cursor.executemany(text, [_bound(row, names) for row in rows])
            changed: int = cursor.rowcount
            cursor.close()
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(connection, text, error) from error
        return changed

    def _text(self, bind: Connection | Engine) -> tuple[str, list[str] | None]:
        name = bind.dialect.name
        if name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=bind.dialect)  # type: ignore[attr-defined]
            positions = None if compiled.positiontup is None else list(compiled.positiontup)
            self._compiled[name] = (str(compiled), positions)
        return self._compiled[name]


class Asked:
    """A statement on its way to the database, or answered already."""

    def __init__(self, connection: Connection, text: str, cursor: Any) -> None:  # noqa: ANN401 - the driver's
        self._connection = connection
        self._text = text
        self._cursor = cursor
        # An answer that is not read keeps SQLite's snapshot open beyond the transaction, and the next one locked out.
        self._rows: list[tuple[Any, ...]] | None = None if _is_postgresql(connection) else cursor.fetchall()

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows. Raises what SQLAlchemy would."""
        if self._rows is None:
            try:
                self._rows = self._cursor.fetchall()
            except self._connection.dialect.loaded_dbapi.Error as error:
                raise as_sqlalchemy(self._connection, self._text, error) from error
        return self._rows

    def changed(self) -> int:
        """Return how many rows of a table changed; when `together` is over, where it was asked within."""
        count: int = self._cursor.rowcount
        return count


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send PostgreSQL what is asked and written meanwhile without waiting for each answer (its pipeline mode).

    Statements run in their order; the first that fails ends the rest, and raises where an answer is read or at the
    end. Nothing is copied (COPY) meanwhile. SQLite answers at once as ever.
    """
    if not _is_postgresql(connection):
        yield
        return
    driver = begun(connection)
    try:
        with driver.pipeline():
            yield
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, "", error) from error


def _is_postgresql(bind: Connection | Engine) -> bool:
    return bind.dialect.name == "postgresql"


def begun(connection: Connection) -> Any:  # noqa: ANN401 - the driver's connection
    """Return the driver's connection with a transaction of the right kind begun, as `connection.execute` would."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.dbapi_connection


def as_sqlalchemy(connection: Connection, statement: str, error: Exception) -> DBAPIError:
    """Return a driver's error as SQLAlchemy would raise it; a connection that was lost is not used again."""
    driver: Any = connection.connection.dbapi_connection
    lost = bool(getattr(driver, "closed", False) or getattr(driver, "broken", False))
    if lost:
        connection.invalidate(error)
    return _wrapped(connection, statement, error, lost=lost)


def _wrapped(bind: Connection | Engine, statement: str, error: Exception, *, lost: bool) -> DBAPIError:
    root: Any = bind.dialect.loaded_dbapi.Error
    return DBAPIError.instance(  # type: ignore[return-value]
        statement,
        None,
        error,
        root,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=bind.dialect,
    )


def _bound(parameters: Mapping[str, Any], names: list[str] | None) -> Any:  # noqa: ANN401 - a tuple or a mapping
    return parameters if names is None else [parameters[name] for name in names]


class PreparedIn:
    """A query for the rows in which a column has one of many values; `statement` makes it from the condition.

    It is prepared for a few numbers of values; what is left over is filled up with the last one.
    """

    def __init__(self, column: ColumnElement[Any], statement: Callable[[ColumnElement[bool]], Executable]) -> None:
        self._prepared = {
            size: Prepared(statement(column.in_([bindparam(f"v{place}") for place in range(size)]))) for size in _SIZES
        }

    def rows(
        self, connection: Connection, values: Sequence[Any], parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of these values, which must differ; `parameters` are the statement's others."""
        yield from chain.from_iterable(asked.rows() for asked in self.ask(connection, values, parameters))

    def ask(
        self, connection: Connection, values: Sequence[Any], parameters: Mapping[str, Any] | None = None
    ) -> list[Asked]:
        """Ask for the rows of these values, as `Prepared.ask`."""
        return [prepared.ask(connection, given) for prepared, given in self._parts(values, parameters or {})]

    def glance(
        self, engine: Engine, values: Sequence[Any], parameters: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of these values as `Prepared.glance` sees them."""
        for prepared, given in self._parts(values, parameters or {}):
            yield from prepared.glance(engine, given)

    def _parts(
        self, values: Sequence[Any], parameters: Mapping[str, Any]
    ) -> Iterator[tuple[Prepared, Mapping[str, Any]]]:
        for begin in range(0, len(values), _SIZES[-1]):
            some = values[begin : begin + _SIZES[-1]]
            size = next(size for size in _SIZES if size >= len(some))
            given = {f"v{place}": some[min(place, len(some) - 1)] for place in range(size)}
            yield self._prepared[size], given | dict(parameters)
