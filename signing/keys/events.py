"""What was done to keys, in the guarantor's own log: a `key` leaf for each rotation and each compromise.

Behind the leaf stands a record, canonical JSON with 128 bits of salt of its own:

    {"at":"2026-11-22T12:00:00Z","event":"rotated","from":"2026-11-24T12:00:00Z","generation":2,"key":"<kid>",
     "kind":"seal","salt":"…","t":"key","until":"2028-11-23T12:00:00Z","v":1}

`event` is `rotated` or `compromised` (then with `since`); `key` is a P-256 key's kid, or the end of a log key's
verifier keys; of `salts` a record names `month` and `operators` and no key.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from sigill.report.trust import GUARANTOR
from sigill.tlog.leaf import LeafKind, leaf_of
from signing.keys.folder import alone_in, load_listing, save_listing
from transparency.append import Append, Guard
from transparency.errors import GuardFailed
from transparency.log import TransparencyLog
from transparency.tables import records


def log_key_events(folder: Path, *, log: TransparencyLog, origin: str) -> int:
    """Append what is not logged yet to the guarantor's log, which is made when it is needed; return how many.

    Safe to start twice, and to be killed: nothing is logged twice. Raises KeyUnusable, StoreUnavailable, LogConflict.
    """
    if not load_listing(folder).unlogged:
        return 0
    log.create_log(GUARANTOR, origin)
    with alone_in(folder):
        listing = load_listing(folder)
        for done, text in enumerate(listing.unlogged, start=1):
            record = text.encode("utf-8")
            append = Append(GUARANTOR, leaf_of(LeafKind.KEY, record), record=record, guards=(_not_logged(record),))
            with suppress(GuardFailed):  # it was, and the process was killed before the list said so
                log.append(append)
            save_listing(folder, replace(listing, unlogged=listing.unlogged[done:]))
    return len(listing.unlogged)


def _not_logged(record: bytes) -> Guard:
    def check(connection: Connection) -> None:
        same = select(records.c.idx).where(records.c.log_id == GUARANTOR, records.c.body == record)
        if connection.execute(same).first() is not None:
            raise GuardFailed("this was logged before")

    return check
