"""What signing needs of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from policies.library import PolicyLibrary
from sigill.keys.p256 import Signer
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWorld:
    """`issuer` never changes; `base_url` is where links point; `salt_key(operator, at)` makes the month's key if new.

    `check_seal_key(at)` raises KeyUnusable where the signer's key is not valid at `at`.
    `reference_key` (32 bytes) hides operators' own conversation references; `random(n)` is a CSPRNG.
    """

    issuer: str
    base_url: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    signer: Signer
    check_seal_key: Callable[[datetime], None]
    salt_key: Callable[[str, datetime], bytes]
    reference_key: bytes
    engine: Engine
    log: TransparencyLog
    policies: PolicyLibrary
    seal_lifetime: timedelta
