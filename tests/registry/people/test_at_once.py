"""Many at once, on each kind of database: one link enrols one passkey, and one answer begins one session."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from registry.errors import EnrolmentRefused, PasskeyRefused, RegistryError
from registry.model import Role
from registry.people.enrolment import AskedPasskey, enrol_passkey, enrolment_options
from registry.people.links import make_link
from registry.people.signing_in import sign_in_by_passkey, sign_in_options
from registry.people.store import list_passkeys, load_person
from registry.tables import desk_sessions
from storage.engine import reading
from tests.builders_deployment import Deployment, deploy
from tests.builders_desk import add_person, world_of
from tests.builders_passkeys import Authenticator

AT_ONCE = 8


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    deployed = deploy(tmp_path, database_url=database_url)
    yield deployed
    deployed.services.engine.dispose()


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except RegistryError as error:
        return type(error).__name__
    return "done"


def race(works: list[Callable[[], object]]) -> Counter[str]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(outcome, works))


def test_of_eight_at_once_one_uses_a_link_and_one_an_answer(made: Deployment) -> None:
    world, person = world_of(made), add_person(made, Role.SIGNER)
    link = make_link(person, by="admin pe-x", world=world).partition("#")[2]
    devices = [Authenticator() for _ in range(AT_ONCE)]

    def enrol(device: Authenticator) -> object:
        answer = device.create(enrolment_options(person, binding="b", world=world))
        asked = AskedPasskey(answer=answer, name="Phone", binding="b", link=link)
        return enrol_passkey(person, asked, by="x", world=world)

    found = race([lambda device=device: enrol(device) for device in devices])  # type: ignore[misc]
    assert found == {"done": 1, EnrolmentRefused.__name__: AT_ONCE - 1}
    with reading(world.engine) as connection:
        (kept,) = list_passkeys(connection, person.id)
    device = next(device for device in devices if device.cose() == kept.public_key)
    answer = device.get(sign_in_options(binding="b", world=world))
    found = race([lambda: sign_in_by_passkey(answer, binding="b", world=world)] * AT_ONCE)
    assert found == {"done": 1, PasskeyRefused.__name__: AT_ONCE - 1}
    with reading(world.engine) as connection:
        assert connection.execute(select(func.count()).select_from(desk_sessions)).scalar_one() == 1
        assert load_person(connection, person.id).ended_at is None
