"""Many rows at once: on every database the rows, and the errors, of one INSERT after the other."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from storage.bulk import FEWEST_COPIED, insert_missing, insert_rows
from storage.engine import make_engine, reading, writing
from tests.builders_databases import KINDS, POSTGRESQL, Databases

METADATA: Final = MetaData()
PARENTS: Final = Table("parents", METADATA, Column("id", BigInteger, primary_key=True))
THINGS: Final = Table(
    'things of the "test"',
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("order", Text),
    Column("short", String(5)),
    Column("data", LargeBinary),
    Column("value", JSON),
    Column("true", Boolean),
    Column("small", SmallInteger),
    Column("parent", BigInteger, ForeignKey("parents.id", deferrable=True, initially="DEFERRED")),
    Column("made", BigInteger, server_default="7"),
)
CLIENT_SIDE: Final = Table("client_side", METADATA, Column("id", BigInteger), Column("n", BigInteger, default=1))

# PostgreSQL keeps no NUL in texts, and no UTF-8 has surrogates: such texts are refused before they get here
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "order": st.none()
            | TEXTS
            | st.sampled_from(["\\N", "\\.", "\t\n\r\b\f\v\\", "a\\\nb", "", '"', "'", "𝒳é"]),
            "short": st.none() | st.sampled_from(["", "ÅÄÖåä", " "]),
            "data": st.none() | st.binary() | st.just(bytes(range(256))),
            "value": VALUES,
            "true": st.none() | st.booleans(),
            "small": st.none() | st.integers(-(2**15), 2**15 - 1),
        }
    ),
    max_size=12,
)


@pytest.fixture(scope="module", params=KINDS)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    with databases.migrated(request.param) as url:
        engine = make_engine(url)
        with writing(engine) as connection:
            METADATA.create_all(connection)
        yield engine
        engine.dispose()


@pytest.fixture
def scratch(engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are forgotten after the test."""
    with engine.connect() as connection:
        yield connection


def numbered(rows: Sequence[Mapping[str, Any]], begin: int = 0) -> list[dict[str, Any]]:
    return [{"id": number, **row} for number, row in enumerate(rows, start=begin)]


def stored(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(THINGS).order_by(THINGS.c.id)).mappings()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_rows_are_the_same_however_they_are_inserted(engine: Engine, rows: list[dict[str, Any]]) -> None:
    with engine.connect() as one:  # and given back: its turn at writing ends then
        for row in numbered(rows):
            one.execute(insert(THINGS), row)
        expected = stored(one)
    with engine.connect() as many:
        insert_rows(many, THINGS, numbered(rows))
        assert stored(many) == expected
    assert [row["data"] for row in expected] == [row["data"] for row in rows]
    assert [row["value"] for row in expected] == [row["value"] for row in rows]


@pytest.mark.parametrize("count", [1, FEWEST_COPIED, 1000])
def test_any_number_of_rows_is_inserted_with_the_server_s_defaults(scratch: Connection, count: int) -> None:
    insert_rows(scratch, THINGS, numbered([{"order": "x", "data": b"\x00"}] * count))
    assert [row["id"] for row in stored(scratch)] == list(range(count))
    assert {row["made"] for row in stored(scratch)} == {7}


def test_what_is_inserted_is_durable_with_its_transaction_only(engine: Engine) -> None:
    rows = numbered([{"order": "x"}] * 10)
    with engine.connect() as connection:
        insert_rows(connection, THINGS, rows)
        connection.rollback()
    with reading(engine) as connection:
        assert stored(connection) == []


def test_a_broken_constraint_is_an_integrity_error_and_a_savepoint_undoes_it(scratch: Connection) -> None:
    insert_rows(scratch, THINGS, numbered([{"short": "kept"}], begin=100))
    with pytest.raises(IntegrityError) as raised, scratch.begin_nested():
        insert_rows(scratch, THINGS, numbered([{"short": "twice"}] * 9) * 2)
    assert "twice" not in str(raised.value)
    assert [row["short"] for row in stored(scratch)] == ["kept"]


