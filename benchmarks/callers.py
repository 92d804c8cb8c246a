"""Who asks, and may this operator seal now? What each call pays before its body is read, beside the database.

The first call of a second reads the registry's version; these are all the others.
"""

import atexit
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from registry.api_keys import check_scope
from registry.callers import Callers
from registry.model import Role, Scope
from registry.operators import check_may_seal
from tests.builders_clients import new_client
from tests.builders_deployment import deploy
from wiring.clients import known_callers

_DAY_S: Final = 86_400.0


def caller_calls() -> dict[str, Callable[[], object]]:
    """Return the calls to time: an API key and an access token, each known already, and the same once a second."""
    folder = tempfile.TemporaryDirectory(prefix="sigill-callers-")
    made = deploy(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(made.services.engine.dispose)
    key, token = made.keys["exempelbanken"], new_client(made, role=Role.SIGNER).token()
    lasting, fleeting = (
        known_callers(made.services.identity.issuer, made.services.engine, made.services.keys, fresh_s=fresh_s)
        for fresh_s in (_DAY_S, 0.0)
    )
    return {
        "caller_key": lambda: _admit(lasting, key),
        "caller_token": lambda: _admit(lasting, token),
        "caller_version": lambda: _admit(fleeting, key),
    }


def _admit(callers: Callers, shown: str) -> object:
    """Do what a sign request has done with who asks before its body is read."""
    caller = callers.find(shown, at=datetime.now(UTC))
    check_scope(caller.credential, Scope.MESSAGES_SIGN)
    assert caller.operator is not None
    check_may_seal(caller.operator)
    return caller
