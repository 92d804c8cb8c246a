"""An appeal is made once and answered by somebody else than who decided; the way back takes its own persons."""

import pytest

from registry.deciding.appealing import answer_appeal, appeal
from registry.deciding.decide import propose, reject
from registry.deciding.model import AppealStatus, Decision, ProposalStatus
from registry.errors import (
    AppealRefused,
    AppealUnknown,
    PersonNeeded,
    ReasonRefused,
    SecondPersonNeeded,
    TransitionRefused,
)
from registry.people.model import PersonId
from registry.steps import Act, list_steps
from sigill.report.standing import State
from storage.engine import reading
from tests.builders_deciding import applicant, ask, current, decide, deciding, registrar, shop
from tests.builders_deployment import Deployment

SUSPEND, REVOKE, LIFT, VERIFY = Decision.SUSPEND, Decision.REVOKE, Decision.LIFT, Decision.VERIFY


@pytest.fixture
def rut(deployment: Deployment) -> PersonId:
    deployment.add(applicant())
    deployment.add(shop())
    return registrar(deployment)


@pytest.fixture
def tove(deployment: Deployment) -> PersonId:
    return registrar(deployment, "Tove Test")


def test_a_suspension_is_appealed_once_and_answered_by_another(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    decide(deployment, "exempelbanken", SUSPEND, rut)
    made = appeal("exempelbanken", reason="the report was wrong", world=world)
    assert (made.about, made.status) == ("state-2", AppealStatus.OPEN)
    with pytest.raises(AppealRefused):
        appeal("exempelbanken", reason="again", world=world)
    with pytest.raises(SecondPersonNeeded):
        answer_appeal("exempelbanken", made.number, upheld=False, answer="no", by=rut, world=world)
    answered = answer_appeal("exempelbanken", made.number, upheld=True, answer="it was", by=tove, world=world)
    assert (answered.status, answered.answered_by) == (AppealStatus.UPHELD, tove)
    with pytest.raises(AppealRefused):
        answer_appeal("exempelbanken", made.number, upheld=False, answer="no", by=tove, world=world)
    assert current(deployment, "exempelbanken").state is State.SUSPENDED
    with reading(deployment.services.engine) as connection:
        told = [(each.step.act, each.step.by) for each in list_steps(connection, "exempelbanken")]
    assert told[1:] == [(Act.APPEAL_MADE, "the operator"), (Act.APPEAL_ANSWERED, f"registrar {tove}")]


def test_a_rejected_application_can_be_appealed(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    world = deciding(deployment)
    with pytest.raises(AppealRefused):
        appeal("nybank", reason="why?", world=world)
    number = propose("nybank", ask(VERIFY), by=rut, world=world).number
    reject("nybank", number, reason="not convinced", by=tove, world=world)
    made = appeal("nybank", reason="be convinced", world=world)
    assert made.about == f"proposal-{number}"
    with pytest.raises(SecondPersonNeeded):
        answer_appeal("nybank", made.number, upheld=True, answer="yes", by=tove, world=world)
    answer_appeal("nybank", made.number, upheld=True, answer="yes", by=rut, world=world)
    assert decide(deployment, "nybank", VERIFY, rut).status is ProposalStatus.OPEN


def test_a_revoked_operator_comes_back_only_after_an_upheld_appeal_and_by_its_persons(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    decide(deployment, "nybank", VERIFY, rut, tove)
    decide(deployment, "nybank", REVOKE, rut, tove)
    with pytest.raises(TransitionRefused):
        decide(deployment, "nybank", LIFT, rut)
    made = appeal("nybank", reason="it was another firm", world=world)
    alva = registrar(deployment, "Alva Test")
    for one in (rut, tove):
        with pytest.raises(SecondPersonNeeded):
            answer_appeal("nybank", made.number, upheld=True, answer="yes", by=one, world=world)
    answer_appeal("nybank", made.number, upheld=True, answer="it was", by=alva, world=world)
    assert decide(deployment, "nybank", LIFT, rut, tove).status is ProposalStatus.DONE
    assert current(deployment, "nybank").state is State.VERIFIED


def test_a_dismissed_appeal_opens_no_way_back(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    world = deciding(deployment)
    decide(deployment, "nybutik", REVOKE, rut)
    made = appeal("nybutik", reason="please", world=world)
    answer_appeal("nybutik", made.number, upheld=False, answer="no", by=tove, world=world)
    with pytest.raises(TransitionRefused):
        decide(deployment, "nybutik", LIFT, tove)


def test_what_is_asked_and_answered_is_public_and_says_nothing_personal(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    decide(deployment, "exempelbanken", SUSPEND, rut)
    with pytest.raises(ReasonRefused):
        appeal("exempelbanken", reason="ring mig: 070-174 06 05", world=world)
    made = appeal("exempelbanken", reason="please", world=world)
    with pytest.raises(ReasonRefused):
        answer_appeal("exempelbanken", made.number, upheld=True, answer="a@b.example", by=tove, world=world)
    with pytest.raises(PersonNeeded):
        answer_appeal("exempelbanken", made.number, upheld=True, answer="yes", by=None, world=world)
    with pytest.raises(AppealUnknown):
        answer_appeal("exempelbanken", 2**70, upheld=True, answer="yes", by=tove, world=world)
