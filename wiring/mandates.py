"""What mandates need of the other parts, and the operator's page, which shows them."""

from collections.abc import Callable, Sequence

from flask import Response

from registry.mandates.steps import MandateWorld
from registry.mandates.store import list_public, names_of
from registry.model import Operator
from registry.sending.public import SendingPolicy
from registry.steps import LoggedStep
from sigill.report.trust import Trust
from signing.world import SigningWorld
from storage.engine import reading
from web import WebWorld, operator_page
from web.mandates import ShownMandate


def mandate_world(signing: SigningWorld) -> MandateWorld:
    """Return what the steps of mandates need."""
    return MandateWorld(now=signing.now, random=signing.random, engine=signing.engine, log=signing.log)


def show_operator(
    pages: WebWorld,
    signing: SigningWorld,
    trust: Callable[[], Trust],
    operator: Operator,
    policy: SendingPolicy,
    steps: Sequence[LoggedStep],
) -> Response:
    """Return an operator's page, with the mandates that were ever in force, or will be, of it or for it."""
    with reading(signing.engine) as connection:
        found = list_public(connection, operator_id=operator.id)
        names = names_of(connection, found)
    shown = [ShownMandate(each, names[each.principal_id], names[each.mandatary_id]) for each in found]
    log = trust().logs.get(operator.id)
    return operator_page(pages, operator, policy, None if log is None else log.url, mandates=shown, steps=steps)
