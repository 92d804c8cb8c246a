"""A quota, where somebody stands in it, and the header fields that tell so. Pure.

RateLimit-Policy: "sign";q=60000;w=60
RateLimit: "sign";r=59999;t=42

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/ (structured fields, RFC 9651: a list of
strings with integer parameters)
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MAX_AMOUNT: Final = 999_999_999_999_999  # the largest integer of a structured field
MAX_WINDOW_S: Final = 86_400
_NAME: Final = re.compile(r"[a-z][a-z-]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `amount` in each window of `window_s` whole seconds."""

    name: str
    amount: int
    window_s: int

    def __post_init__(self) -> None:
        """Raise ValueError for what no header could say."""
        if not (_NAME.match(self.name) and 0 < self.amount <= MAX_AMOUNT and 0 < self.window_s <= MAX_WINDOW_S):
            raise ValueError("a quota has a short name of small letters, an amount and a window of at most a day")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a quota, and in how many whole seconds (rounded up, at least 1) its window ends."""

    quota: Quota
    remaining: int
    after_s: int


def format_policy(standings: Iterable[Standing]) -> str:
    """Return the value of `RateLimit-Policy`."""
    return ", ".join(f'"{each.quota.name}";q={each.quota.amount};w={each.quota.window_s}' for each in standings)


def format_limit(standings: Iterable[Standing]) -> str:
    """Return the value of `RateLimit`."""
    return ", ".join(f'"{each.quota.name}";r={each.remaining};t={each.after_s}' for each in standings)
