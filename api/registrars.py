"""Which registrar is asking: what one of them enters, ends or verifies is a person's own act, as a decision is."""

from api.auth import caller
from api.current import world
from registry.deciding.guards import check_registrar
from storage.engine import reading


def deciding_registrar() -> str:
    """Return who asks, as everyone may read it. Raises PersonNeeded for a key that is no registrar's own."""
    with reading(world().deciding.engine) as connection:
        return f"registrar {check_registrar(connection, caller().credential.person)}"
