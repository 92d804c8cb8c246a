"""What the API needs of the outside; `wiring.py` fills it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Final

from flask import Response

from api.metrics import Metrics
from limiting.addresses import Trusted
from limiting.guessing import Guessing
from limiting.limiter import Limiter
from privacy.world import PrivacyWorld
from registry.applying.world import ApplyingWorld
from registry.callers import Callers
from registry.clients.grant import GrantWorld
from registry.credential_steps import RegistrationWorld
from registry.deciding.world import DecidingWorld
from registry.mandates.steps import MandateWorld
from registry.model import Operator
from registry.people.world import PeopleWorld
from registry.sending.public import SendingPolicy
from registry.sending.searching import Search
from registry.sending.world import SendingWorld
from registry.steps import LoggedStep
from sigill.report.trust import Trust
from signing.repeats import RunningKeys
from signing.world import SigningWorld
from transparency.status_lists import StatusLists
from verification.service import Verdict, VerifyRequest
from verification.world import VerificationWorld

BATCHES_AT_ONCE: Final = 4  # a batch of 8 MiB is some 50 MB while it is sealed


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can do its work now: each part's name, and what is wrong with it (None: nothing)."""

    parts: dict[str, str | None]

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong."""
        return all(fault is None for fault in self.parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """What limits the app; nothing where limits are switched off."""

    limiter: Limiter | None = None
    guessing: Guessing | None = None
    trusted: Trusted = field(default_factory=Trusted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiWorld:
    """`operator_page` and `problem_page` render HTML for people; the API itself only speaks JSON.

    `verify` raises as `verification.service.verify`, and GuessingSlowed. `batches` bounds the batches in memory.
    `metrics_token` is what opens `/metrics`; None: see `api.resources.metrics`.
    """

    callers: Callers
    grants: GrantWorld
    registration: RegistrationWorld
    mandates: MandateWorld
    deciding: DecidingWorld
    signing: SigningWorld
    privacy: PrivacyWorld
    people: PeopleWorld
    applying: ApplyingWorld
    sending: SendingWorld
    verification: VerificationWorld
    verify: Callable[[VerifyRequest], Verdict]
    status_lists: StatusLists
    base_url: str
    metrics: Metrics
    limits: ApiLimits
    metrics_token: str | None
    trust: Callable[[], Trust]
    readiness: Callable[[], Readiness]
    operator_page: Callable[[Operator, SendingPolicy, Sequence[LoggedStep]], Response]
    problem_page: Callable[[str], Response]
    search_page: Callable[[str, Search], Response]
    running_keys: RunningKeys = field(default_factory=RunningKeys)
    batches: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(BATCHES_AT_ONCE))
