"""What the made-up operators send from and promise: each step of it one leaf, as all of the seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from registry.sending.contacts import list_contacts
from registry.sending.declaring import declare_contact, verify
from registry.sending.model import ContactKind, ContactState, Method
from registry.sending.promises import make_promise
from sigill.policy.yaml_tree import Node
from sigill.vocabulary import Channel
from storage.engine import reading
from wiring import Services

_LASTS: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class DemoSending:
    """What an operator sends from, and the channels of which it promises something from the first day on."""

    contacts: tuple[tuple[ContactKind, str], ...] = ()
    promises: tuple[Channel, ...] = ()


def read_demo_sending(node: Node) -> DemoSending:
    """Read the member `sending` of an operator. Raises PolicyInvalid."""
    found = node.members(required=("contacts", "promises"))
    contacts = [item.members(required=("kind", "value")) for item in found["contacts"].items()]
    return DemoSending(
        tuple((each["kind"].word(ContactKind), each["value"].text()) for each in contacts),
        found["promises"].words(Channel),
    )


def sending_steps(operator_id: str, sending: DemoSending, services: Services) -> Iterator[Callable[[], object]]:
    """Yield the steps, in their order: each contact point declared and verified, then the promises."""
    for kind, value in sending.contacts:
        yield partial(declare_contact, operator_id, kind, value, world=services.sending)
        yield partial(_verify, operator_id, services)
    for channel in sending.promises:
        yield partial(_promise, operator_id, channel, services)


def _verify(operator_id: str, services: Services) -> None:
    """Verify what was declared last: nobody has looked, and the method says so."""
    with reading(services.engine) as connection:
        waiting = [each for each in list_contacts(connection, operator_id) if each.state is ContactState.DECLARED]
    until = services.sending.now() + _LASTS
    by = "a demonstration"
    for contact in waiting:
        verify(contact, method=Method.DEMONSTRATION, by=by, note=None, until=until, world=services.sending)


def _promise(operator_id: str, channel: Channel, services: Services) -> None:
    make_promise(operator_id, channel, since=services.sending.now().date(), world=services.sending)
