"""What signing needs of the outside; `wiring.py` fills it, tests build it by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from policies.library import PolicyLibrary
from registry.mandates.acting import Actings
from sigill.keys.p256 import Signer
from signing.kinds import Kinds
from signing.line import Line
from transparency.append import StatusPlace
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWorld:
    """`issuer` never changes; `base_url` is where links point; `random(n)` is a CSPRNG.

    `seal_signer(at)` is the key of seals made at `at`, `event_signer(at)` that of events; they raise KeyUnusable where
    no key is valid then. `salt_key(operator, at)` is what salts are made with, new where the month has none;
    `salt_keys(operator, at)` are all that the month had, newest first.
    `reference_key` (32 bytes) hides operators' own references and idempotency keys.
    `draw_status()` gives each seal its place in a status list (None: it cannot be withdrawn).
    `line` is where messages wait to be sealed together; `actings` are who seals for whom, as seen lately.
    """

    issuer: str
    base_url: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    seal_signer: Callable[[datetime], Signer]
    event_signer: Callable[[datetime], Signer]
    salt_key: Callable[[str, datetime], bytes]
    salt_keys: Callable[[str, datetime], Sequence[bytes]]
    reference_key: bytes
    engine: Engine
    log: TransparencyLog
    policies: PolicyLibrary
    seal_lifetime: timedelta
    kinds: Kinds
    draw_status: Callable[[], StatusPlace | None] = lambda: None
    line: Line = field(default_factory=Line)
    actings: Actings = field(default_factory=Actings)

    @property
    def seal_lifetime_s(self) -> int:
        """How long a seal is vouched for, in seconds."""
        return int(self.seal_lifetime.total_seconds())
