"""Who decides about an operator: never one person alone where two are needed, never against missing evidence."""

import json
from datetime import timedelta

import pytest

from registry.deciding.decide import confirm, propose, reject, withdraw
from registry.deciding.model import Decision, ProposalStatus
from registry.deciding.rules import SUPERVISED, acts_at_once, persons_needed
from registry.deciding.store import load_proposal
from registry.errors import (
    ApplicationInvalid,
    EvidenceMissing,
    OperatorNotFound,
    PersonNeeded,
    ProposalClosed,
    ProposalUnknown,
    ReasonRefused,
    RegistryError,
    SecondPersonNeeded,
    TransitionRefused,
)
from registry.model import Environment, EvidenceKind, Role
from registry.people.model import PersonId
from registry.people.store import end_person
from registry.steps import Act, list_steps
from sigill.report.standing import State
from sigill.vocabulary import Industry
from storage.engine import reading, writing
from tests.builders_deciding import (
    REASON,
    applicant,
    ask,
    current,
    decide,
    deciding,
    lose_evidence,
    registrar,
    shop,
)
from tests.builders_deployment import NOW, Deployment

VERIFY, SUSPEND, LIFT, REVOKE = Decision.VERIFY, Decision.SUSPEND, Decision.LIFT, Decision.REVOKE


@pytest.fixture
def rut(deployment: Deployment) -> PersonId:
    deployment.add(applicant())
    deployment.add(shop())
    return registrar(deployment)


@pytest.fixture
def tove(deployment: Deployment) -> PersonId:
    return registrar(deployment, "Tove Test")


def _acts(made: Deployment, operator_id: str = "nybank") -> list[tuple[Act, str]]:
    with reading(made.services.engine) as connection:
        return [(each.step.act, each.step.by) for each in list_steps(connection, operator_id)]


@pytest.mark.parametrize("industry", list(Industry))
def test_supervised_industries_take_two_persons_and_others_one(industry: Industry) -> None:
    assert persons_needed([industry]) == (2 if industry in SUPERVISED else 1)
    assert persons_needed([Industry.RETAIL, industry]) == persons_needed([industry])


@pytest.mark.parametrize("decision", list(Decision))
def test_only_a_suspension_acts_before_the_second_person(decision: Decision) -> None:
    assert acts_at_once(decision, persons=1)
    assert acts_at_once(decision, persons=2) is (decision is SUSPEND)


