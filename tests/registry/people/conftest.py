from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from registry.model import Role
from registry.people.enrolment import AskedPasskey, enrol_passkey, enrolment_options
from registry.people.model import Passkey, Person
from registry.people.signing_in import SignedIn, sign_in_by_passkey, sign_in_options
from registry.people.world import PeopleWorld
from tests.builders_deployment import Deployment, deploy
from tests.builders_desk import add_person, world_of
from tests.builders_passkeys import Authenticator


@dataclass
class Employee:
    """Somebody with one passkey, and the browser it is used in."""

    person: Person
    passkey: Passkey
    device: Authenticator
    world: PeopleWorld
    browser: str = "browser"

    def options(self) -> str:
        return sign_in_options(binding=self.browser, world=self.world)

    def sign_in(self, answer: str | None = None) -> SignedIn:
        answer = self.device.get(self.options()) if answer is None else answer
        return sign_in_by_passkey(answer, binding=self.browser, world=self.world)


def enrol(world: PeopleWorld, person: Person, device: Authenticator) -> Passkey:
    answer = device.create(enrolment_options(person, binding="browser", world=world))
    asked = AskedPasskey(answer=answer, name="Laptop", binding="browser")
    return enrol_passkey(person, asked, by=f"{person.role} {person.id}", world=world)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One deployment for all tests of a module: each adds people of its own."""
    made = deploy(tmp_path_factory.mktemp("people"))
    yield made
    made.services.engine.dispose()


@pytest.fixture
def world(deployment: Deployment) -> PeopleWorld:
    return world_of(deployment)


@pytest.fixture
def employee(deployment: Deployment, world: PeopleWorld) -> Employee:
    person, device = add_person(deployment, Role.ADMIN), Authenticator()
    return Employee(person, enrol(world, person, device), device, world)
