"""The registrar's queue of contact points: another's, or like another's name, and those that only a look can verify."""

from typing import Final

from flask import Response

from registry.model import Role
from registry.sending.contacts import list_contested, list_declared
from registry.sending.declaring import refuse_contact, verify_by_registrar
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("contacts")
_REGISTRARS: Final = frozenset({Role.REGISTRAR})
_SHOWN: Final = 100


@pages.page("/contacts", roles=_REGISTRARS, navigation="contacts.title")
def contacts(request: DeskRequest) -> Response:
    """List what waits, contested ones first."""
    with reading(request.world.engine) as connection:
        waiting = (*list_contested(connection, limit=_SHOWN), *list_declared(connection, limit=_SHOWN))
    return request.render("desk/contacts.html", waiting=waiting)


@pages.action("/contacts/verification", roles=_REGISTRARS, shows=contacts, recent=True)
def verify(request: DeskRequest) -> Response:
    """Verify a contact point by one's own look."""
    contact, note = request.form["contact"], request.form["note"].strip()
    verify_by_registrar(contact, note=note, by=request.by, world=request.world.sending)
    return request.go("/contacts", said="contacts.verified")


@pages.action("/contacts/refusal", roles=_REGISTRARS, shows=contacts, recent=True)
def refuse(request: DeskRequest) -> Response:
    """Refuse a contact point."""
    contact, note = request.form["contact"], request.form["note"].strip()
    refuse_contact(contact, note=note, by=request.by, world=request.world.sending)
    return request.go("/contacts", said="contacts.refused")
