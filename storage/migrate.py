"""Bring a database to the schema this version needs."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from storage.engine import writing

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Run every migration not yet run, all in one transaction.

    Safe to call from several processes at once: the first holds the write lock, the others then find nothing to do.
    Raises sqlalchemy.exc.OperationalError when the lock is not had within the engine's busy timeout.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
