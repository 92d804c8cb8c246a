"""Making a data folder ready: schema, keys, and (for a demonstration) operators with something to look at.

Every step finds what is there and adds what is missing, so a second start keeps all data and a start that was cut
short is completed by the next.
"""

from running.demo import seed_demonstration, write_demo_file
from running.first_things import three_things
from settings import Settings
from storage.migrate import migrate
from wiring import build_services


def prepare(settings: Settings) -> str:
    """Prepare `settings.var`; return what to print. Raises KeyUnusable."""
    services = build_services(settings)
    try:
        migrate(services.engine)
        if not services.identity.demonstration:
            return f"Sigill runs at {settings.public_url}\n"
        seed_demonstration(services)
        said = write_demo_file(services)
        return said + three_things(services)
    finally:
        services.engine.dispose()
