"""What events do to the state of a conversation, and what of it later decisions know."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.chain import ChainState, Link, after_message
from conversations.events import after_event
from sigill.event.kinds import (
    DisclosureShown,
    Ended,
    EndedBy,
    Handoff,
    Happening,
    HumanJoined,
    HumanRequested,
    Preference,
    Speaker,
    Wish,
)
from sigill.vocabulary import Authorship, DisclosureMode
from signing.facts import conversation_facts
from tests.builders_deployment import NOW
from tests.builders_event_vectors import EVERY_KIND
from tests.builders_seal import some_hash

TALKING = ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ", seq=3, last_hash=some_hash(3), last_by=Authorship.AI)
TO_HUMAN = Handoff(Speaker.AI, Speaker.HUMAN)
TO_AI = Handoff(Speaker.HUMAN, Speaker.AI)


def after(*steps: Happening | Authorship, start: ChainState = TALKING) -> ChainState:
    """Return the state after events and messages, a minute apart."""
    for number, step in enumerate(steps):
        if isinstance(step, Authorship):
            start = after_message(start, Link(some_hash(10 + number), step, discloses=False))
        else:
            at = NOW + timedelta(minutes=number)
            start = after_event(start, step, jws_hash=some_hash(10 + number), at=at)
    return start


@given(happening=st.sampled_from(EVERY_KIND))
def test_every_event_goes_one_step_on_and_changes_no_author(happening: Happening) -> None:
    state = after(happening)
    assert (state.id, state.seq, state.last_hash) == (TALKING.id, 4, some_hash(10))
    assert (state.last_by, state.ai_has_spoken) == (TALKING.last_by, TALKING.ai_has_spoken)


def test_asking_again_does_not_set_the_clock_back() -> None:
    assert after(HumanRequested(), Authorship.AI, HumanRequested()).human_requested_at == NOW


@pytest.mark.parametrize("by", [Authorship.HUMAN, Authorship.AI_ASSISTED])
def test_a_persons_message_is_what_was_asked_for(by: Authorship) -> None:
    waited = after(HumanRequested(), TO_HUMAN, by)
    assert waited.human_requested_at is None
    assert waited.human_joined
    again = after(HumanRequested(), by, HumanRequested())
    assert again.human_requested_at == NOW + timedelta(minutes=2)


@pytest.mark.parametrize("steps", [(TO_HUMAN,), (HumanJoined(),), (TO_HUMAN, Authorship.AI), (HumanJoined(), TO_HUMAN)])
def test_a_hand_over_holds_until_the_person_speaks(steps: tuple[Happening | Authorship, ...]) -> None:
    state = after(*steps)
    assert state.announced is Speaker.HUMAN
    assert conversation_facts(state, at=NOW).handoff_recorded
    spoken = after(Authorship.HUMAN, start=state)
    assert spoken.announced is None
    assert not conversation_facts(spoken, at=NOW).handoff_recorded


def test_handed_back_to_ai_nobody_has_joined_and_it_must_say_again_that_it_is_ai() -> None:
    told = DisclosureShown(DisclosureMode.INLINE)
    assert after(told).disclosure_shown
    back = after(told, HumanJoined(), Authorship.HUMAN, TO_AI)
    assert (back.announced, back.human_joined, back.disclosure_shown) == (Speaker.AI, False, False)
    assert not conversation_facts(back, at=NOW).handoff_recorded
    assert after(told, start=back).disclosure_shown


def test_a_request_nobody_met_stays_when_it_is_handed_back() -> None:
    assert after(HumanRequested(), TO_HUMAN, TO_AI, Ended(EndedBy.TIMEOUT)).human_requested_at == NOW


def test_a_wish_holds_until_another_and_an_end_until_somebody_speaks() -> None:
    assert after(Preference(Wish.HUMAN), Authorship.AI).preference is Wish.HUMAN
    assert after(Preference(Wish.HUMAN), Preference(Wish.ANY)).preference is Wish.ANY
    ended = after(HumanJoined(), Ended(EndedBy.CUSTOMER))
    assert (ended.ended_at, ended.human_joined) == (NOW + timedelta(minutes=1), False)
    assert after(Authorship.AI, start=ended).ended_at is None


@pytest.mark.parametrize(
    ("waited", "minutes"),
    [
        (timedelta(seconds=59), 0),
        (timedelta(seconds=60), 1),
        (timedelta(minutes=10, seconds=59), 10),
        (timedelta(minutes=-3), 0),
        (timedelta(days=20_000), 10_000_000),
    ],
)
def test_decisions_know_for_how_many_whole_minutes_she_waits(waited: timedelta, minutes: int) -> None:
    facts = conversation_facts(after(HumanRequested()), at=NOW + waited)
    assert facts.human_requested_minutes_ago == minutes


def test_nobody_waits_where_nobody_asked_or_nothing_has_begun() -> None:
    for state in (None, replace(TALKING, seq=0), TALKING):
        assert conversation_facts(state, at=NOW).human_requested_minutes_ago is None