def test_a_deferred_reference_is_looked_at_at_the_commit(engine: Engine) -> None:
    rows = numbered([{"parent": 1}] * 9)
    with engine.connect() as connection:
        insert_rows(connection, THINGS, rows)
        insert_rows(connection, PARENTS, [{"id": 1}])
        connection.rollback()
    with pytest.raises(IntegrityError), writing(engine) as connection:
        insert_rows(connection, THINGS, rows)


def test_a_text_too_long_for_its_column_is_a_data_error_where_the_database_counts(scratch: Connection) -> None:
    rows = numbered([{"short": "too long"}] * 9)
    if scratch.dialect.name == POSTGRESQL:
        with pytest.raises(DataError):
            insert_rows(scratch, THINGS, rows)
    else:
        insert_rows(scratch, THINGS, rows)


def test_a_value_of_another_type_is_an_error(scratch: Connection) -> None:
    if scratch.dialect.name == POSTGRESQL:
        with pytest.raises(DataError):
            insert_rows(scratch, THINGS, numbered([{"small": "no number"}] * 9))
    else:
        with pytest.raises(ProgrammingError):
            insert_rows(scratch, THINGS, numbered([{"small": object()}] * 9))


def test_only_what_is_missing_is_inserted(scratch: Connection) -> None:
    insert_missing(scratch, THINGS, [])
    insert_rows(scratch, THINGS, [{"id": 1, "order": "kept"}])
    insert_missing(scratch, THINGS, [{"id": number, "order": "new"} for number in (2, 1, 0, 2)])
    assert [(row["id"], row["order"]) for row in stored(scratch)] == [(0, "new"), (1, "kept"), (2, "new")]


@pytest.mark.servers
def test_two_that_insert_the_same_in_opposite_orders_both_succeed(databases: Databases) -> None:
    with databases.migrated(POSTGRESQL) as url:
        engine = make_engine(url)
        with writing(engine) as connection:
            METADATA.create_all(connection)
        together = threading.Barrier(2)
        failed: list[Exception] = []

        def work(step: int) -> None:
            together.wait()
            for begin in range(0, 400, 40):
                rows = [{"id": number} for number in range(begin, begin + 40)][::step]
                try:
                    with writing(engine) as connection:
                        insert_missing(connection, PARENTS, rows)
                except DBAPIError as error:
                    failed.append(error)

        threads = [threading.Thread(target=work, args=(step,)) for step in (1, -1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with reading(engine) as connection:
            assert len(connection.execute(select(PARENTS)).all()) == 400
        engine.dispose()
    assert failed == []


def test_rows_of_different_columns_are_refused(scratch: Connection) -> None:
    with pytest.raises(ValueError, match="differ in their columns"):
        insert_rows(scratch, THINGS, [{"id": 1, "order": "a"}, {"id": 2}])


def test_a_default_that_only_the_client_knows_is_refused(scratch: Connection) -> None:
    insert_rows(scratch, CLIENT_SIDE, [{"id": 1, "n": 2}])
    with pytest.raises(ValueError, match="made by the client"):
        insert_rows(scratch, CLIENT_SIDE, [{"id": 1}])


@pytest.mark.servers
def test_a_connection_lost_while_copying_is_not_used_again(databases: Databases) -> None:
    with databases.migrated(POSTGRESQL) as url:
        engine = make_engine(url)
        with writing(engine) as connection:
            METADATA.create_all(connection)

        def lose(connection: Connection) -> None:
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            databases.server.execute(f"SELECT pg_terminate_backend({pid})")
            insert_rows(connection, THINGS, numbered([{"order": "x"}] * 9))

        with engine.connect() as connection:
            with pytest.raises(Exception, match=r"terminat|closed|lost") as raised:
                lose(connection)
            assert raised.value.connection_invalidated  # type: ignore[attr-defined]
        with writing(engine) as connection:
            insert_rows(connection, THINGS, numbered([{"order": "x"}] * 9))
        engine.dispose()
