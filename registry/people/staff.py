"""Who acts for an operator, or for the guarantor: added, ended, their passkeys taken away. Each is a logged step.

The steps name ids only: `pe-…` for a person, the SHA-256 of a passkey's id. What the guarantor's own people do to each
other stands in the guarantor's log.
"""

import hashlib
from typing import Final

from sqlalchemy import Connection, update

from registry.api_keys import OF_ALL_OPERATORS
from registry.application import check_text
from registry.errors import ApplicationInvalid, PasskeyUnknown, PersonUnknown
from registry.ids import ID_BYTES
from registry.model import OperatorId, Role
from registry.operators import load_operator
from registry.people.model import Passkey, Person
from registry.people.sessions import end_sessions
from registry.people.store import (
    end_person,
    list_people,
    load_passkey,
    load_person,
    make_person_id,
    revoke_passkey,
    save_person,
)
from registry.people.world import PeopleWorld
from registry.steps import Act, Step, log_step
from registry.tables import api_keys, enrolments, passkeys
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import Json
from sigill.report.trust import GUARANTOR
from storage.engine import reading, writing
from storage.times import to_ms
from transparency.append import Guard, Write

MAX_PEOPLE: Final = 2000


def add_person(
    *,
    operator_id: OperatorId | None,
    name: str,
    role: Role,
    by: str,
    world: PeopleWorld,
    oidc_subject: str | None = None,
) -> Person:
    """Add somebody, logged. Raises ApplicationInvalid (name or role), OperatorNotFound, StoreUnavailable."""
    check_role(role, operator_id=operator_id)
    person = Person(
        id=make_person_id(world.random(ID_BYTES)),
        operator_id=operator_id,
        name=check_text("name", name),
        role=role,
        created_at=world.now().replace(microsecond=0),
        oidc_subject=oidc_subject,
    )

    if operator_id is not None:
        with reading(world.engine) as connection:
            load_operator(connection, operator_id)  # or its log is asked for, which nobody knows either

    def guard(connection: Connection) -> None:
        found = list_people(connection, operator_id=operator_id)
        if sum(each.ended_at is None for each in found) >= MAX_PEOPLE:
            raise ApplicationInvalid(f"there are {MAX_PEOPLE} people already: end those who left")

    def write(connection: Connection, _index: int) -> None:
        save_person(connection, person)

    said: dict[str, Json] = {"person": person.id, "role": role.value}
    take_step(operator_id, Act.PERSON_ADDED, said, by=by, world=world, guard=guard, write=write)
    return person


def end_person_logged(person: Person, *, by: str, world: PeopleWorld) -> None:
    """Note that somebody left: sessions, passkeys, links and API keys end with it. Raises PersonUnknown."""
    at = world.now().replace(microsecond=0)

    def guard(connection: Connection) -> None:
        if load_person(connection, person.id).ended_at is not None:
            raise PersonUnknown("this person has left already")

    def write(connection: Connection, _index: int) -> None:
        end_person(connection, person.id, at=at)
        end_sessions(connection, person.id)
        connection.execute(enrolments.delete().where(enrolments.c.person_id == person.id))
        held = (api_keys.c.person_id == person.id) & api_keys.c.revoked_at_ms.is_(None)
        connection.execute(update(api_keys).where(held).values(revoked_at_ms=to_ms(at)))

    said: dict[str, Json] = {"person": person.id}
    take_step(person.operator_id, Act.PERSON_ENDED, said, by=by, world=world, guard=guard, write=write)


def revoke_passkey_logged(person: Person, passkey_id: str, *, by: str, world: PeopleWorld) -> None:
    """Take a passkey away from its person, for good; sessions it was shown for end. Raises PasskeyUnknown."""
    at = world.now().replace(microsecond=0)
    with reading(world.engine) as connection:
        own_passkey(connection, person, passkey_id)

    def guard(connection: Connection) -> None:
        if own_passkey(connection, person, passkey_id).revoked_at is not None:
            raise PasskeyUnknown("this passkey is revoked already")

    def write(connection: Connection, _index: int) -> None:
        revoke_passkey(connection, passkey_id, at=at)

    said: dict[str, Json] = {"person": person.id, "passkey": public_name(passkey_id)}
    take_step(person.operator_id, Act.PASSKEY_REVOKED, said, by=by, world=world, guard=guard, write=write)


def rename_passkey(person: Person, passkey_id: str, name: str, *, world: PeopleWorld) -> None:
    """Call a passkey something else; its name is for its person. Raises PasskeyUnknown, ApplicationInvalid."""
    called = check_text("name", name)
    with writing(world.engine) as connection:
        own_passkey(connection, person, passkey_id)
        connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(name=called))


def find_colleague(person_id: str, *, operator_id: OperatorId | None, world: PeopleWorld) -> Person:
    """Return somebody of this operator (None: of the guarantor). Raises PersonUnknown: another's look like none."""
    with reading(world.engine) as connection:
        person = load_person(connection, person_id)
    if person.operator_id != operator_id:
        raise PersonUnknown("there is no such person here")
    return person


def own_passkey(connection: Connection, person: Person, passkey_id: str) -> Passkey:
    """Return a passkey of this person. Raises PasskeyUnknown."""
    passkey = load_passkey(connection, passkey_id)
    if passkey.person_id != person.id:
        raise PasskeyUnknown("there is no such passkey")
    return passkey


def check_role(role: Role, *, operator_id: OperatorId | None) -> None:
    """Raise ApplicationInvalid where nobody can have this role there."""
    if operator_id is None and role not in OF_ALL_OPERATORS:
        raise ApplicationInvalid(f"somebody of role {role} belongs to an operator")
    if operator_id is not None and role is Role.REGISTRAR:
        raise ApplicationInvalid("a registrar belongs to no operator")


def public_name(passkey_id: str) -> str:
    """Return what a passkey is called where everyone can read it: the SHA-256 of its id, base64url."""
    return format_base64url(hashlib.sha256(parse_base64url(passkey_id)).digest())


def take_step(  # noqa: PLR0913 - what a step is made of
    operator_id: OperatorId | None,
    act: Act,
    said: dict[str, Json],
    *,
    by: str,
    world: PeopleWorld,
    guard: Guard,
    write: Write,
) -> None:
    """Log a step of an operator's people, or of the guarantor's, with what it changes."""
    if operator_id is None:
        world.log.create_log(GUARANTOR, f"{world.log_prefix}/{GUARANTOR}")
    step = Step(act=act, at=world.now(), by=by, said=said)
    whose = GUARANTOR if operator_id is None else operator_id
    log_step(whose, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
