"""What signing needs of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from policies.library import PolicyLibrary
from sigill.keys.p256 import Signer
from signing.kinds import Kinds
from signing.line import Line
from transparency.append import StatusPlace
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWorld:
    """`issuer` never changes; `base_url` is where links point; `salt_key(operator, at)` makes the month's key if new.

    `check_seal_key(at)` raises KeyUnusable where the signer's key is not valid at `at`.
    `reference_key` (32 bytes) hides operators' own references and idempotency keys; `random(n)` is a CSPRNG.
    `event_signer` and `check_event_key` are the same for the events of conversations.
    `draw_status()` gives each seal its place in a status list (None: it cannot be withdrawn).
    `line` is where messages wait to be sealed together.
    """

    issuer: str
    base_url: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    signer: Signer
    check_seal_key: Callable[[datetime], None]
    event_signer: Signer
    check_event_key: Callable[[datetime], None]
    salt_key: Callable[[str, datetime], bytes]
    reference_key: bytes
    engine: Engine
    log: TransparencyLog
    policies: PolicyLibrary
    seal_lifetime: timedelta
    kinds: Kinds
    draw_status: Callable[[], StatusPlace | None] = lambda: None
    line: Line = field(default_factory=Line)

    @property
    def seal_lifetime_s(self) -> int:
        """How long a seal is vouched for, in seconds."""
        return int(self.seal_lifetime.total_seconds())
