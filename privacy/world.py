"""What erasing needs of the outside; `wiring` fills it, tests build it by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from sigill.policy.retention import Retention
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyWorld:
    """`random(n)` is a CSPRNG.

    `has_salt_key(operator, year, month)` tells whether any file of it is there; `destroy_salt_key` overwrites and
    removes them all, returns how many there were, and raises OSError.
    """

    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    engine: Engine
    log: TransparencyLog
    retention: Retention
    has_salt_key: Callable[[str, int, int], bool]
    destroy_salt_key: Callable[[str, int, int], int]
