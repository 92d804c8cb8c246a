"""What the desk needs of the outside; `wiring/desk.py` fills it, tests build it by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from registry.applying.world import ApplyingWorld
from registry.deciding.world import DecidingWorld
from registry.people.oidc.provider import Provider
from registry.people.relying_party import RelyingParty
from registry.people.world import PeopleWorld
from registry.sending.world import SendingWorld
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWorld:
    """`base_url` has no slash at its end; `random(n)` is a CSPRNG; `zone` is where the times people read are told.

    `people` is what passkeys and colleagues need, `applying` what checks of an operator need, `deciding` what decisions
    about operators do, `provider` who else signs people in.
    """

    engine: Engine
    log: TransparencyLog
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    base_url: str
    issuer: str
    demonstration: bool
    zone: ZoneInfo
    people: PeopleWorld
    applying: ApplyingWorld
    sending: SendingWorld
    deciding: DecidingWorld
    provider: Provider | None = None

    @property
    def party(self) -> RelyingParty | None:
        """Who passkeys are made for; None where there can be none."""
        return self.people.party

    @property
    def origins(self) -> frozenset[str]:
        """Where forms of ours are sent from."""
        return frozenset({self.base_url} | ({self.party.origin} if self.party else set()))

    @property
    def secure(self) -> bool:
        """Whether the service is reached by https, so that its cookies may ask for it."""
        return self.base_url.startswith("https://")
