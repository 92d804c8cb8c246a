"""The worker: what is done on a schedule rather than on request, in a process of its own.

Today, every minute: it re-derives each operator's newest checkpoint from the stored tiles and compares, so that a
damaged disk is noticed by us and not by a customer; it forgets the idempotency keys that have run out; it looks after
the guarantor's keys; and it does what `running.upkeep` lists: expiry, salt keys, rows.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from types import FrameType
from typing import Final, TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from running.key_watch import KeyWatch
from running.upkeep import Upkeep
from settings import SettingsInvalid, read_settings
from sigill.errors import SigillError
from sigill.tlog.leaf import format_leaf
from sigill.tlog.note import VerifierKey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from storage.engine import writing
from transparency.append import LogHead
from transparency.errors import StoreUnavailable
from transparency.idempotency import purge_claims
from transparency.log import TransparencyLog
from wiring import build_services, now

INTERVAL_S: Final = 60.0
_LOGGER: Final = logging.getLogger("sigill.worker")
KeysOf: TypeAlias = Callable[[str], Iterable[VerifierKey]]


def check_heads(log: TransparencyLog, *, keys_of: KeysOf) -> list[str]:
    """Return one sentence per log whose last leaf does not lead to its signed checkpoint. Raises StoreUnavailable.

    `keys_of(origin)` are all keys that ever signed the log's checkpoints.

    The last leaf's proof holds every subtree of the tree's right edge, so the whole root is computed anew.
    """
    faults = []
    for head in log.logs():
        try:
            if head.size:
                _check_last_leaf(log, head, keys_of)
        except StoreUnavailable:
            raise
        except SigillError as error:
            faults.append(f"{head.origin}: {error}")
    return faults


def _check_last_leaf(log: TransparencyLog, head: LogHead, keys_of: KeysOf) -> None:
    index = head.size - 1
    verify_proof(
        log.receipt(head.log_id, index),
        leaf_hash=hash_leaf(format_leaf(log.leaf(head.log_id, index))),
        origin=head.origin,
        keys=keys_of(head.origin),
    )


def forget_keys(engine: Engine, *, at: datetime) -> int:
    """Delete the idempotency keys that have run out at `at`; return how many. Raises StoreUnavailable."""
    try:
        with writing(engine) as connection:
            return purge_claims(connection, at=at)
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"old idempotency keys were not forgotten: {type(error).__name__}") from error


def main() -> int:
    """Work until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        services = build_services(read_settings(os.environ))
    except (SettingsInvalid, SigillError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    upkeep = Upkeep(services)
    watch = KeyWatch(services)
    while not stop.is_set():
        try:
            for fault in check_heads(services.log, keys_of=services.keys.note_keys):
                _LOGGER.error("log damaged: %s", fault)
            forget_keys(services.engine, at=now())
            watch.look(at=now())
        except StoreUnavailable as error:
            _LOGGER.warning("the logs were not checked: %s", error)
        upkeep.cycle()
        stop.wait(INTERVAL_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
