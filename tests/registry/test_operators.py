"""Operators as the database keeps them, their life cycle, and what their evidence is worth."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from registry.assurance import attained_level
from registry.errors import (
    AiSystemUnknown,
    ApplicationInvalid,
    OperatorNotFound,
    OperatorNotVerified,
    OperatorSuspended,
    TransitionRefused,
)
from registry.model import AiSystem, AssuranceLevel, Evidence, EvidenceKind, OperatorId, StateChange
from registry.operators import (
    TRANSITIONS,
    add_ai_system,
    change_state,
    check_may_seal,
    find_ai_system,
    list_operator_ids,
    load_operator,
    mark_changed,
    save_operator,
)
from registry.standing import Standing
from sigill.report.standing import State
from storage.engine import make_engine, writing
from tests.builders_databases import KINDS, Databases
from tests.builders_deployment import NOW, operator
from transparency.append import Place
from transparency.errors import GuardFailed


@pytest.fixture(scope="module", params=KINDS)
def connection(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Connection]:
    with databases.migrated(request.param) as url:
        engine = make_engine(url)
        with writing(engine) as found:
            yield found
        engine.dispose()


@pytest.fixture
def scratch(connection: Connection) -> Iterator[Connection]:
    """A connection whose changes are forgotten after the test."""
    with connection.begin_nested() as savepoint:
        yield connection
        savepoint.rollback()


def steps(*states: State) -> tuple[StateChange, ...]:
    return tuple(
        StateChange(state=state, since=NOW - timedelta(days=9 - position), reason="r")
        for position, state in enumerate(states)
    )


def test_an_operator_comes_back_as_it_was_kept(scratch: Connection) -> None:
    kept = operator(
        flags=("b", "a"),
        website="https://bank.example",
        markets=("SE", "NO"),
        ai_systems=(AiSystem(ref="saga", name="Saga", provider=None, model=None, active=False),),
    )
    save_operator(scratch, kept, created_at=NOW)
    assert load_operator(scratch, "exempelbanken") == kept


def test_operators_are_listed_by_name(scratch: Connection) -> None:
    for name in ("b", "c", "a"):
        save_operator(scratch, operator(name, ai_systems=()), created_at=NOW)
    assert list_operator_ids(scratch) == ["a", "b", "c"]


@pytest.mark.parametrize("operator_id", ["nobody", "", "x\x00", "' OR 1=1 --"])
def test_nobody_is_not_found(scratch: Connection, operator_id: str) -> None:
    with pytest.raises(OperatorNotFound):
        load_operator(scratch, operator_id)
    with pytest.raises(OperatorNotFound):
        change_state(scratch, operator_id, steps(State.VERIFIED)[0])


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_the_life_cycle_has_these_steps_and_no_others(scratch: Connection, before: State, after: State) -> None:
    allowed = {
        (State.APPLIED, State.VERIFIED),
        (State.APPLIED, State.REVOKED),
        (State.VERIFIED, State.SUSPENDED),
        (State.VERIFIED, State.REVOKED),
        (State.SUSPENDED, State.VERIFIED),
        (State.SUSPENDED, State.REVOKED),
    }
    assert (after in TRANSITIONS[before]) == ((before, after) in allowed)
    save_operator(scratch, operator(history=steps(before)), created_at=NOW)
    change = StateChange(state=after, since=NOW, reason="because")
    if (before, after) in allowed:
        change_state(scratch, "exempelbanken", change)
        assert load_operator(scratch, "exempelbanken").history[-1] == change
        return
    with pytest.raises(TransitionRefused, match=f"from {before} to {after}"):
        change_state(scratch, "exempelbanken", change)


def test_the_state_at_a_time_is_the_last_step_until_then() -> None:
    found = operator(history=steps(State.APPLIED, State.VERIFIED, State.SUSPENDED))
    times = [change.since for change in found.history]
    instant = timedelta(microseconds=1)
    assert found.state_at(times[0] - instant) is State.APPLIED
    assert found.state_at(times[1] - instant) is State.APPLIED
    assert found.state_at(times[1]) is State.VERIFIED
    assert found.state_at(times[2] - instant) is State.VERIFIED
    assert found.state_at(times[2]) is found.state is State.SUSPENDED


def test_only_a_verified_operator_may_seal() -> None:
    check_may_seal(operator())
    with pytest.raises(OperatorNotVerified):
        check_may_seal(operator(history=steps(State.APPLIED)))
    for state in (State.SUSPENDED, State.REVOKED):
        with pytest.raises(OperatorSuspended, match=f"is {state} since"):
            check_may_seal(operator(history=steps(State.APPLIED, State.VERIFIED, state)))


def test_only_active_ai_systems_are_found_and_the_others_listed() -> None:
    systems = [AiSystem(ref=ref, name=ref, provider=None, model=None, active=ref != "old") for ref in ("b", "a", "old")]
    found = operator(ai_systems=tuple(systems))
    assert find_ai_system(found, "a") == systems[1]
    for ref in ("old", "x" * 1000):
        with pytest.raises(AiSystemUnknown) as raised:
            find_ai_system(found, ref)
        assert raised.value.registered == ("a", "b")
        assert len(str(raised.value)) < 150


def test_a_further_ai_system_is_kept_once(scratch: Connection) -> None:
    save_operator(scratch, operator(), created_at=NOW)
    new = AiSystem(ref="hedda", name="Hedda", provider=None, model=None, active=True)
    add_ai_system(scratch, "exempelbanken", new, at=NOW)
    assert find_ai_system(load_operator(scratch, "exempelbanken"), "hedda") == new
    for again in (replace(new, name="Other"), replace(new, ref="other")):
        with pytest.raises(ApplicationInvalid, match="hedda called Hedda already"):
            add_ai_system(scratch, "exempelbanken", again, at=NOW)
    with pytest.raises(OperatorNotFound):
        add_ai_system(scratch, "nobody", new, at=NOW)


def is_let_in(connection: Connection, *parts: Standing) -> list[bool]:
    """Tell which of a batch's parts are let in."""
    revisions = Standing.open(connection, parts)
    let_in = []
    for index, part in enumerate(parts):
        try:
            revisions.check(part)
            revisions.take(part, Place(part.operator_id, index))
            let_in.append(True)
        except GuardFailed:
            let_in.append(False)
    revisions.save(connection, {})
    return let_in


