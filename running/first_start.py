"""Making a data folder ready: schema, keys, and (for a demonstration) operators with something to look at.

Every step finds what is there and adds what is missing, so a second start keeps all data and a start that was cut
short is completed by the next. Keys and the guarantor's name are made only while the database has no log: what they
sealed could not be verified with others.
"""

from sqlalchemy import func, inspect, or_, select

from running.demo import seed_demonstration, write_demo_file
from running.first_things import three_things
from running.guard import check_not_rolled_back
from running.witnesses import ask_over_http
from settings import Settings
from sigill.report.trust import ROOT
from storage.engine import is_made, make_engine, reading
from storage.migrate import migrate, starting
from transparency.tables import logs
from wiring import build_services


def prepare(settings: Settings) -> str:
    """Prepare `settings.var`; return what to print.

    Raises SettingsInvalid, KeyUnusable, RolledBackLog, StoreUnavailable, SQLAlchemyError, OSError.
    """
    settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = make_engine(settings.database_url)
    try:
        with starting(engine):
            return _prepare(settings)
    finally:
        engine.dispose()


def _prepare(settings: Settings) -> str:
    services = build_services(settings, first_start=not has_logs(settings.database_url))
    try:
        migrate(services.engine)
        services.log.create_log(ROOT, services.identity.root_origin)
        check_not_rolled_back(services, ask_over_http(services.log_policy))
        if not services.identity.demonstration:
            return f"Sigill runs at {settings.public_url}\n"
        seed_demonstration(services)
        said = write_demo_file(services)
        return said + three_things(services)
    finally:
        services.engine.dispose()


def has_logs(database_url: str) -> bool:
    """Tell whether anything was ever logged in the database, migrated or not. Raises SQLAlchemyError."""
    engine = make_engine(database_url)
    try:
        if not is_made(engine):
            return False
        with reading(engine) as connection:
            if not inspect(connection).has_table(logs.name):
                return False
            some = or_(logs.c.log_id != ROOT, logs.c.size > 0)  # the root log is there, and empty, from the start
            return bool(connection.execute(select(func.count()).select_from(logs).where(some)).scalar_one())
    finally:
        engine.dispose()
