"""Every step of an operator's life is in its log, together with the state or not at all."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.errors import OperatorNotFound, TransitionRefused
from registry.lifecycle import change_state_logged, enrol
from registry.model import Operator, StateChange
from registry.operators import load_operator
from sigill.encoding.strict_json import format_canonical_json
from sigill.report.standing import State
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import reading
from tests.builders_deployment import NOW, Deployment, deploy, operator
from transparency.errors import LogUnknown

APPLIED = StateChange(state=State.APPLIED, since=NOW + timedelta(microseconds=654_321), reason="sökt")
ORIGIN = "log.example/op/nykund"


def _applicant(**changes: object) -> Operator:
    return operator("nykund", **({"history": (APPLIED,)} | changes))


def _enrol(deployment: Deployment, new: Operator) -> None:
    enrol(new, origin=ORIGIN, log=deployment.services.log, random=secrets.token_bytes)


def _step(deployment: Deployment, state: State, operator_id: str = "nykund") -> None:
    change = StateChange(state=state, since=NOW + timedelta(seconds=1, microseconds=999_999), reason="provat")
    change_state_logged(operator_id, change, log=deployment.services.log, random=secrets.token_bytes)


def _load(deployment: Deployment, operator_id: str = "nykund") -> Operator:
    with reading(deployment.services.engine) as connection:
        return load_operator(connection, operator_id)


def _size(deployment: Deployment, operator_id: str = "nykund") -> int:
    head = deployment.services.log.head(operator_id)
    return -1 if head is None else head.size


def test_a_new_operator_is_entered_with_everything_it_holds(deployment: Deployment) -> None:
    _enrol(deployment, _applicant())
    entered = replace(APPLIED, since=NOW)
    assert _load(deployment) == _applicant(history=(entered,))
    assert _size(deployment) == 1


def test_each_step_is_a_leaf_over_its_salted_record(deployment: Deployment) -> None:
    _enrol(deployment, _applicant())
    _step(deployment, State.VERIFIED)
    log = deployment.services.log
    bodies = [log.record("nykund", index) or b"" for index in range(2)]
    assert [log.leaf("nykund", index) for index in range(2)] == [leaf_of(LeafKind.REGISTRY, body) for body in bodies]
    first, second = (json.loads(body) for body in bodies)
    assert [format_canonical_json(value) for value in (first, second)] == bodies
    assert (first["state"], first["enrolled"]["identifier"]) == ("applied", "NTRSE-TEST-nykund")
    assert first["enrolled"]["evidence"][0]["kind"] == "demonstration"
    assert sorted(second) == ["operator", "reason", "salt", "since", "state", "t", "v"]
    assert (second["state"], second["reason"], second["operator"]) == ("verified", "provat", "nykund")
    assert second["since"] == f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    assert len(second["salt"]) == 22
    assert first["salt"] != second["salt"]


def test_a_seal_made_in_the_second_of_the_verification_finds_the_operator_verified(deployment: Deployment) -> None:
    _enrol(deployment, _applicant())
    _step(deployment, State.VERIFIED)
    assert _load(deployment).state_at(NOW + timedelta(seconds=1)) is State.VERIFIED


@pytest.mark.parametrize("end", [State.SUSPENDED, State.REVOKED])
def test_what_ends_the_sealing_counts_from_the_next_whole_second(deployment: Deployment, end: State) -> None:
    _enrol(deployment, _applicant())
    _step(deployment, State.VERIFIED)
    _step(deployment, end)
    found = _load(deployment)
    assert found.history[-1].since == NOW + timedelta(seconds=2)
    assert found.state_at(NOW + timedelta(seconds=1)) is State.VERIFIED
    assert found.state_at(NOW + timedelta(seconds=2)) is found.state is end
    record = json.loads(deployment.services.log.record("nykund", 2) or b"")
    assert record["since"] == f"{NOW + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}"


def test_an_end_on_a_whole_second_counts_from_it(deployment: Deployment) -> None:
    change = StateChange(state=State.SUSPENDED, since=NOW, reason="provat")
    change_state_logged("exempelbanken", change, log=deployment.services.log, random=secrets.token_bytes)
    assert _load(deployment, "exempelbanken").history[-1].since == NOW


def test_a_step_the_life_cycle_does_not_have_leaves_neither_state_nor_leaf(deployment: Deployment) -> None:
    _enrol(deployment, _applicant())
    with pytest.raises(TransitionRefused):
        _step(deployment, State.SUSPENDED)
    assert _load(deployment).state is State.APPLIED
    assert _size(deployment) == 1


def test_a_step_of_an_operator_there_is_not_is_refused(deployment: Deployment) -> None:
    with pytest.raises(LogUnknown):
        _step(deployment, State.VERIFIED, "niemand")
    deployment.services.log.create_log("niemand", "log.example/op/niemand")
    with pytest.raises(OperatorNotFound):
        _step(deployment, State.VERIFIED, "niemand")
    assert _size(deployment, "niemand") == 0


def test_the_same_operator_is_not_entered_twice(deployment: Deployment) -> None:
    _enrol(deployment, _applicant())
    with pytest.raises(TransitionRefused):
        _enrol(deployment, _applicant())
    assert _size(deployment) == 1


def test_an_identifier_belongs_to_one_operator_only(deployment: Deployment) -> None:
    with pytest.raises(TransitionRefused):
        _enrol(deployment, _applicant(identifier="NTRSE-TEST-exempelbanken"))
    with pytest.raises(OperatorNotFound):
        _load(deployment)


def test_nobody_is_entered_as_verified(deployment: Deployment) -> None:
    with pytest.raises(TransitionRefused):
        _enrol(deployment, operator("nykund"))
    assert _size(deployment) == -1


def test_an_empty_log_left_by_a_crash_is_taken_up(tmp_path: Path) -> None:
    deployment = deploy(tmp_path)
    deployment.services.log.create_log("nykund", ORIGIN)
    _enrol(deployment, _applicant())
    assert _load(deployment).state is State.APPLIED
    deployment.services.engine.dispose()
