"""The steps of mandates: in whose log each stands, who may take it, and what a crash in between leaves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from registry.errors import ApplicationInvalid, MandateClosed, MandateUnknown, OperatorNotFound
from registry.mandates import steps
from registry.mandates.model import MandateParty, MandateState
from registry.mandates.steps import accept_mandate, give_mandate, revoke_mandate, tell_notices
from registry.mandates.store import list_mandates, list_public
from registry.model import Environment
from registry.steps import Act, format_step, list_steps
from registry.tables import mandate_notices
from storage.engine import reading
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_mandates import (
    BANK,
    CENTRE,
    OTHER,
    centre,
    deploy_parties,
    given,
    in_force,
    revoked,
    terms,
    world_of,
)
from transparency.errors import StoreUnavailable


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployment]:
    found = deploy_parties(tmp_path)
    yield found
    found.services.engine.dispose()


def acts(made: Deployment, operator_id: str) -> list[tuple[Act, str]]:
    with reading(made.services.engine) as connection:
        return [(logged.step.act, logged.step.by) for logged in list_steps(connection, operator_id)]


def test_an_offer_stands_in_the_principal_s_log_alone_and_nobody_else_sees_it(made: Deployment) -> None:
    mandate = given(made, daily_messages=50)
    assert acts(made, BANK) == [(Act.MANDATE_GIVEN, "the operator")]
    assert acts(made, CENTRE) == []
    with reading(made.services.engine) as connection:
        (logged,) = list_steps(connection, BANK)
        assert logged.step.said == {
            "mandate": mandate.id,
            "to": CENTRE,
            "channels": ["chat", "email"],
            "enquiries": "all",
            "purposes": ["service"],
            "from": f"{mandate.terms.valid_from:%Y-%m-%dT%H:%M:%SZ}",
            "until": f"{mandate.terms.valid_until:%Y-%m-%dT%H:%M:%SZ}",
            "daily_messages": 50,
        }
        assert format_step(BANK, logged.step, salt=b"x" * 16)
        assert list_public(connection, operator_id=BANK) == ()
        assert list_mandates(connection, operator_id=CENTRE) == (mandate,)
        assert list_mandates(connection, operator_id=OTHER) == ()


def test_an_acceptance_and_an_end_stand_in_both_logs(made: Deployment) -> None:
    mandate = in_force(made)
    assert mandate.state_at(made.services.signing.now()) is MandateState.IN_FORCE
    revoked(made, mandate, MandateParty.MANDATARY)
    assert acts(made, BANK)[1:] == [
        (Act.MANDATE_ACCEPTED, "the mandatary"),
        (Act.MANDATE_REVOKED, "the mandatary"),
    ]
    assert acts(made, CENTRE) == [(Act.MANDATE_ACCEPTED, "the operator"), (Act.MANDATE_REVOKED, "the operator")]
    with reading(made.services.engine) as connection:
        (kept,) = list_public(connection, operator_id=CENTRE)
    assert (kept.state_at(made.services.signing.now()), kept.revoked_by) == (
        MandateState.REVOKED,
        MandateParty.MANDATARY,
    )


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (MandateParty.PRINCIPAL, ("the operator", "the principal")),
        (MandateParty.REGISTRAR, ("registrar pe-1", "registrar pe-1")),
    ],
)
def test_each_log_says_who_ended_it(made: Deployment, by: MandateParty, said: tuple[str, str]) -> None:
    revoked(made, in_force(made), by)
    assert (acts(made, BANK)[-1][1], acts(made, CENTRE)[-1][1]) == said


def test_an_offer_that_is_declined_writes_nothing_into_the_other_s_log(made: Deployment) -> None:
    mandate = revoked(made, given(made), MandateParty.MANDATARY)
    assert acts(made, CENTRE) == []
    with pytest.raises(MandateClosed):
        accept_mandate(mandate.id, mandatary_id=CENTRE, world=world_of(made))


def test_a_step_taken_again_changes_nothing(made: Deployment) -> None:
    mandate = in_force(made)
    assert accept_mandate(mandate.id, mandatary_id=CENTRE, world=world_of(made)) == mandate
    ended = revoked(made, mandate)
    assert revoked(made, mandate, MandateParty.MANDATARY) == ended
    assert len(acts(made, BANK)) == 3
    with pytest.raises(MandateClosed):
        accept_mandate(mandate.id, mandatary_id=CENTRE, world=world_of(made))


@pytest.mark.parametrize("who", [BANK, OTHER])
def test_only_who_it_is_for_accepts(made: Deployment, who: str) -> None:
    with pytest.raises(MandateUnknown):
        accept_mandate(given(made).id, mandatary_id=who, world=world_of(made))


@pytest.mark.parametrize("by", [MandateParty.PRINCIPAL, MandateParty.MANDATARY])
def test_only_its_parties_end_it(made: Deployment, by: MandateParty) -> None:
    mandate = in_force(made)
    with pytest.raises(MandateUnknown):
        revoke_mandate(mandate.id, by=by, who=OTHER, world=world_of(made))
    with pytest.raises(MandateUnknown):
        revoke_mandate("ma-\x00", by=by, who=BANK, world=world_of(made))


def test_an_offer_that_ran_out_is_not_accepted(made: Deployment) -> None:
    mandate = given(made)
    later = replace(world_of(made), now=lambda: mandate.terms.valid_until)
    with pytest.raises(MandateClosed):
        accept_mandate(mandate.id, mandatary_id=CENTRE, world=later)


def test_nobody_who_is_not_there_or_elsewhere_gets_a_mandate(made: Deployment, tmp_path: Path) -> None:
    with pytest.raises(OperatorNotFound):
        given(made, to="nobody")
    with pytest.raises(ApplicationInvalid, match="of its own"):
        given(made, to=BANK)
    trying = deploy(tmp_path / "2", operator(BANK), centre(environment=Environment.TEST))
    with pytest.raises(ApplicationInvalid, match="never crosses"):
        given(trying)
    assert acts(trying, BANK) == []


def test_there_are_only_so_many_open_mandates(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_OPEN", 2)
    first = given(made)
    given(made, to=OTHER)
    with pytest.raises(ApplicationInvalid, match="open already"):
        given(made)
    revoked(made, first)
    given(made)


def test_a_step_cut_short_is_told_in_the_other_log_later_and_once(made: Deployment) -> None:
    mandate, world = given(made), world_of(made)

    class Dying:
        """A log that takes the first append of a step and dies before the second."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.log, name)

        def append(self, append: Any) -> Any:
            if append.log_id == CENTRE:
                raise StoreUnavailable("gone")
            return world.log.append(append)

    dying: Any = Dying()
    with pytest.raises(StoreUnavailable):
        accept_mandate(mandate.id, mandatary_id=CENTRE, world=replace(world, log=dying))
    assert (len(acts(made, BANK)), acts(made, CENTRE)) == (2, [])
    assert made.sign(by=CENTRE, on_behalf_of=BANK).status_code == 201
    assert (tell_notices(world), tell_notices(world)) == (1, 0)
    assert acts(made, CENTRE) == [(Act.MANDATE_ACCEPTED, "the operator")]
    with reading(made.services.engine) as connection:
        assert connection.execute(select(mandate_notices)).all() == []


def test_a_mandate_to_come_is_accepted_and_waits(made: Deployment) -> None:
    begin = made.services.signing.now() + timedelta(days=5)
    mandate = give_mandate(
        operator(BANK), CENTRE, terms(valid_from=begin, valid_until=begin + timedelta(days=5)), world=world_of(made)
    )
    accepted = accept_mandate(mandate.id, mandatary_id=CENTRE, world=world_of(made))
    assert accepted.state_at(made.services.signing.now()) is MandateState.TO_COME
    assert made.sign(by=CENTRE, on_behalf_of=BANK).status_code == 403
