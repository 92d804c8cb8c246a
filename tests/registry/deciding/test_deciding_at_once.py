"""Who decides at the same moment: one of two that exclude each other, on every kind of database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from registry.deciding.appealing import appeal
from registry.deciding.decide import confirm, propose, reject, withdraw
from registry.deciding.model import Decision, ProposalStatus
from registry.deciding.store import list_proposals
from registry.errors import RegistryError
from registry.steps import Act, list_steps
from sigill.report.standing import State
from storage.engine import reading
from tests.builders_databases import KINDS, Databases
from tests.builders_deciding import applicant, ask, current, deciding, registrar, shop
from tests.builders_deployment import Deployment, deploy, operator
from transparency.errors import GuardFailed

pytestmark = pytest.mark.slow


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Deployment]:
    with databases.migrated(request.param) as url:
        deployment = deploy(tmp_path, operator(), applicant(), shop(), database_url=url)
        yield deployment
        deployment.services.engine.dispose()


def together(*tries: Callable[[], object]) -> list[str]:
    """Do all at once; return how each ended: `done`, or the name of its refusal."""

    def ended(do: Callable[[], object]) -> str:
        try:
            do()
        except (RegistryError, GuardFailed) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(tries)) as pool:
        return sorted(pool.map(ended, tries))


def test_of_two_who_confirm_at_once_one_does(made: Deployment) -> None:
    world = deciding(made)
    rut, *others = (registrar(made, name) for name in ("Rut Test", "Tove Test", "Alva Test"))
    for round_number in range(5):
        decision = Decision.VERIFY if round_number == 0 else Decision.LIFT
        number = propose("nybank", ask(decision), by=rut, world=world).number
        ended = together(*(partial(confirm, "nybank", number, by=by, world=world) for by in others))
        assert ended in (["ProposalClosed", "done"], ["TransitionRefused", "done"])
        assert len(current(made).history) == 2 + 2 * round_number
        propose("nybank", ask(Decision.SUSPEND), by=rut, world=world)


def test_confirming_rejecting_and_withdrawing_at_once_come_to_one_end(made: Deployment) -> None:
    world = deciding(made)
    rut, tove, alva = (registrar(made, name) for name in ("Rut Test", "Tove Test", "Alva Test"))
    number = propose("nybank", ask(Decision.VERIFY), by=rut, world=world).number
    ended = together(
        lambda: confirm("nybank", number, by=tove, world=world),
        lambda: reject("nybank", number, reason="no", by=alva, world=world),
        lambda: withdraw("nybank", number, by=rut, world=world),
    )
    assert ended.count("done") == 1
    with reading(made.services.engine) as connection:
        (proposal,) = list_proposals(connection, "nybank")
    verified = proposal.status is ProposalStatus.DONE
    assert proposal.status in {ProposalStatus.DONE, ProposalStatus.REJECTED, ProposalStatus.WITHDRAWN}
    assert (current(made).state is State.VERIFIED) is verified


def test_one_who_proposes_the_same_ten_times_at_once_decides_once(made: Deployment) -> None:
    world = deciding(made)
    rut = registrar(made)
    ended = together(*[lambda: propose("nybutik", ask(Decision.VERIFY), by=rut, world=world)] * 10)
    assert ended.count("done") == 1
    assert [each.state for each in current(made, "nybutik").history] == [State.APPLIED, State.VERIFIED]
    ended = together(*[lambda: propose("nybank", ask(Decision.VERIFY), by=rut, world=world)] * 10)
    assert ended.count("done") == 1


def test_an_appeal_that_is_sent_ten_times_at_once_is_made_once(made: Deployment) -> None:
    world = deciding(made)
    propose("exempelbanken", ask(Decision.SUSPEND), by=registrar(made), world=world)
    ended = together(*[lambda: appeal("exempelbanken", reason="please", world=world)] * 10)
    assert ended == ["AppealRefused"] * 9 + ["done"]
    with reading(made.services.engine) as connection:
        acts = [each.step.act for each in list_steps(connection, "exempelbanken")]
    assert acts == [Act.DECIDED, Act.APPEAL_MADE]


def test_two_look_alikes_of_each_other_are_not_both_verified_at_once(made: Deployment) -> None:
    world = deciding(made)
    rut, tove = registrar(made), registrar(made, "Tove Test")
    for each in ("lika1", "lika2"):
        made.add(shop(each, name="Fjällhandeln"))
    together(
        lambda: propose("lika1", ask(Decision.VERIFY), by=rut, world=world),
        lambda: propose("lika2", ask(Decision.VERIFY), by=tove, world=world),
    )
    states = [current(made, each).state for each in ("lika1", "lika2")]
    assert sorted(states) == [State.APPLIED, State.VERIFIED]
