"""The commands of `python -m running.admin` for people: who acts for an operator, and links to enrol a passkey with."""

import argparse
from collections.abc import Callable, Iterator
from typing import Final

from registry.model import OperatorId, Role
from registry.people.links import make_link
from registry.people.model import Person
from registry.people.staff import add_person, end_person_logged
from registry.people.store import list_passkeys, list_people, load_person
from storage.engine import reading
from wiring import Services
from wiring.desk import people_of

_ROLES: Final = [Role.SIGNER.value, Role.ADMIN.value, Role.AUDITOR.value]
_BY: Final = "whoever runs the service"
Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands to a parser."""
    person = add("person", _add_person, "Add somebody who acts for an operator; the id is printed.", "id")
    person.add_argument("--role", required=True, choices=_ROLES)
    person.add_argument("--name", required=True, help="for colleagues; never in a log or on a public page")
    people = add("people", _people, "List an operator's people; without one, the guarantor's own.")
    people.add_argument("id", nargs="?")
    add("enrolment-link", _link, "Print a link with which somebody enrols a passkey: once, within 24 hours.", "person")
    add("end-person", _end, "Note that somebody left: sessions, passkeys and own API keys end.", "person")


def _add_person(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    world = people_of(services)
    whose = OperatorId(asked.id)
    yield add_person(operator_id=whose, name=asked.name, role=Role(asked.role), by=_BY, world=world).id


def _people(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield "person\trole\tname\tpasskeys\tadded\tleft"
    with reading(services.engine) as connection:
        for person in list_people(connection, operator_id=asked.id):
            held = sum(each.revoked_at is None for each in list_passkeys(connection, person.id))
            left = "-" if person.ended_at is None else f"{person.ended_at:%Y-%m-%d}"
            cells = [person.id, person.role, person.name, str(held), f"{person.created_at:%Y-%m-%d}", left]
            yield "\t".join(cells)


def _link(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield make_link(_found(asked, services), by=_BY, world=people_of(services))


def _end(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    end_person_logged(_found(asked, services), by=_BY, world=people_of(services))
    yield f"{asked.person} has left."


def _found(asked: argparse.Namespace, services: Services) -> Person:
    with reading(services.engine) as connection:
        return load_person(connection, asked.person)
