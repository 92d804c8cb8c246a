"""What the worker does for the guarantor's keys.

It enters in the log what was done to them, has checkpoints signed anew after a rotation, and says in good time that
one runs out, or at once that one on a token or in KMS does not answer.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from sigill.report.trust import GUARANTOR
from signing.errors import KeyUnusable
from signing.keys.events import log_key_events
from transparency.errors import TransparencyError
from wiring import Services

SAID_EVERY: Final = timedelta(days=1)
_LOGGER: Final = logging.getLogger("sigill.worker")


class KeyWatch:
    """Looks after the keys of one deployment, and says the same thing once a day."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._said: dict[str, datetime] = {}

    def look(self, *, at: datetime) -> None:
        """Do what is to be done at `at`. Raises StoreUnavailable."""
        services = self._services
        warnings = [*services.keys.warnings(at=at), *services.keys.silent(at=at)]
        origin = f"{services.identity.log_prefix}/{GUARANTOR}"
        try:
            log_key_events(services.settings.var / "keys", log=services.log, origin=origin)
        except (KeyUnusable, TransparencyError) as error:
            warnings.append(f"what was done to the keys was not logged: {error}")
        services.log.renew_checkpoints()
        self._said = {line: since for line, since in self._said.items() if at - since < SAID_EVERY}
        for line in warnings:
            if line not in self._said:
                self._said[line] = at
                _LOGGER.warning("%s", line)
