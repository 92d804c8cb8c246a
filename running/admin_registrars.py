"""The commands of `python -m running.admin` for who decides: registrars, and a step past them in an emergency."""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from registry.api_keys import NewApiKey, make_api_key
from registry.deciding.registrars import add_first_registrar, add_registrar, add_second_registrar, holder_of
from registry.deciding.rules import check_reason
from registry.deciding.store import overtake_others
from registry.errors import ApplicationInvalid, PersonNeeded
from registry.lifecycle import Decided, change_state_logged
from registry.model import StateChange
from registry.operators import load_operator
from registry.people.model import Person
from registry.steps import Act
from settings.secret_file import read_token
from sigill.report.standing import State
from storage.engine import reading
from wiring import Services
from wiring.desk import people_world

_STEPS: Final = [State.VERIFIED.value, State.SUSPENDED.value, State.REVOKED.value]
_DAYS: Final = 365
_MAX_DAYS: Final = 3650
_RANDOM_BYTES: Final = 40
_NO_NUMBER: Final = -1
_NAME_HELP: Final = "for colleagues; never in a log or on a public page"
_BY_HELP: Final = "with the key of who lets her in; left out for the second of two who decide together"
_BREAK_GLASS: Final = "past the registrars; everyone reads on the operator's page that it was done like this"
Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands with `add(name, command, says, *places)`."""
    first = add("first-registrar", _first, "Let in the first registrar, and print a key of her own, once.")
    other = add("registrar", _other, "Let in one more registrar, and print a key of her own, once.")
    for each in (first, other):
        each.add_argument("--name", required=True, help=_NAME_HELP)
        each.add_argument("--days", type=int, default=_DAYS)
    other.add_argument("--by", type=Path, metavar="FILE", help=_BY_HELP)
    step = add("state", _state, "Take a step of an operator's life cycle in a demonstration; it is logged.", "id")
    step.add_argument("state", choices=_STEPS)
    step.add_argument("--reason", required=True, help="shown to customers")
    step.add_argument("--break-glass", action="store_true", help=_BREAK_GLASS)


def _first(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    key, world = _make_key(asked, services), people_world(services.settings, services.signing, services.keys.reference)
    until = world.now() + timedelta(days=asked.days)
    return _tell(add_first_registrar(asked.name, key, until=until, world=world), key)


def _other(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    key, world = _make_key(asked, services), people_world(services.settings, services.signing, services.keys.reference)
    until = world.now() + timedelta(days=asked.days)
    if asked.by is None:
        return _tell(add_second_registrar(asked.name, key, until=until, world=world), key)
    with reading(services.engine) as connection:
        by = holder_of(connection, read_token(asked.by) or "", at=world.now())
    return _tell(add_registrar(asked.name, key, until=until, by=by, world=world), key)


def _state(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    if not (services.identity.demonstration or asked.break_glass):
        raise PersonNeeded("registrars decide here (POST /v1/registry/…, or the desk); --break-glass goes past them")
    with reading(services.engine) as connection:
        load_operator(connection, asked.id)
    at = services.signing.now()
    change = StateChange(state=State(asked.state), since=at, reason=check_reason(asked.reason))

    def overtake(connection: Connection, _index: int) -> None:
        overtake_others(connection, asked.id, but=_NO_NUMBER, at=at)

    decided = Decided(
        act=Act.DECIDED,
        by="break-glass at the command line" if asked.break_glass else "the demonstration's command line",
        said={"break_glass": asked.break_glass},
        writes=(overtake,),
    )
    done = change_state_logged(asked.id, change, log=services.log, random=services.signing.random, decided=decided)
    yield f"{asked.id} is {asked.state} (leaf {done.index} of {done.origin})."


def _make_key(asked: argparse.Namespace, services: Services) -> NewApiKey:
    if not 1 <= asked.days <= _MAX_DAYS:
        raise ApplicationInvalid(f"days is 1 to {_MAX_DAYS}")
    return make_api_key(services.signing.random(_RANDOM_BYTES))


def _tell(person: Person, key: NewApiKey) -> Iterator[str]:
    sys.stderr.write(f"{person.id} is a registrar. Keep this key, which is her own: it is shown once.\n")
    sys.stderr.write(f"For the desk, with a passkey: python -m running.admin enrolment-link {person.id}\n")
    yield key.text
