"""Who decides: the first registrar, whom nobody could let in, and all others, whom a registrar lets in.

Both are steps in the guarantor's own log, by ids. With the person comes an API key of her own.
"""

from datetime import datetime
from itertools import combinations
from typing import Final

from sqlalchemy import Connection

from registry.api_keys import NewApiKey, authenticate, check_scope, save_api_key
from registry.application import check_text
from registry.deciding.guards import check_registrar
from registry.deciding.hands import are_apart, load_givers
from registry.errors import TransitionRefused
from registry.model import Role, Scope
from registry.people.model import Person
from registry.people.staff import take_step
from registry.people.store import list_people, make_person_id, save_person
from registry.people.world import PeopleWorld
from registry.steps import Act
from storage.engine import reading
from transparency.append import Guard

_ID_BYTES: Final = 20
_NOBODY: Final = "the command line, where nobody was registrar"
_NO_PAIR: Final = "the command line, where no two stood apart"


def add_first_registrar(name: str, key: NewApiKey, *, until: datetime, world: PeopleWorld) -> Person:
    """Let in the first registrar, with a key of her own. Raises TransitionRefused where there is one already.

    Raises ApplicationInvalid for a name that is none, StoreUnavailable.
    """

    def guard(connection: Connection) -> None:
        if any(_decides(each) for each in list_people(connection, operator_id=None)):
            raise TransitionRefused("there is a registrar already: she lets others in (registrar --by her key's file)")

    return _add(name, key, until=until, by=_NOBODY, guard=guard, world=world)


def add_second_registrar(name: str, key: NewApiKey, *, until: datetime, world: PeopleWorld) -> Person:
    """Let in a registrar whom no registrar lets in, so that she can be the second person beside another one.

    Raises TransitionRefused where two stand apart already (`registry.deciding.hands`), and as the first one.
    """

    def guard(connection: Connection) -> None:
        givers = load_givers(connection)
        those = [each.id for each in list_people(connection, operator_id=None) if _decides(each)]
        if any(are_apart(one, other, givers) for one, other in combinations(those, 2)):
            raise TransitionRefused("two registrars stand apart already: one lets others in (--by her key's file)")

    return _add(name, key, until=until, by=_NO_PAIR, guard=guard, world=world)


def add_registrar(name: str, key: NewApiKey, *, until: datetime, by: str | None, world: PeopleWorld) -> Person:
    """Let in one more registrar; `by` is the id of the one who does. Raises PersonNeeded, and as the first one."""
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)

    return _add(name, key, until=until, by=f"registrar {person}", guard=guard, world=world)


def holder_of(connection: Connection, text: str, *, at: datetime) -> str | None:
    """Return whose own a registrar's key is, None for a program's.

    Raises CredentialMissing, CredentialUnknown, CredentialExpired, ScopeMissing.
    """
    credential = authenticate(connection, text, at=at)
    check_scope(credential, Scope.REGISTRY_DECIDE)
    return credential.person


def _add(name: str, key: NewApiKey, *, until: datetime, by: str, guard: Guard, world: PeopleWorld) -> Person:
    at = world.now().replace(microsecond=0)
    person = Person(
        id=make_person_id(world.random(_ID_BYTES)),
        operator_id=None,
        name=check_text("name", name),
        role=Role.REGISTRAR,
        created_at=at,
    )

    def write(connection: Connection, _index: int) -> None:
        save_person(connection, person)
        save_api_key(
            connection,
            key,
            name="her own",
            role=Role.REGISTRAR,
            operator_id=None,
            created_at=at,
            expires_at=until,
            person=person.id,
        )

    said = {"person": person.id, "role": person.role.value}
    take_step(None, Act.PERSON_ADDED, {**said}, by=by, world=world, guard=guard, write=write)
    return person


def _decides(person: Person) -> bool:
    return person.role is Role.REGISTRAR and person.ended_at is None
