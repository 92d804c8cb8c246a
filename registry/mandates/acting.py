"""One operator that seals for another: both, and the mandates between them, as of at most a second ago.

The commit of a seal checks the revisions of both by itself and never relies on this; every step of a mandate counts
up the principal's. So a mandate that was revoked seals nothing more, however lately this was loaded.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine

from registry.errors import MandateMissing, OperatorNotFound
from registry.mandates.model import Mandate
from registry.mandates.store import list_between
from registry.model import Operator
from registry.operators import load_operator
from storage.engine import reading

FRESH_S: Final = 1.0
MAX_KEPT: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Acting:
    """The mandatary acting for the principal. Compared by identity: what was worked out for one stays good for it."""

    principal: Operator
    mandatary: Operator
    mandates: tuple[Mandate, ...]

    @property
    def revisions(self) -> tuple[int, int]:
        """Return both operators' revisions: two values with the same ones are the same."""
        return self.principal.revision, self.mandatary.revision


def load_acting(connection: Connection, mandatary: Operator, principal_id: str) -> Acting:
    """Return who acts for whom, as it stands now. Raises MandateMissing where no mandate was ever given.

    The principal's revision is read first: what changes after it, the commit of a seal notices.
    """
    try:
        principal = load_operator(connection, principal_id)
    except OperatorNotFound:
        raise MandateMissing("no operator has the id under on_behalf_of") from None
    found = list_between(connection, principal_id=principal.id, mandatary_id=mandatary.id)
    if not found or principal.environment is not mandatary.environment:
        raise MandateMissing(f"{principal.name} has given {mandatary.name} no mandate")
    return Acting(principal=principal, mandatary=mandatary, mandates=found)


class Actings:
    """Those seen lately; any number of threads."""

    def __init__(self, *, fresh_s: float = FRESH_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, str], tuple[float, Acting]] = OrderedDict()
        self._lock = Lock()

    def find(self, engine: Engine, mandatary: Operator, principal_id: str) -> Acting:
        """Return who acts for whom. Raises MandateMissing."""
        key, now_s = (mandatary.id, principal_id), self._monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now_s - kept[0] < self._fresh_s and kept[1].mandatary.revision >= mandatary.revision:
            return kept[1]
        return self._keep(key, now_s, self._load(engine, mandatary, principal_id))

    def find_anew(self, engine: Engine, acting: Acting) -> Acting:
        """Return both operators and their mandates as they stand now. Raises MandateMissing, OperatorNotFound."""
        now_s, principal_id = self._monotonic(), acting.principal.id
        with reading(engine) as connection:
            mandatary = load_operator(connection, acting.mandatary.id)
            found = load_acting(connection, mandatary, principal_id)
        return self._keep((mandatary.id, principal_id), now_s, found)

    def _load(self, engine: Engine, mandatary: Operator, principal_id: str) -> Acting:
        with reading(engine) as connection:
            return load_acting(connection, mandatary, principal_id)

    def _keep(self, key: tuple[str, str], now_s: float, found: Acting) -> Acting:
        with self._lock:
            before = self._kept.get(key)
            if before is not None and before[1].revisions == found.revisions:
                found = before[1]  # the same value: what was worked out for it stays good
            self._kept[key] = (now_s, found)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found
