"""Mandates for tests: a contact centre that seals for the bank, in a real deployment."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from registry.ai_systems import register_ai_system
from registry.mandates.model import Mandate, MandateParty, Terms
from registry.mandates.steps import MandateWorld, accept_mandate, give_mandate, revoke_mandate
from registry.model import AiSystem, Operator, OperatorId
from sigill.vocabulary import Channel, Industry, Purpose
from tests.builders_deployment import NOW, Deployment, deploy, operator
from wiring.mandates import mandate_world

BANK: Final = OperatorId("exempelbanken")
CENTRE: Final = OperatorId("kundsvar")
OTHER: Final = OperatorId("exempelel")


def centre(operator_id: str = CENTRE, **changes: Any) -> Operator:
    """Return a contact centre with an AI system of its own."""
    system = AiSystem(ref="svara", name="Svara", provider=None, model="svara-2", active=True)
    return operator(operator_id, **({"industry": Industry.RETAIL, "ai_systems": (system,)} | changes))


def deploy_parties(folder: Path, **more: Any) -> Deployment:
    """Return a deployment with the bank, a contact centre, and an operator that is neither."""
    return deploy(folder, operator(BANK), centre(), operator(OTHER), **more)


def terms(**changes: Any) -> Terms:
    """Return the terms of a mandate for service in chat and mail, from now for a month."""
    values: dict[str, Any] = {
        "channels": (Channel.CHAT, Channel.EMAIL),
        "enquiries": None,
        "purposes": (Purpose.SERVICE,),
        "valid_from": NOW - timedelta(minutes=1),
        "valid_until": NOW + timedelta(days=30),
    }
    return Terms(**(values | changes))


def world_of(made: Deployment) -> MandateWorld:
    return mandate_world(made.services.signing)


def given(made: Deployment, *, by: str = BANK, to: str = CENTRE, **changes: Any) -> Mandate:
    """Return a mandate that was offered."""
    return give_mandate(operator(by), to, terms(**changes), world=world_of(made))


def in_force(made: Deployment, *, by: str = BANK, to: str = CENTRE, **changes: Any) -> Mandate:
    """Return a mandate that was offered and accepted."""
    offered = given(made, by=by, to=to, **changes)
    return accept_mandate(offered.id, mandatary_id=to, world=world_of(made))


def revoked(made: Deployment, mandate: Mandate, by: MandateParty = MandateParty.PRINCIPAL) -> Mandate:
    """End a mandate."""
    who = {
        MandateParty.PRINCIPAL: mandate.principal_id,
        MandateParty.MANDATARY: mandate.mandatary_id,
        MandateParty.REGISTRAR: "registrar pe-1",
    }
    return revoke_mandate(mandate.id, by=by, who=who[by], world=world_of(made))


def sign_for(made: Deployment, *, by: str = CENTRE, **changes: Any) -> Any:
    """POST a message sealed for the bank; return the response."""
    return made.sign(by=by, **({"on_behalf_of": BANK} | changes))


def add_system(made: Deployment, operator_id: str, ref: str, **changes: Any) -> AiSystem:
    """Register an AI system of an operator."""
    values: dict[str, Any] = {"ref": ref, "name": ref.capitalize(), "provider": None, "model": None, "active": True}
    system, signing = AiSystem(**(values | changes)), made.services.signing
    register_ai_system(operator_id, system, by="a test", at=NOW, log=signing.log, random=signing.random)
    return system
