"""The demonstration's contact centre: a made-up operator that seals for another one, under a mandate.

It is there once all the other operators are complete. Each step looks at what is there, so whatever was cut short goes
on: the centre's first two leaves, the mandate, then its messages in the log of whom it seals for.
"""

from datetime import timedelta
from typing import Final

from registry.mandates.model import Terms
from registry.mandates.steps import accept_mandate, give_mandate, tell_notices
from registry.mandates.store import list_between
from registry.operators import load_operator
from running.demo_data import ContactCentre
from running.demo_operators import apply, send, verify
from sigill.vocabulary import Channel, Purpose
from storage.engine import reading
from wiring import Services
from wiring.mandates import mandate_world

_LASTS: Final = timedelta(days=365)
_MANDATE_LEAVES: Final = 2  # in the principal's log: given, accepted


def seed_contact_centre(centre: ContactCentre, services: Services, *, first_leaf: int) -> None:
    """Complete the contact centre; `first_leaf` is the one after its principal's own steps."""
    profile = centre.profile
    head = services.log.head(profile.id)
    for step in (apply, verify)[0 if head is None else head.size :]:
        step(profile, services)
    _give(centre, services)
    principal = services.log.head(centre.principal)
    done = 0 if principal is None else principal.size - first_leaf - _MANDATE_LEAVES
    for message in centre.messages[max(done, 0) :]:
        send(message, profile, services)


def _give(centre: ContactCentre, services: Services) -> None:
    world, at = mandate_world(services.signing), services.signing.now()
    with reading(services.engine) as connection:
        principal = load_operator(connection, centre.principal)
        found = list_between(connection, principal_id=principal.id, mandatary_id=centre.profile.id)
    if not found:
        terms = Terms(
            channels=(Channel.CHAT, Channel.EMAIL, Channel.PHONE),
            enquiries=None,
            purposes=(Purpose.SERVICE,),
            valid_from=at,
            valid_until=at + _LASTS,
            daily_messages=1000,
        )
        found = (give_mandate(principal, centre.profile.id, terms, world=world),)
    if found[0].accepted_at is None:
        accept_mandate(found[0].id, mandatary_id=centre.profile.id, world=world)
    tell_notices(world)
