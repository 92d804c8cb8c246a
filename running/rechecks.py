"""Checking operators again on schedule: what ends within a week, each day for seal certificates, what was unanswered.

One worker at a time does it, across hosts. What is due stays due until what came of it is committed, so a worker that
dies loses nothing, and two that do it at once only ask twice.
"""

from typing import Final

from registry.applying.rechecks import recheck_due
from storage.leading import try_lead
from wiring import Services

AT_ONCE: Final = 10
"""So many checks a cycle, for each may wait for others for most of a minute, and the worker has more to do."""

_LEADING: Final = "rechecks"


def recheck(services: Services, *, limit: int = AT_ONCE) -> int:
    """Make the checks that are due, if no other process does; return how many. Raises SigillError, SQLAlchemyError."""
    with try_lead(services.engine, _LEADING) as leads:
        return recheck_due(services.applying, limit=limit) if leads else 0
