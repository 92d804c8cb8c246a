"""Colleagues: who works here, inviting somebody, and taking away what they hold.

An operator's administrators look after its people, registrars after the guarantor's own. Nobody ends themselves: the
last one out would lock the door.
"""

from typing import Final

from flask import Response

from registry.errors import ApplicationInvalid
from registry.model import Role
from registry.people.links import make_link
from registry.people.model import Person
from registry.people.oidc.signing_in import bind_subject, subject_of
from registry.people.staff import add_person, end_person_logged, find_colleague, revoke_passkey_logged
from registry.people.store import list_passkeys, list_people
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("staff")
MANAGERS: Final = frozenset({Role.ADMIN, Role.REGISTRAR})


@pages.page("/staff", roles=MANAGERS, navigation="staff.title")
def staff(request: DeskRequest) -> Response:
    """List colleagues, those who left last, with a form to add one."""
    with reading(request.world.engine) as connection:
        found = list_people(connection, operator_id=request.operator_id)
    ordered = sorted(found, key=lambda person: person.ended_at is not None)
    return request.render("desk/staff.html", people=ordered, roles=_roles(request))


@pages.action("/staff", roles=MANAGERS, shows=staff, recent=True)
def add(request: DeskRequest) -> Response:
    """Add a colleague."""
    role = next((role for role in _roles(request) if role == request.form["role"]), None)
    if role is None:
        raise ApplicationInvalid("choose one of the roles")
    person = add_person(
        operator_id=request.operator_id,
        name=request.form["name"].strip(),
        role=role,
        by=request.by,
        world=request.world.people,
    )
    return request.go(f"/staff/{person.id}", said="staff.was_added")


@pages.page("/staff/<string:person_id>", roles=MANAGERS)
def colleague(request: DeskRequest, person_id: str) -> Response:
    """Show one colleague, with passkeys, and what can be done."""
    return _shown(request, _found(request, person_id))


@pages.action("/staff/<string:person_id>/link", roles=MANAGERS, shows=colleague, recent=True)
def link(request: DeskRequest, person_id: str) -> Response:
    """Make a link to enrol a passkey with, and show it this once."""
    person = _found(request, person_id)
    return _shown(request, person, made=make_link(person, by=request.by, world=request.world.people))


@pages.action("/staff/<string:person_id>/end", roles=MANAGERS, shows=colleague, recent=True)
def end(request: DeskRequest, person_id: str) -> Response:
    """Note that a colleague left."""
    if person_id == request.person.id:
        raise ApplicationInvalid("nobody ends themselves: ask a colleague")
    end_person_logged(_found(request, person_id), by=request.by, world=request.world.people)
    return request.go("/staff", said="staff.was_ended")


@pages.action("/staff/<string:person_id>/passkeys/revocation", roles=MANAGERS, shows=colleague, recent=True)
def revoke(request: DeskRequest, person_id: str) -> Response:
    """Take a passkey away from a colleague."""
    person = _found(request, person_id)
    revoke_passkey_logged(person, request.form["passkey"], by=request.by, world=request.world.people)
    return request.go(f"/staff/{person.id}", said="passkeys.is_revoked")


@pages.action("/staff/<string:person_id>/subject", roles=MANAGERS, shows=colleague, recent=True)
def subject(request: DeskRequest, person_id: str) -> Response:
    """Bind a colleague to a subject of the identity provider, or to none."""
    person, provider = _found(request, person_id), request.world.provider
    if provider is None:
        raise ApplicationInvalid("this service uses no identity provider")
    bind_subject(person, request.form["subject"].strip(), provider=provider, by=request.by, world=request.world.people)
    return request.go(f"/staff/{person.id}", said="staff.was_bound")


def _found(request: DeskRequest, person_id: str) -> Person:
    return find_colleague(person_id, operator_id=request.operator_id, world=request.world.people)


def _shown(request: DeskRequest, person: Person, *, made: str | None = None) -> Response:
    with reading(request.world.engine) as connection:
        held = list_passkeys(connection, person.id)
    current = [each for each in held if each.revoked_at is None]
    provider = request.world.provider
    bound = None if provider is None else subject_of(person, provider)
    return request.render("desk/colleague.html", person=person, passkeys=current, made=made, bound=bound)


def _roles(request: DeskRequest) -> tuple[Role, ...]:
    """Return what a colleague can be here."""
    return (Role.REGISTRAR, Role.AUDITOR) if request.operator_id is None else (Role.SIGNER, Role.ADMIN, Role.AUDITOR)
