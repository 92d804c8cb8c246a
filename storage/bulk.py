"""Many rows into one table: COPY on PostgreSQL, INSERTs of many rows elsewhere. The rows that result are the same."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

import psycopg
from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from storage.prepared import as_sqlalchemy, begun

FEWEST_COPIED: Final = 32  # COPY costs one more round trip than an INSERT
_CACHED_PARAMETERS: Final = 50  # psycopg reads a statement with more anew each time
_SIZES: Final = (64, 32, 16, 8, 4, 2, 1)  # rows in one INSERT


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each a value by column name, all with the same columns; other columns get their server's default.

    Raises what `connection.execute(insert(table), rows)` would: IntegrityError, DataError, OperationalError. On
    PostgreSQL that spoils the transaction: use a savepoint where it is to go on. ValueError if columns differ.
    """
    if not rows:
        return
    names = list(rows[0])
    columns = [table.c[name] for name in names]
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows for {table.name} differ in their columns")
    if any(column.default is not None and column.name not in rows[0] for column in table.c):
        raise ValueError(f"a default of {table.name} is made by the client, and COPY knows nothing of it")
    values = _values(connection, columns, rows)
    if connection.dialect.name == "postgresql" and len(rows) >= FEWEST_COPIED:
        _copy(connection, table, columns, values)
    else:
        _run(connection, table, tuple(names), list(values), ending="")


def save_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite those whose primary key is there with the columns given. Raises as `insert_rows`."""
    if not rows:
        return
    names = tuple(rows[0])
    key = [column.name for column in table.primary_key]
    prepare = connection.dialect.identifier_preparer
    others = [prepare.quote(name) for name in names if name not in key]
    overwritten = ", ".join(f"{name} = excluded.{name}" for name in others)
    ending = f" ON CONFLICT ({', '.join(map(prepare.quote, key))}) DO UPDATE SET {overwritten}"
    values = _values(connection, [table.c[name] for name in names], rows)
    _run(connection, table, names, list(values), ending=ending)


def _run(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Sequence[Any]], *, ending: str
) -> None:
    """Insert in few statements, and few different ones.

    Each is a step into the database, where the driver lets other threads have the interpreter.
    """
    driver = begun(connection)
    most = _SIZES[0] if connection.dialect.name == "sqlite" else max(1, _CACHED_PARAMETERS // len(names))
    begin = 0
    statement = ""
    try:
        while begin < len(rows):
            size = next(size for size in _SIZES if size <= min(len(rows) - begin, most))
            statement = _insert_text(table, names, size, connection.dialect.name) + ending
            driver.execute(statement, list(chain.from_iterable(rows[begin : begin + size]))).close()
            begin += size
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, statement, error) from error


@cache
def _insert_text(table: Table, names: tuple[str, ...], size: int, dialect_name: str) -> str:
    """Return an INSERT of so many rows as the driver takes it: SQLAlchemy's own costs more a row than the database."""
    dialect: Any = sqlite.dialect() if dialect_name == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    mark = "?" if dialect_name == "sqlite" else "%s"
    prepare = dialect.identifier_preparer
    columns = ", ".join(prepare.format_column(table.c[name]) for name in names)
    row = f"({', '.join([mark] * len(names))})"
    return f"INSERT INTO {prepare.format_table(table)} ({columns}) VALUES {', '.join([row] * size)}"  # noqa: S608 - ours


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose primary key is not there yet, also when others insert the same at this moment.

    In the order of their keys, so that two such transactions never wait for each other. Afterwards every row is
    there, this one or the other's. Raises as `insert_rows` does, except for what is there already.
    """
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    ordered = sorted(rows, key=lambda row: [row[name] for name in key])
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = make(table).on_conflict_do_nothing(index_elements=key)
    connection.execute(query, [dict(row) for row in ordered])


def _values(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """Yield each row as the driver is to be given it: what SQLAlchemy would bind, in the order of the columns."""
    dialect = connection.dialect
    names = [column.name for column in columns]
    binds = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    bound = [(place, bind) for place, bind in enumerate(binds) if bind is not None]
    for row in rows:
        values = [row[name] for name in names]
        for place, bind in bound:
            values[place] = bind(values[place])
        yield values


def _copy(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], values: Iterator[Sequence[Any]]
) -> None:
    prepare = connection.dialect.identifier_preparer
    names = ", ".join(prepare.format_column(column) for column in columns)
    statement = f"COPY {prepare.format_table(table)} ({names}) FROM STDIN"
    driver = begun(connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, statement, error) from error
