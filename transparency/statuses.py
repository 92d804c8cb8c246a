"""Places in status lists: leased by the thousand, drawn at random, never given twice.

A list has 2^17 places and all operators share it, so neither its number nor an index tells how many messages one of
them sends. A secret seed scatters each list's places; a process leases the next 4,096 of that order, draws from them
in a random order of its own, and abandons the rest when it ends: a place nobody was given says nothing.
"""

import random
import secrets
import struct
from array import array
from collections.abc import Callable
from datetime import datetime
from hashlib import shake_256
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from storage.engine import writing
from storage.times import to_ms
from transparency.append import StatusPlace
from transparency.errors import StoreUnavailable
from transparency.tables import status_lists

__all__ = ["LEASE_SIZE", "LIST_SIZE", "StatusIndices", "StatusPlace"]

LIST_SIZE: Final = 2**17
LEASE_SIZE: Final = 4096
MAX_TRIES: Final = 20
_LOW: Final = 4  # the next lease is taken when a fourth of one is left
_SEED_BYTES: Final = 32
_WORD_BYTES: Final = 8


class StatusIndices:
    """Draws places. One per process, made after forking; any number of threads.

    The database is asked once in a lease: by one thread, while the others draw from what is left. A list is made of
    `list_size` places (a multiple of `lease_size`) when the one before is used up.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime],
        lease_size: int = LEASE_SIZE,
        list_size: int = LIST_SIZE,
    ) -> None:
        self._engine = engine
        self._now = now
        self._lease_size = lease_size
        self._list_size = list_size
        self._mutex = Lock()
        self._leasing = Lock()
        self._stock: list[StatusPlace] = []
        self._low = lease_size // _LOW
        self._scattered: tuple[int, array[int]] | None = None

    def draw(self) -> StatusPlace:
        """Return a place that no other call in any process returns. Raises StoreUnavailable where none can be had."""
        with self._mutex:
            place = self._stock.pop() if self._stock else None
            low = len(self._stock) < self._low
        if place is None:
            return self._draw_from_new()
        if low and self._leasing.acquire(blocking=False):
            try:
                self._lease_ahead()
            finally:
                self._leasing.release()
        return place

    def _draw_from_new(self) -> StatusPlace:
        with self._leasing:
            while True:
                with self._mutex:
                    if self._stock:
                        return self._stock.pop()
                self._lease()

    def _lease_ahead(self) -> None:
        """Lease while there is stock: a failure now is nobody's, and it is tried again when half of that is gone."""
        try:
            self._lease()
        except StoreUnavailable:
            with self._mutex:
                self._low = len(self._stock) // 2

    def _lease(self) -> None:
        number, seed, size, begin = self._claim()
        if self._scattered is None or self._scattered[0] != number:
            self._scattered = (number, scatter(seed, size))
        indices = list(self._scattered[1][begin : begin + self._lease_size])
        random.SystemRandom().shuffle(indices)
        places = [StatusPlace(number, idx) for idx in indices]
        with self._mutex:
            self._stock = places + self._stock  # what is left of the old lease is drawn first
            self._low = self._lease_size // _LOW

    def _claim(self) -> tuple[int, bytes, int, int]:
        """Return the number, seed and size of a list, and where in its scattered order the lease begins."""
        for _ in range(MAX_TRIES):
            try:
                with writing(self._engine) as connection:
                    return self._claim_once(connection)
            except IntegrityError:  # another process opened the same list
                continue
            except SQLAlchemyError as error:
                raise StoreUnavailable(f"no status index could be leased: {type(error).__name__}") from error
        raise StoreUnavailable("no status index could be leased: others were always faster")

    def _claim_once(self, connection: Connection) -> tuple[int, bytes, int, int]:
        newest = select(status_lists).order_by(status_lists.c.number.desc()).limit(1).with_for_update()
        row: Row[Any] | None = connection.execute(newest).one_or_none()
        if row is None or row.taken + self._lease_size > row.size:
            return self._open_list(connection, 1 if row is None else row.number + 1)
        taken = row.taken + self._lease_size
        connection.execute(update(status_lists).where(status_lists.c.number == row.number).values(taken=taken))
        return row.number, bytes(row.seed), row.size, row.taken

    def _open_list(self, connection: Connection, number: int) -> tuple[int, bytes, int, int]:
        seed = secrets.token_bytes(_SEED_BYTES)
        row = {
            "number": number,
            "size": self._list_size,
            "taken": self._lease_size,
            "seed": seed,
            "opened_at_ms": to_ms(self._now()),
        }
        connection.execute(insert(status_lists), row)
        return number, seed, self._list_size, 0


def scatter(seed: bytes, size: int) -> "array[int]":
    """Return 0 … size - 1 in the order that `seed` gives them; the same in every process and version of Python."""
    words = struct.unpack(f">{size}Q", shake_256(seed).digest(_WORD_BYTES * size))
    return array("I", sorted(range(size), key=words.__getitem__))
