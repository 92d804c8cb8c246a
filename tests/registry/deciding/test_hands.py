"""One registrar with two names is one person: whatever went through another's hands is no second look."""

import secrets
from datetime import timedelta

import pytest

from registry.api_keys import make_api_key
from registry.deciding.appealing import answer_appeal, appeal
from registry.deciding.decide import confirm, propose, reject
from registry.deciding.hands import are_apart, hands_of
from registry.deciding.model import AppealStatus, Decision, ProposalStatus
from registry.deciding.registrars import add_registrar, add_second_registrar
from registry.errors import SameHands, TransitionRefused
from registry.model import Role
from registry.people.enrolment import AskedPasskey, enrol_passkey, enrolment_options
from registry.people.links import make_link, open_link
from registry.people.model import Person, PersonId
from registry.people.oidc.provider import Client, Provider
from registry.people.oidc.signing_in import bind_subject
from registry.people.staff import add_person, end_person_logged, revoke_passkey_logged
from registry.people.store import load_person
from registry.people.world import PeopleWorld
from sigill.report.standing import State
from storage.engine import reading
from tests.builders_deciding import applicant, ask, current, deciding, registrar
from tests.builders_deployment import NOW, Deployment
from tests.builders_desk import world_of
from tests.builders_passkeys import Authenticator

VERIFY, SUSPEND = Decision.VERIFY, Decision.SUSPEND
PROVIDER = Provider(Client(issuer="https://login.example", client_id="desk", redirect_uri="https://desk.example/back"))


@pytest.fixture
def rut(deployment: Deployment) -> PersonId:
    deployment.add(applicant())
    return registrar(deployment)


@pytest.fixture
def people(deployment: Deployment) -> PeopleWorld:
    return world_of(deployment)


def _let_in(by: str, people: PeopleWorld, *, name: str = "Elak Test") -> PersonId:
    person = add_person(operator_id=None, name=name, role=Role.REGISTRAR, by=f"registrar {by}", world=people)
    return PersonId(person.id)


def _whole(person: str, people: PeopleWorld) -> Person:
    with reading(people.engine) as connection:
        return load_person(connection, person)


def _invite(person: str, by: str, people: PeopleWorld) -> str:
    """Enrol a passkey with a link that `by` made; return its id."""
    whole = _whole(person, people)
    token = make_link(whole, by=by, world=people).partition("#")[2]
    options = enrolment_options(whole, binding="b", world=people)
    device = Authenticator()
    asked = AskedPasskey(
        answer=device.create(options),
        name="Laptop",
        binding="b",
        link=token,
        invited_by=open_link(token, world=people).made_by,
    )
    return enrol_passkey(whole, asked, by=f"registrar {person}", world=people).id


def _cannot_pair(made: Deployment, one: str, other: str) -> None:
    """Check that neither confirms what the other proposes, and that nothing comes of it."""
    for proposer, second in ((one, other), (other, one)):
        number = propose("nybank", ask(VERIFY), by=proposer, world=deciding(made)).number
        with pytest.raises(SameHands, match="the same hands"):
            confirm("nybank", number, by=second, world=deciding(made))
        assert current(made).state is State.APPLIED
        reject("nybank", number, reason="for the next round", by=second, world=deciding(made))


def test_whom_one_let_in_is_no_second_person_to_her_nor_she_to_that_one(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    _cannot_pair(deployment, rut, _let_in(rut, people))


def test_two_whom_the_same_registrar_let_in_are_not_two(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    first, second = _let_in(rut, people), _let_in(rut, people)
    _cannot_pair(deployment, first, second)
    _cannot_pair(deployment, rut, _let_in(second, people))


def test_who_enrolled_with_a_link_of_the_others_is_not_apart_though_the_passkey_is_revoked(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    tove = registrar(deployment, "Tove Test")
    passkey = _invite(tove, f"registrar {rut}", people)
    revoke_passkey_logged(_whole(tove, people), passkey, by=f"registrar {tove}", world=people)
    _cannot_pair(deployment, rut, tove)


def test_who_signs_in_as_what_the_other_bound_is_not_apart(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    tove = registrar(deployment, "Tove Test")
    bind_subject(_whole(tove, people), "rut", provider=PROVIDER, by=f"registrar {rut}", world=people)
    _cannot_pair(deployment, rut, tove)


def test_a_suspension_is_not_confirmed_nor_an_appeal_answered_by_the_same_hands(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    tove, elak, world = registrar(deployment, "Tove Test"), _let_in(rut, people), deciding(deployment)
    number = propose("exempelbanken", ask(SUSPEND), by=rut, world=world).number
    with pytest.raises(SameHands):
        confirm("exempelbanken", number, by=elak, world=world)
    made = appeal("exempelbanken", reason="we did nothing", world=world)
    with pytest.raises(SameHands):
        answer_appeal("exempelbanken", made.number, upheld=False, answer="no", by=elak, world=world)
    assert confirm("exempelbanken", number, by=tove, world=world).status is ProposalStatus.DONE
    alva = registrar(deployment, "Alva Test")
    answered = answer_appeal("exempelbanken", made.number, upheld=True, answer="yes", by=alva, world=world)
    assert answered.status is AppealStatus.UPHELD


def test_whoever_runs_the_service_stands_behind_nobody(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    tove = registrar(deployment, "Tove Test")
    for each in (rut, tove):
        _invite(each, "whoever runs the service", people)
    number = propose("nybank", ask(VERIFY), by=rut, world=deciding(deployment)).number
    assert confirm("nybank", number, by=tove, world=deciding(deployment)).status is ProposalStatus.DONE


def test_the_command_line_lets_in_one_beside_the_first_until_two_stand_apart(
    deployment: Deployment, rut: PersonId, people: PeopleWorld
) -> None:
    until = NOW + timedelta(days=30)
    puppet = _let_in(rut, people)
    second = add_second_registrar("Tove Test", make_api_key(secrets.token_bytes(40)), until=until, world=people)
    number = propose("nybank", ask(VERIFY), by=rut, world=deciding(deployment)).number
    with pytest.raises(SameHands):
        confirm("nybank", number, by=puppet, world=deciding(deployment))
    assert confirm("nybank", number, by=second.id, world=deciding(deployment)).status is ProposalStatus.DONE
    with pytest.raises(TransitionRefused, match="two registrars stand apart already"):
        add_second_registrar("Elak Test", make_api_key(secrets.token_bytes(40)), until=until, world=people)
    end_person_logged(second, by=f"registrar {rut}", world=people)
    key = make_api_key(secrets.token_bytes(40))
    add_registrar("Alva Test", key, until=until, by=rut, world=people)
    add_second_registrar("Tora Test", make_api_key(secrets.token_bytes(40)), until=until, world=people)


def test_hands_are_followed_to_their_end_also_in_a_ring() -> None:
    givers = {"b": {"a"}, "c": {"b"}, "a": {"c"}, "e": {"d"}}
    assert hands_of("c", givers) == {"a", "b", "c"}
    assert not are_apart("a", "c", givers)
    assert are_apart("c", "e", givers)
    assert not are_apart("a", "a", givers)
