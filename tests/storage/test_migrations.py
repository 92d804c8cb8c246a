import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from storage.engine import make_engine, reading
from storage.metadata import metadata
from storage.migrate import migrate

OWNERS = ["transparency", "registry", "policies", "conversations", "signing", "verification", "api", "web"]
MIGRATE = "import sys\nfrom storage.engine import make_engine\nfrom storage.migrate import migrate\n"


def import_every_table() -> None:
    for package in OWNERS:
        if find_spec(package) and find_spec(f"{package}.tables"):
            import_module(f"{package}.tables")


def test_the_migrated_schema_is_the_one_the_tables_modules_define(tmp_path: Path) -> None:
    import_every_table()
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db")
    migrate(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_constraint_has_the_name_of_the_convention(tmp_path: Path) -> None:
    import_every_table()
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db")
    migrate(engine)
    inspector = inspect(engine)
    present = set(inspector.get_table_names())
    for table in (table for table in metadata.sorted_tables if table.name in present):
        keys = [
            inspector.get_pk_constraint(table.name),
            *inspector.get_foreign_keys(table.name),
            *inspector.get_unique_constraints(table.name),
        ]
        defined = {str(constraint.name) for constraint in table.constraints if constraint.name}
        assert {str(key["name"]) for key in keys} <= defined
    engine.dispose()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/sigill.db")
    migrate(engine)
    before = inspect(engine).get_table_names()
    migrate(engine)
    assert inspect(engine).get_table_names() == before
    engine.dispose()


def test_a_folder_with_a_percent_sign_or_a_space_can_be_migrated(tmp_path: Path) -> None:
    folder = tmp_path / "50 % of it"
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder}/sigill.db")
    migrate(engine)
    assert "logs" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sigill.db"
    script = MIGRATE + "migrate(make_engine(sys.argv[1]))"
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, url], cwd=root, stderr=subprocess.PIPE) for _ in range(4)
    ]
    outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert [code for _, code in outcomes] == [0] * 4, outcomes
    engine = make_engine(url)
    assert "tokens" in inspect(engine).get_table_names()
    engine.dispose()
