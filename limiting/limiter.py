"""Taking from quotas. Windows lie on the clock, so that one count is one step; each subject's begin at its own time.

A clock that is set begins another window: nobody is shut out for longer than one.
"""

import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from math import ceil
from typing import Final

from limiting.counters import Counters
from limiting.errors import LimitReached
from limiting.quotas import Quota, Standing

_HASH_BYTES: Final = 16


class Subjects:
    """Names for what is counted that tell nobody who it is: hashes under a secret key."""

    def __init__(self, secret: bytes) -> None:
        self._key = blake2b(secret, person=b"sigill-limits").digest()

    def name(self, kind: str, subject: str) -> bytes:
        """Return the name of a subject (an address, a network, a credential's prefix), 16 bytes."""
        return blake2b(f"{kind}\0{subject}".encode(), key=self._key, digest_size=_HASH_BYTES).digest()


class Limiter:
    """The quotas of one process, by name; one that is not there limits nothing."""

    def __init__(
        self,
        quotas: Mapping[str, Quota],
        *,
        counters: Counters,
        subjects: Subjects,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._quotas = quotas
        self._counters = counters
        self._subjects = subjects
        self._now_s = now_s

    def take(self, quota_name: str, subject: str, *, cost: int = 1) -> Standing | None:
        """Take `cost` from a subject's quota; return what is left, None where nothing limits. Raises LimitReached.

        What is refused takes nothing, so that a large batch that comes too soon does not shut out small requests.
        """
        quota = self._quotas.get(quota_name)
        if quota is None or cost <= 0:
            return None
        name = self._subjects.name(quota.name, subject)
        at_s = self._now_s() + int.from_bytes(name[:4], "big") % quota.window_s
        number, passed_s = divmod(at_s, quota.window_s)
        after_s = max(1, ceil(quota.window_s - passed_s))
        key = f"{name.hex()}{number:.0f}"
        count = self._counters.add(key, lasts_s=quota.window_s + 1, amount=cost)
        if count is None:
            return None
        if count > quota.amount:
            self._counters.add(key, lasts_s=quota.window_s + 1, amount=-cost)
            raise LimitReached(Standing(quota, max(quota.amount - (count - cost), 0), after_s))
        return Standing(quota, quota.amount - count, after_s)
