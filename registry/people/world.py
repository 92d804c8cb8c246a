"""What people, their passkeys and their sign-in need of the outside; `wiring/desk.py` fills it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from registry.errors import PasskeysUnavailable
from registry.people.relying_party import RelyingParty
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleWorld:
    """`random(n)` is a CSPRNG. `log_prefix` is what origins of logs begin with.

    `secret` (32 bytes) keys the challenges that are handed to browsers; all processes of the service share it. `party`
    is None where the service's address is none that passkeys can be bound to.
    """

    engine: Engine
    log: TransparencyLog
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    log_prefix: str
    party: RelyingParty | None
    secret: bytes = field(repr=False)

    def needed_party(self) -> RelyingParty:
        """Return who passkeys are made for. Raises PasskeysUnavailable."""
        if self.party is None:
            raise PasskeysUnavailable("passkeys need SIGILL_PUBLIC_URL to be a host name, not an address")
        return self.party
