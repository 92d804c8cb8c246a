"""The steps of a made-up operator: entered, verified, and each of its messages; every one of them one leaf."""

import contextlib
import secrets
from datetime import timedelta
from typing import Final

from registry.lifecycle import change_state_logged, enrol
from registry.model import Environment, Evidence, EvidenceKind, Operator, OperatorId, StateChange
from registry.operators import load_operator
from running.demo_data import DemoMessage, Profile
from sigill.encoding.ulid import format_ulid
from sigill.report.standing import State
from signing.errors import Refused
from signing.issue import issue_seal
from storage.engine import reading
from wiring import Services

_LIFETIME: Final = timedelta(days=3650)


def apply(profile: Profile, services: Services) -> None:
    """Enter an operator: the first leaf of its log."""
    at = services.signing.now().replace(microsecond=0)
    evidence = Evidence(
        id=format_ulid(at=at, randomness=secrets.token_bytes(10)),
        kind=EvidenceKind.DEMONSTRATION,
        method="none: the operator is made up, and nothing was checked",
        checked_by=f"{services.identity.issuer} (a demonstration)",
        valid_from=at,
        valid_until=at + _LIFETIME,
    )
    operator = Operator(
        id=OperatorId(profile.id),
        name=profile.name,
        identifier=profile.identifier,
        industry=profile.industry,
        environment=Environment.LIVE,
        markets=profile.markets,
        flags=profile.flags,
        phone=profile.phone,
        wait_minutes=profile.wait_minutes,
        website=profile.website,
        history=(StateChange(state=State.APPLIED, since=at, reason="made up for the demonstration"),),
        evidence=(evidence,),
        ai_systems=(profile.ai_system,),
    )
    origin = f"{services.identity.log_prefix}/{profile.id}"
    enrol(operator, origin=origin, log=services.log, random=services.signing.random)


def verify(profile: Profile, services: Services) -> None:
    """Verify an operator: the next leaf of its log."""
    change = StateChange(
        state=State.VERIFIED,
        since=services.signing.now(),
        reason="plays a verified operator; a demonstration checks nobody",
    )
    change_state_logged(profile.id, change, log=services.log, random=services.signing.random)


def send(message: DemoMessage, profile: Profile, services: Services) -> None:
    """Seal a message of an operator, or have it refused: one leaf."""
    with reading(services.engine) as connection:
        operator = load_operator(connection, profile.id)
    with contextlib.suppress(Refused) if message.refused else contextlib.nullcontext():
        issue_seal(message.request, operator=operator, world=services.signing)
