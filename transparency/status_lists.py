"""The status lists as they are published: one signed token per list, never older than a second in any process.

A list is signed anew when a withdrawal changed it or when its `iat` is half a minute old; in between it stays the same
bytes, so that caches can ask whether it changed.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from sigill.keys.p256 import Signer
from sigill.seal.claim_values import status_uri
from sigill.status.bits import mark_indices
from sigill.status.token import StatusList, sign_status_list
from storage.engine import reading
from transparency.errors import StoreUnavailable
from transparency.tables import status_lists, withdrawals

LOOKED_AT_EVERY: Final = timedelta(seconds=1)
SIGNED_EVERY: Final = timedelta(seconds=30)
TTL_S: Final = 60
"""How long a copy may be kept: a withdrawal reaches whoever asks again within a minute."""

LIFETIME: Final = timedelta(hours=24)
"""How long a list counts: a day's work offline, and the longest that somebody who hides newer ones can gain."""

_MAX_KEPT: Final = 256
_NUMBERS: Final = range(2**53)


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A status list token as bytes on the wire, plain and compressed with gzip."""

    token: bytes
    gzipped: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    looked_at: datetime
    signed_at: datetime
    packed: bytes
    published: PublishedList


class StatusLists:
    """Publishes the lists. One per process; any number of threads. `issuer` names them, whatever host serves them.

    `signer(at)` is the key that signs at `at`.
    """

    def __init__(
        self, engine: Engine, *, issuer: str, signer: Callable[[datetime], Signer], now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._issuer = issuer
        self._signer = signer
        self._now = now
        self._mutex = Lock()
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def current(self, number: int) -> PublishedList | None:
        """Return a list that holds every withdrawal of more than a second ago, or None for a number not in use.

        Raises StoreUnavailable.
        """
        if number not in _NUMBERS:
            return None
        with self._mutex:  # one looks, the others wait the millisecond it takes
            at = self._now()
            kept = self._kept.get(number)
            if kept is None or not timedelta(0) <= at - kept.looked_at < LOOKED_AT_EVERY:
                packed = self._load(number)
                if packed is None:
                    return None
                kept = self._look(number, packed, kept, at)
                self._keep(number, kept)
            return kept.published

    def uris(self) -> tuple[str, ...]:
        """Return the address of every list in use, in the order they were opened. Raises StoreUnavailable."""
        query = select(status_lists.c.number).order_by(status_lists.c.number)
        try:
            with reading(self._engine) as connection:
                return tuple(status_uri(self._issuer, number) for number in connection.execute(query).scalars())
        except SQLAlchemyError as error:
            raise _unavailable(error) from error

    def _look(self, number: int, packed: bytes, before: _Kept | None, at: datetime) -> _Kept:
        if before is not None and before.packed == packed and timedelta(0) <= at - before.signed_at < SIGNED_EVERY:
            return _Kept(at, before.signed_at, packed, before.published)
        iat = at.replace(microsecond=0)
        values = StatusList(
            uri=status_uri(self._issuer, number), iat=iat, exp=iat + LIFETIME, ttl_s=TTL_S, packed=packed
        )
        token = sign_status_list(values, signer=self._signer(at)).encode("ascii")
        return _Kept(at, at, packed, PublishedList(token, gzip.compress(token, mtime=0)))

    def _keep(self, number: int, kept: _Kept) -> None:
        self._kept[number] = kept
        self._kept.move_to_end(number)
        if len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)

    def _load(self, number: int) -> bytes | None:
        size_of = select(status_lists.c.size).where(status_lists.c.number == number)
        marked = select(withdrawals.c.status_idx).where(withdrawals.c.status_list == number)
        try:
            with reading(self._engine) as connection:
                size = connection.execute(size_of).scalar_one_or_none()
                indices = connection.execute(marked).scalars().all()
        except SQLAlchemyError as error:
            raise _unavailable(error) from error
        return None if size is None else mark_indices(indices, size=size)


def _unavailable(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"the status lists could not be read: {type(error).__name__}")