def test_a_bank_is_verified_by_two_persons_and_everyone_reads_by_whom(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    proposal = propose("nybank", ask(VERIFY), by=rut, world=world)
    assert (proposal.status, proposal.persons, current(deployment).state) == (ProposalStatus.OPEN, 2, State.APPLIED)
    done = confirm("nybank", proposal.number, by=tove, world=world)
    assert (done.status, done.confirmed_by, done.position) == (ProposalStatus.DONE, tove, 1)
    assert current(deployment).state is State.VERIFIED
    assert _acts(deployment) == [
        (Act.DECISION_PROPOSED, f"registrar {rut}"),
        (Act.DECIDED, f"registrars {rut}, {tove}"),
    ]
    record = json.loads(deployment.services.log.record("nybank", 1) or b"")
    assert (record["state"], record["reason"], record["by"]) == ("verified", REASON, f"registrars {rut}, {tove}")
    assert record["said"] == {"decision": "verify", "proposal": proposal.number}


def test_a_shop_is_verified_by_one_person(deployment: Deployment, rut: PersonId) -> None:
    done = decide(deployment, "nybutik", VERIFY, rut)
    assert (done.status, done.persons, done.position) == (ProposalStatus.DONE, 1, 1)
    assert current(deployment, "nybutik").state is State.VERIFIED
    assert _acts(deployment, "nybutik") == [(Act.DECIDED, f"registrar {rut}")]


def test_nobody_confirms_or_rejects_her_own_proposal(deployment: Deployment, rut: PersonId) -> None:
    world = deciding(deployment)
    proposal = propose("nybank", ask(VERIFY), by=rut, world=world)
    with pytest.raises(SecondPersonNeeded):
        confirm("nybank", proposal.number, by=rut, world=world)
    with pytest.raises(SecondPersonNeeded):
        reject("nybank", proposal.number, reason="no", by=rut, world=world)
    assert current(deployment).state is State.APPLIED


@pytest.mark.parametrize("role", [Role.AUDITOR, None])
def test_a_key_of_no_person_or_of_another_role_decides_nothing(
    deployment: Deployment, rut: PersonId, role: Role | None
) -> None:
    world = deciding(deployment)
    by = None if role is None else registrar(deployment, role=role)
    proposal = propose("nybank", ask(VERIFY), by=rut, world=world)
    with pytest.raises(PersonNeeded):
        propose("nybutik", ask(VERIFY), by=by, world=world)
    with pytest.raises(PersonNeeded):
        confirm("nybank", proposal.number, by=by, world=world)
    assert _acts(deployment, "nybutik") == []


def test_whoever_left_confirms_nothing_and_takes_her_proposals_along(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    proposal = propose("nybank", ask(VERIFY), by=rut, world=world)
    with writing(deployment.services.engine) as connection:
        end_person(connection, rut, at=NOW)
    with pytest.raises(PersonNeeded):
        confirm("nybank", proposal.number, by=tove, world=world)
    assert current(deployment).state is State.APPLIED


def test_a_decision_against_missing_evidence_is_refused_with_what_is_missing(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    deployment.add(applicant("halv", kinds=(EvidenceKind.LEI,)))
    with pytest.raises(EvidenceMissing) as raised:
        propose("halv", ask(VERIFY), by=rut, world=world)
    assert raised.value.missing == ("domain", "licence")
    proposal = propose("nybank", ask(VERIFY), by=rut, world=world)
    lose_evidence(deployment, "nybank")
    with pytest.raises(EvidenceMissing):
        confirm("nybank", proposal.number, by=tove, world=world)
    assert current(deployment).state is State.APPLIED


def test_made_up_evidence_counts_in_a_demonstration_only(deployment: Deployment, rut: PersonId) -> None:
    deployment.add(shop("lek", kinds=(EvidenceKind.DEMONSTRATION,)))
    with pytest.raises(EvidenceMissing):
        propose("lek", ask(VERIFY), by=rut, world=deciding(deployment))
    propose("lek", ask(VERIFY), by=rut, world=deciding(deployment, demonstration=True))
    assert current(deployment, "lek").state is State.VERIFIED


def test_a_test_operator_needs_no_evidence(deployment: Deployment, rut: PersonId) -> None:
    deployment.add(shop("prov", kinds=(), environment=Environment.TEST))
    decide(deployment, "prov", VERIFY, rut)
    assert current(deployment, "prov").state is State.VERIFIED


def test_a_suspension_is_in_force_at_once_and_confirmed_by_a_second(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    proposal = decide(deployment, "exempelbanken", SUSPEND, rut)
    assert (proposal.status, proposal.position) == (ProposalStatus.UNCONFIRMED, 2)
    assert current(deployment, "exempelbanken").state is State.SUSPENDED
    due = proposal.proposed_at + timedelta(hours=72)
    assert (proposal.is_overdue(due - timedelta(seconds=1)), proposal.is_overdue(due)) == (False, True)
    done = confirm("exempelbanken", proposal.number, by=tove, world=deciding(deployment))
    assert (done.status, done.position, done.is_overdue(due)) == (ProposalStatus.DONE, 2, False)
    assert [act for act, _ in _acts(deployment, "exempelbanken")] == [Act.DECIDED, Act.DECISION_CONFIRMED]


def test_a_contested_suspension_stays_until_it_is_lifted(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    proposal = decide(deployment, "exempelbanken", SUSPEND, rut)
    contested = reject("exempelbanken", proposal.number, reason="nothing is wrong", by=tove, world=deciding(deployment))
    assert (contested.status, contested.deciders) == (ProposalStatus.REJECTED, frozenset({str(rut)}))
    assert current(deployment, "exempelbanken").state is State.SUSPENDED


def test_lifting_and_revoking_a_bank_take_two(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    decide(deployment, "nybank", VERIFY, rut, tove)
    decide(deployment, "nybank", SUSPEND, rut)
    lift = decide(deployment, "nybank", LIFT, rut)
    assert (lift.status, current(deployment).state) == (ProposalStatus.OPEN, State.SUSPENDED)
    confirm("nybank", lift.number, by=tove, world=deciding(deployment))
    assert current(deployment).state is State.VERIFIED
    revoke = decide(deployment, "nybank", REVOKE, tove)
    assert (revoke.status, current(deployment).state) == (ProposalStatus.OPEN, State.VERIFIED)
    confirm("nybank", revoke.number, by=rut, world=deciding(deployment))
    assert current(deployment).state is State.REVOKED


def test_a_proposal_is_withdrawn_by_its_proposer_only(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    world = deciding(deployment)
    number = propose("nybank", ask(VERIFY), by=rut, world=world).number
    with pytest.raises(SecondPersonNeeded):
        withdraw("nybank", number, by=tove, world=world)
    assert withdraw("nybank", number, by=rut, world=world).status is ProposalStatus.WITHDRAWN
    for again in (confirm, withdraw):
        with pytest.raises(ProposalClosed):
            again("nybank", number, by=tove if again is confirm else rut, world=world)
    assert propose("nybank", ask(VERIFY), by=tove, world=world).status is ProposalStatus.OPEN


def test_a_rejection_has_a_reason_that_everyone_reads(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    world = deciding(deployment)
    number = propose("nybank", ask(VERIFY), by=rut, world=world).number
    rejected = reject("nybank", number, reason="the licence is another's", by=tove, world=world)
    assert (rejected.status, rejected.closed_by) == (ProposalStatus.REJECTED, tove)
    with reading(deployment.services.engine) as connection:
        newest = list_steps(connection, "nybank")[-1].step
    assert newest.said == {"decision": "verify", "proposal": number, "reason": "the licence is another's"}


def test_what_was_proposed_on_a_state_that_is_gone_is_overtaken(
    deployment: Deployment, rut: PersonId, tove: PersonId
) -> None:
    world = deciding(deployment)
    decide(deployment, "nybank", VERIFY, rut, tove)
    revoke = propose("nybank", ask(REVOKE), by=rut, world=world)
    decide(deployment, "nybank", SUSPEND, tove)
    with reading(deployment.services.engine) as connection:
        assert load_proposal(connection, "nybank", revoke.number).status is ProposalStatus.OVERTAKEN
    with pytest.raises(ProposalClosed):
        confirm("nybank", revoke.number, by=tove, world=world)


def test_the_same_is_not_proposed_twice(deployment: Deployment, rut: PersonId, tove: PersonId) -> None:
    decide(deployment, "nybank", VERIFY, rut)
    with pytest.raises(TransitionRefused, match="proposed already"):
        decide(deployment, "nybank", VERIFY, tove)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (ask(SUSPEND), TransitionRefused),
        (ask(LIFT), TransitionRefused),
        (ask(VERIFY, reason=""), ApplicationInvalid),
        (ask(VERIFY, reason="x" * 501), ApplicationInvalid),
        (ask(VERIFY, reason="ring 070 174 06 05"), ReasonRefused),
        (ask(VERIFY, reason="skriv till rut@example.com"), ReasonRefused),
        (ask(VERIFY, reason="19121212-1212 har sett det"), ReasonRefused),
        (ask(VERIFY, name="Nytt"), ApplicationInvalid),
        (ask(Decision.RENAME), ApplicationInvalid),
        (ask(Decision.RENAME, name="\n"), ApplicationInvalid),
        (ask(Decision.MERGE), ApplicationInvalid),
        (ask(Decision.MERGE, into="exempelbanken"), TransitionRefused),
        (ask(Decision.MERGE, into="nobody"), ApplicationInvalid),
        (ask(Decision.MERGE, into="\x00"), ApplicationInvalid),
    ],
)
def test_what_cannot_be_decided_is_refused_and_leaves_no_step(
    deployment: Deployment, rut: PersonId, asked: object, error: type[RegistryError]
) -> None:
    with pytest.raises(error):
        propose("nybank", asked, by=rut, world=deciding(deployment))  # type: ignore[arg-type]
    assert _acts(deployment) == []


@pytest.mark.parametrize("number", [0, 7, -1, 2**53, 2**70])
def test_a_proposal_or_operator_that_is_not_there_is_named_so(
    deployment: Deployment, rut: PersonId, number: int
) -> None:
    with pytest.raises(ProposalUnknown):
        confirm("nybank", number, by=rut, world=deciding(deployment))
    with pytest.raises(OperatorNotFound):
        propose("nobody", ask(VERIFY), by=rut, world=deciding(deployment))
