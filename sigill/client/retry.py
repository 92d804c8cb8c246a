"""Trying again: after which pauses, for how long, and with which key, so that nothing is ever done twice."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar

from sigill.client.errors import ServiceUnavailable, SettingsRefused

MAX_KEY: Final = 255
_KEY_BYTES: Final = 18
_NOT_IN_KEYS: Final = frozenset('"\\')  # the header may be quoted, so these could be read in two ways

Answer = TypeVar("Answer")
OnRetry = Callable[[ServiceUnavailable, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on: no try begins later than `for_s` seconds after the first. 0: one try.

    Pauses double from `first_s` to `longest_s`, each shortened at random (full jitter), so that clients that failed
    together do not return together. Where the service named a time, that is waited first. `on_retry` is told what
    failed and how long the pause is.
    """

    for_s: float = 30.0
    first_s: float = 0.2
    longest_s: float = 10.0
    on_retry: OnRetry | None = None
    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def pause_s(self, turn: int, *, retry_after: float | None) -> float:
        """Return how long to wait after the failure of a turn; the first is 0."""
        longest = min(self.longest_s, self.first_s * 2.0 ** min(turn, 60))
        return (retry_after or 0.0) + longest * self.chance()


PATIENCE: Final = Patience()


def try_again(attempt: Callable[[], Answer], *, patience: Patience) -> Answer:
    """Return what `attempt` returns, calling it anew while it raises a ServiceUnavailable that may pass.

    Raises the last failure: when it will not pass, or when the next try would begin too late.
    """
    begun_s = patience.now_s()
    for turn in count():
        try:
            return attempt()
        except ServiceUnavailable as error:
            pause_s = patience.pause_s(turn, retry_after=error.retry_after)
            if not error.may_pass or patience.now_s() - begun_s + pause_s > patience.for_s:
                raise
            if patience.on_retry is not None:
                patience.on_retry(error, pause_s)
        patience.sleep(pause_s)
    raise AssertionError("unreachable")  # pragma: no cover - count() has no end


def new_key() -> str:
    """Return a random idempotency key."""
    return secrets.token_hex(_KEY_BYTES)


def check_key(key: str, *, longest: int = MAX_KEY) -> str:
    """Return an idempotency key that the service takes as it is. Raises SettingsRefused."""
    if not (0 < len(key) <= longest and all("!" <= character <= "~" for character in key)) or _NOT_IN_KEYS & set(key):
        raise SettingsRefused(
            f"The idempotency key is 1 to {longest} ASCII letters, digits and signs, without blanks, quotes and \\."
        )
    return key