def test_a_seal_is_let_in_only_while_its_operator_stands_as_it_was_seen(scratch: Connection) -> None:
    save_operator(scratch, operator(), created_at=NOW)
    seen = load_operator(scratch, "exempelbanken")
    assert is_let_in(scratch, Standing(seen.id, seen.revision)) == [True]
    for state in (State.SUSPENDED, State.VERIFIED):
        change_state(scratch, seen.id, StateChange(state=state, since=NOW, reason="r"))
        assert is_let_in(scratch, Standing(seen.id, seen.revision)) == [False]
    now = load_operator(scratch, seen.id)
    nobody = OperatorId("nobody")
    assert is_let_in(scratch, Standing(now.id, now.revision), Standing(nobody, 0)) == [True, False]


def test_every_change_of_an_operator_counts_its_revision_up(scratch: Connection) -> None:
    save_operator(scratch, operator(), created_at=NOW)
    save_operator(scratch, operator("other"), created_at=NOW)
    system = AiSystem(ref="hedda", name="Hedda", provider=None, model=None, active=True)
    assert load_operator(scratch, "exempelbanken").revision == 0
    add_ai_system(scratch, "exempelbanken", system, at=NOW)
    assert load_operator(scratch, "exempelbanken").revision == 1
    change_state(scratch, "exempelbanken", steps(State.SUSPENDED)[0])
    assert load_operator(scratch, "exempelbanken").revision == 2
    mark_changed(scratch, "exempelbanken")
    assert load_operator(scratch, "exempelbanken").revision == 3
    assert load_operator(scratch, "other").revision == 0


def test_what_was_refused_counts_nothing_up(scratch: Connection) -> None:
    save_operator(scratch, operator(), created_at=NOW)
    saga = AiSystem(ref="saga", name="Saga", provider=None, model=None, active=True)
    with pytest.raises(ApplicationInvalid):
        add_ai_system(scratch, "exempelbanken", saga, at=NOW)
    with pytest.raises(TransitionRefused):
        change_state(scratch, "exempelbanken", steps(State.VERIFIED)[0])
    assert load_operator(scratch, "exempelbanken").revision == 0


def evidence(*kinds: EvidenceKind) -> list[Evidence]:
    end = NOW + timedelta(days=1)
    return [Evidence(id=kind, kind=kind, method="m", checked_by="c", valid_from=NOW, valid_until=end) for kind in kinds]


@pytest.mark.parametrize(
    ("kinds", "level"),
    [
        ((), AssuranceLevel.DECLARED),
        ((EvidenceKind.LICENCE, EvidenceKind.REGISTER, EvidenceKind.LEI), AssuranceLevel.DECLARED),
        ((EvidenceKind.SEAL_CERTIFICATE,), AssuranceLevel.DECLARED),
        ((EvidenceKind.DOMAIN,), AssuranceLevel.DOMAIN_PROVEN),
        ((EvidenceKind.DOMAIN, EvidenceKind.REGISTER), AssuranceLevel.IDENTITY_CHECKED),
        ((EvidenceKind.DOMAIN, EvidenceKind.LEI), AssuranceLevel.IDENTITY_CHECKED),
        ((EvidenceKind.DEMONSTRATION,), AssuranceLevel.DECLARED),
        ((EvidenceKind.SEAL_CERTIFICATE, EvidenceKind.REGISTER), AssuranceLevel.QUALIFIED_SEAL),
    ],
)
def test_evidence_gives_a_level(kinds: tuple[EvidenceKind, ...], level: AssuranceLevel) -> None:
    assert attained_level(evidence(*kinds), at=NOW) is level


@given(st.sets(st.sampled_from(EvidenceKind)), st.sampled_from(EvidenceKind))
def test_more_evidence_never_lowers_the_level(kinds: set[EvidenceKind], more: EvidenceKind) -> None:
    assert attained_level(evidence(*kinds), at=NOW) <= attained_level(evidence(*kinds, more), at=NOW)


def test_evidence_counts_from_its_first_instant_to_before_its_last() -> None:
    held = evidence(EvidenceKind.DOMAIN)
    assert attained_level(held, at=NOW - timedelta(microseconds=1)) is AssuranceLevel.DECLARED
    assert attained_level(held, at=NOW) is AssuranceLevel.DOMAIN_PROVEN
    assert attained_level(held, at=held[0].valid_until) is AssuranceLevel.DECLARED
