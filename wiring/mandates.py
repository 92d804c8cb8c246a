"""What mandates need of the other parts, and what the operator's page shows of them."""

from registry.mandates.steps import MandateWorld
from registry.mandates.store import list_public, names_of
from registry.model import Operator
from signing.world import SigningWorld
from storage.engine import reading
from web.mandates import ShownMandate


def mandate_world(signing: SigningWorld) -> MandateWorld:
    """Return what the steps of mandates need."""
    return MandateWorld(now=signing.now, random=signing.random, engine=signing.engine, log=signing.log)


def shown_mandates(signing: SigningWorld, operator: Operator) -> tuple[ShownMandate, ...]:
    """Return the mandates that were ever in force, or will be, of an operator or for it."""
    with reading(signing.engine) as connection:
        found = list_public(connection, operator_id=operator.id)
        names = names_of(connection, found)
    return tuple(
        ShownMandate(mandate, principal=names[mandate.principal_id], mandatary=names[mandate.mandatary_id])
        for mandate in found
    )
