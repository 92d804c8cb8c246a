"""Migrations, on each database the service runs on: up, down and up again, and as the tables' modules define."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from storage import migrate as migrate_module
from storage.engine import make_engine, reading, writing
from storage.metadata import metadata
from storage.migrate import migrate, rollback_to, starting
from tests.builders_databases import KINDS, Databases

OWNERS = [
    "transparency",
    "privacy",
    "registry",
    "releases",
    "registry.applying",
    "registry.deciding",
    "policies",
    "conversations",
    "signing",
    "verification",
    "api",
    "web",
]
MIGRATE = "import sys\nfrom storage.engine import make_engine\nfrom storage.migrate import migrate\n"
REVISIONS = sorted(script.revision for script in ScriptDirectory(str(migrate_module._SCRIPTS)).walk_revisions())


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    with databases.empty(request.param) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def import_every_table() -> None:
    for package in OWNERS:
        if find_spec(package) and find_spec(f"{package}.tables"):
            import_module(f"{package}.tables")


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def shape(engine: Engine) -> dict[str, Any]:
    """Everything a schema consists of, comparable."""
    inspector = inspect(engine)
    return {
        name: (
            {(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)},
            inspector.get_pk_constraint(name),
            sorted(inspector.get_foreign_keys(name), key=str),
            sorted(inspector.get_unique_constraints(name), key=str),
            sorted(inspector.get_indexes(name), key=str),
        )
        for name in tables(engine)
    }


def test_the_migrated_schema_is_the_one_the_tables_modules_define(engine: Engine) -> None:
    import_every_table()
    migrate(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.slow
def test_every_constraint_has_the_name_of_the_convention(engine: Engine) -> None:
    import_every_table()
    migrate(engine)
    inspector = inspect(engine)
    present = tables(engine)
    for table in (table for table in metadata.sorted_tables if table.name in present):
        keys = [
            inspector.get_pk_constraint(table.name),
            *inspector.get_foreign_keys(table.name),
            *inspector.get_unique_constraints(table.name),
        ]
        defined = {str(constraint.name) for constraint in table.constraints if constraint.name}
        assert {str(key["name"]) for key in keys} <= defined


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    before = shape(engine)
    migrate(engine)
    assert shape(engine) == before


@pytest.mark.slow
def test_every_migration_can_be_undone_and_done_again(engine: Engine) -> None:
    migrate(engine)
    newest = shape(engine)
    for revision in [*reversed(REVISIONS[:-1]), "base"]:
        rollback_to(engine, revision)
        migrate(engine)
        assert shape(engine) == newest, revision
        rollback_to(engine, revision)
    assert tables(engine) == {"alembic_version"}
    migrate(engine)
    assert shape(engine) == newest


def fill(engine: Engine) -> None:
    """Put a row that others refer to, and one that refers to it, into what there is since the second migration."""
    operator = (
        "INSERT INTO operators (id, name, identifier, industry, environment, markets, flags, created_at_ms) "
        "VALUES ('bank', 'Bank', 'X', 'bank', 'test', '[]', '[]', 0)"
    )
    key = "INSERT INTO api_keys VALUES ('p', 'h', 'bank', 'n', 'signer', 0, 1, NULL)"
    log = "INSERT INTO logs VALUES ('bank', 'o', 1, '', '')"
    entry = "INSERT INTO entries VALUES ('bank', 0, 'seal', '', NULL, NULL)"
    token = (
        "INSERT INTO tokens (jti, operator_id, code, jws, log_id, idx, created_at_ms) "
        "VALUES ('j', 'bank', 'c', 'x', 'bank', 0, 0)"
    )
    with writing(engine) as connection:
        for statement in (operator, key, log, entry, token):
            connection.execute(text(statement))


def test_rows_survive_migrations_there_and_back(engine: Engine) -> None:
    migrate(engine)
    rollback_to(engine, "0002")
    fill(engine)
    for _ in range(2):
        migrate(engine)
        rollback_to(engine, "0002")
    with reading(engine) as connection:
        for table in ("operators", "api_keys", "logs", "entries", "tokens"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1  # noqa: S608


def test_an_unknown_revision_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    before = tables(engine)
    with pytest.raises(CommandError):
        rollback_to(engine, "9999")
    assert tables(engine) == before


def test_a_reference_that_leads_nowhere_stops_a_migration(databases: Databases) -> None:
    with databases.migrated("sqlite") as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            with connection.begin():
                connection.execute(text("INSERT INTO records VALUES ('bank', 7, 'deny', '')"))
        with pytest.raises(IntegrityError, match="leads nowhere"):
            migrate(engine)
        engine.dispose()


def test_a_folder_with_a_percent_sign_or_a_space_can_be_migrated(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of it"
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder}/sigill.db")
    migrate(engine)
    assert "logs" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(url: str, engine: Engine) -> None:
    script = MIGRATE + "migrate(make_engine(sys.argv[1]))"
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, url], cwd=root, stderr=subprocess.PIPE) for _ in range(4)
    ]
    outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert [code for _, code in outcomes] == [0] * 4, outcomes
    assert "tokens" in tables(engine)


@pytest.mark.servers
def test_hosts_prepare_a_database_one_after_the_other(databases: Databases) -> None:
    events: list[str] = []
    with databases.empty("postgresql") as url:

        def prepare(name: str) -> None:
            engine = make_engine(url, busy_timeout_s=0.1)  # a start is waited for longer than a transaction
            with starting(engine):
                events.append(name)
                time.sleep(0.3)
                events.append(name)
            engine.dispose()

        threads = [threading.Thread(target=prepare, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert events[::2] == events[1::2]
    assert set(events) == {"a", "b", "c"}


def test_a_file_s_one_host_waits_for_nobody(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db")
    with starting(engine), starting(engine):
        assert list(tmp_path.iterdir()) == []
