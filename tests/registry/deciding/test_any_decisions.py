"""Whatever registrars do, in whatever order: nobody is verified without the persons and the evidence it takes."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import update

from registry.deciding.appealing import answer_appeal, appeal
from registry.deciding.appeals import list_appeals
from registry.deciding.decide import confirm, propose, reject, withdraw
from registry.deciding.model import AppealStatus, Decision, Proposal, ProposalStatus
from registry.deciding.rules import SUPERVISED
from registry.deciding.store import list_proposals
from registry.errors import RegistryError
from registry.model import Operator
from registry.operators import load_operator
from registry.people.model import PersonId
from registry.people.store import end_person
from registry.steps import list_steps
from registry.tables import evidence as evidence_rows
from sigill.report.standing import State
from storage.engine import reading, writing
from storage.times import to_ms
from tests.builders_deciding import applicant, ask, deciding, registrar, shop
from tests.builders_deployment import NOW, Deployment, deploy
from transparency.errors import GuardFailed

pytestmark = pytest.mark.slow

IDS = ("bank1", "butik1")
people = st.integers(0, 3)  # the last one is nobody
which = st.sampled_from(IDS)


class Registrars(RuleBasedStateMachine):
    """Three registrars, a bank and a shop. `seen` holds the newest state of each that was looked at before."""

    made: Deployment

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.made = deploy(Path(self.folder.name), applicant(IDS[0]), shop(IDS[1]))
        self.world = deciding(self.made)
        self.people = [registrar(self.made, name) for name in ("Rut Test", "Tove Test", "Alva Test")]
        self.left: set[PersonId] = set()
        self.lacking: set[str] = set()
        self.positions = dict.fromkeys(IDS, 0)

    def teardown(self) -> None:
        if hasattr(self, "made"):
            self.made.services.engine.dispose()
            self.folder.cleanup()

    def by(self, person: int) -> PersonId | None:
        return self.people[person] if person < len(self.people) else None

    def attempt(self, operator_id: str, person: int | None, do: Any) -> None:
        """Do something that may be refused; what was refused has left no trace."""
        before = self.look(operator_id)
        try:
            do()
        except (RegistryError, GuardFailed):
            assert self.look(operator_id) == before
            return
        assert person is None or self.by(person) not in {None, *self.left}

    def look(self, operator_id: str) -> tuple[Operator, tuple[Proposal, ...], int]:
        with reading(self.made.services.engine) as connection:
            found = load_operator(connection, operator_id), list_proposals(connection, operator_id)
            return (*found, len(list_steps(connection, operator_id)))

    @rule(operator_id=which, person=people, decision=st.sampled_from(Decision))
    def propose(self, operator_id: str, person: int, decision: Decision) -> None:
        more: dict[str, Any] = {}
        if decision is Decision.RENAME:
            more = {"name": f"Företag {self.look(operator_id)[2]} i {operator_id}"}
        elif decision is Decision.MERGE:
            more = {"into": IDS[1 - IDS.index(operator_id)]}
        asked = ask(decision, **more)
        self.attempt(operator_id, person, lambda: propose(operator_id, asked, by=self.by(person), world=self.world))

    @rule(
        operator_id=which,
        person=people,
        how=st.sampled_from([confirm, confirm, reject, withdraw]),
        back=st.integers(0, 2),
    )
    def settle(self, operator_id: str, person: int, how: Any, back: int) -> None:
        proposals = self.look(operator_id)[1]
        if back >= len(proposals):
            return
        more = {"reason": "looked at"} if how is reject else {}
        number = proposals[back].number
        self.attempt(
            operator_id, person, lambda: how(operator_id, number, by=self.by(person), world=self.world, **more)
        )

    @rule(operator_id=which)
    def appeal(self, operator_id: str) -> None:
        self.attempt(operator_id, None, lambda: appeal(operator_id, reason="please", world=self.world))

    @rule(operator_id=which, person=people, upheld=st.booleans())
    def answer(self, operator_id: str, person: int, upheld: bool) -> None:
        with reading(self.made.services.engine) as connection:
            found = list_appeals(connection, operator_id)
        if found:
            self.attempt(
                operator_id,
                person,
                lambda: answer_appeal(
                    operator_id, found[0].number, upheld=upheld, answer="so", by=self.by(person), world=self.world
                ),
            )

    @rule(operator_id=which)
    def lose_evidence(self, operator_id: str) -> None:
        self._end_evidence(operator_id, to_ms(NOW))
        self.lacking.add(operator_id)

    @rule(operator_id=which)
    def bring_evidence(self, operator_id: str) -> None:
        self._end_evidence(operator_id, to_ms(NOW) + 86_400_000)
        self.lacking.discard(operator_id)

    def _end_evidence(self, operator_id: str, until_ms: int) -> None:
        mine = evidence_rows.c.operator_id == operator_id
        with writing(self.made.services.engine) as connection:
            connection.execute(update(evidence_rows).where(mine).values(valid_until_ms=until_ms))

    @rule()
    def somebody_leaves(self) -> None:
        if not self.left:
            self.left.add(self.people[2])
            with writing(self.made.services.engine) as connection:
                end_person(connection, self.people[2], at=NOW)

    @invariant()
    def nobody_is_verified_without_persons_and_evidence(self) -> None:
        if not hasattr(self, "made"):
            return
        for operator_id in IDS:
            operator, proposals, _ = self.look(operator_id)
            position = len(operator.history) - 1
            if position == self.positions[operator_id]:
                continue
            self.positions[operator_id] = position
            (made,) = (each for each in proposals if each.position == position)
            persons = {made.proposed_by, made.confirmed_by} - {None}
            needed = 2 if operator.industry in SUPERVISED else 1
            assert made.persons >= needed
            if operator.state is State.SUSPENDED:
                assert made.status in {ProposalStatus.UNCONFIRMED, ProposalStatus.DONE}
            else:
                assert (len(persons), made.status) == (made.persons, ProposalStatus.DONE)
            if operator.state is State.VERIFIED:
                assert operator_id not in self.lacking
                assert operator.successor is None
            if len(operator.history) > 1 and operator.history[-2].state is State.REVOKED:
                with reading(self.made.services.engine) as connection:
                    said = list_appeals(connection, operator_id)
                about = f"state-{position - 1}"
                assert any(each.about == about and each.status is AppealStatus.UPHELD for each in said)


Registrars.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestWhateverRegistrarsDo = Registrars.TestCase
