"""What applying and checking need of the outside; `wiring` fills it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from registry.asking.exchange import Fetch
from registry.asking.registers import Sources
from registry.asking.seal_certificate import SealPolicy
from registry.domain_control import Askable
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyingWorld:
    """`random(n)` is a CSPRNG. `askable` is None where no resolvers are configured: then no domain is checked.

    `seal_fetch` is a GuardedFetch: certificates name whom to ask. `unlisted_domains` lets names of one's own networks
    pass that are under no public top level.
    """

    issuer: str
    log_prefix: str
    engine: Engine
    log: TransparencyLog
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    askable: Askable | None
    sources: Sources
    seal_policy: SealPolicy
    seal_fetch: Fetch
    unlisted_domains: bool = False
