"""Nothing is sealed under a mandate that ended meanwhile: between deciding and committing, and by many at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from registry.errors import MandateExceeded, MandateRevoked, OperatorSuspended
from registry.lifecycle import change_state_logged
from registry.mandates.model import MandateParty
from registry.model import StateChange
from registry.operators import load_operator
from registry.steps import Act, list_steps
from sigill.report.standing import State
from sigill.tlog.leaf import Leaf, LeafKind
from sigill.vocabulary import Authorship, Channel, Enquiry
from signing.issue import issue_seal
from signing.request import SignRequest, make_request
from storage.engine import reading
from tests.builders_deployment import Deployment
from tests.builders_mandates import BANK, CENTRE, centre, deploy_parties, in_force, revoked
from tests.signing.test_issue_standing import meddling


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    found = deploy_parties(tmp_path, database_url=database_url)
    yield found
    found.services.engine.dispose()


def ask(**changes: Any) -> SignRequest:
    values: dict[str, Any] = {
        "authorship": Authorship.HUMAN,
        "channel": Channel.CHAT,
        "enquiry": Enquiry.INFORMATIONAL,
        "text": "Hej",
        "on_behalf_of": BANK,
    }
    return make_request(**(values | changes))


def suspend(made: Deployment, who: str) -> None:
    change = StateChange(state=State.SUSPENDED, since=made.services.signing.now(), reason="inquiry")
    change_state_logged(who, change, log=made.services.log, random=made.services.signing.random)


def seal(made: Deployment, happens: Callable[[], object]) -> Any:
    def once() -> None:
        happens()

    world = meddling(made.services.signing, once)
    return issue_seal(ask(), operator=centre(), world=world)


@pytest.mark.parametrize("by", list(MandateParty))
def test_a_mandate_revoked_between_decision_and_commit_seals_nothing(made: Deployment, by: MandateParty) -> None:
    mandate = in_force(made)
    with pytest.raises(MandateRevoked):
        seal(made, partial(revoked, made, mandate, by))
    assert sealed(made) == []


@pytest.mark.parametrize("who", [BANK, CENTRE])
def test_who_is_suspended_between_decision_and_commit_gets_no_seal(made: Deployment, who: str) -> None:
    in_force(made)
    with pytest.raises(OperatorSuspended):
        seal(made, lambda: suspend(made, who))
    assert sealed(made) == []


def test_another_mandate_given_meanwhile_takes_the_place_of_the_one_revoked(made: Deployment) -> None:
    mandate = in_force(made)

    def exchanged() -> None:
        revoked(made, mandate)
        in_force(made)

    assert seal(made, exchanged).index == 5


@pytest.mark.slow
def test_no_seal_stands_after_the_revocation_in_the_log_however_many_seal_at_once(made: Deployment) -> None:
    mandate = in_force(made)
    world = made.services.signing
    with reading(made.services.engine) as connection:
        caller = load_operator(connection, CENTRE)

    def send(number: int) -> str:
        if number == 40:
            revoked(made, mandate, MandateParty.MANDATARY)
            return "revoked"
        try:
            issue_seal(ask(text=f"Hej {number}"), operator=caller, world=world)
        except MandateRevoked:
            return "refused"
        return "sealed"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(send, range(80)))
    assert set(told) == {"revoked", "sealed", "refused"}
    with reading(made.services.engine) as connection:
        (ended,) = [step.index for step in list_steps(connection, BANK) if step.step.act is Act.MANDATE_REVOKED]
    places = sealed(made)
    assert len(places) == told.count("sealed")
    assert max(places) < ended


@pytest.mark.slow
def test_the_messages_of_a_day_are_counted_right_by_many_at_once(made: Deployment) -> None:
    in_force(made, daily_messages=20)
    world = replace(made.services.signing)
    with reading(made.services.engine) as connection:
        caller = load_operator(connection, CENTRE)

    def send(number: int) -> bool:
        try:
            issue_seal(ask(text=f"Hej {number}"), operator=caller, world=world)
        except MandateExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(send, range(50)))
    assert told.count(True) == len(sealed(made)) == 20


def sealed(made: Deployment) -> list[int]:
    """Return where the bank's log holds seals."""
    head = made.services.log.head(BANK)
    assert head is not None
    leaves = [(index, made.services.log.leaf(BANK, index)) for index in range(head.size)]
    return [index for index, leaf in leaves if isinstance(leaf, Leaf) and leaf.kind is LeafKind.SEAL]
