"""Assertions that were used: each counts once, in whichever process of whichever host it arrives first.

The row is written by the transaction that gives out the token: of two requests with one assertion, the second finds
the first one's row (and on PostgreSQL waits until that is committed or undone). A row holds a hash and a time.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from registry.clients.assertion import Assertion
from registry.clients.compact import SKEW
from registry.clients.reasons import Reason, Untrusted
from registry.tables import used_assertions
from storage.times import to_ms

KEPT_LONGER: Final = timedelta(hours=1)
"""How long a row outlives its assertion: the clocks of two hosts are not that far apart."""


def use_assertion(connection: Connection, assertion: Assertion) -> None:
    """Mark an assertion as used. Raises Untrusted where it was used before."""
    row = {"digest": _digest(assertion), "expires_at_ms": to_ms(assertion.expires_at + SKEW)}
    insert: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = insert(used_assertions).values(row).on_conflict_do_nothing().returning(used_assertions.c.expires_at_ms)
    if connection.execute(statement).first() is None:  # what is in the way gives back no row
        raise Untrusted(Reason.REPLAYED, "this assertion was used before: make a new one, with another jti")


def purge_assertions(connection: Connection, *, at: datetime) -> int:
    """Forget the assertions that nobody could use any more at `at`; return how many."""
    over = used_assertions.c.expires_at_ms <= to_ms(at - KEPT_LONGER)
    return connection.execute(delete(used_assertions).where(over)).rowcount


def _digest(assertion: Assertion) -> bytes:
    return hashlib.sha256(f"{assertion.client_id}\n{assertion.jti}".encode("utf-8", "surrogatepass")).digest()
