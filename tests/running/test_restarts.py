import pytest
from hypothesis import given
from hypothesis import strategies as st

from running.restarts import (
    FIRST_REST_S,
    LONGEST_REST_S,
    NEVER_STARTED,
    STEADY_AFTER_S,
    Resting,
    Running,
    after_death,
    after_start,
    due,
    rest_s,
    seconds_to_next_start,
)


def test_a_process_never_started_is_due_at_once() -> None:
    assert due({"web": NEVER_STARTED}, at_s=-1e9) == ["web"]
    assert seconds_to_next_start({"web": NEVER_STARTED}, at_s=5.0) == 0.0


def test_rests_double_from_half_a_second_to_ten_seconds() -> None:
    assert [rest_s(deaths) for deaths in range(1, 9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


@given(st.integers(min_value=1, max_value=10**9))
def test_a_rest_is_never_shorter_than_the_first_nor_longer_than_the_longest(deaths: int) -> None:
    assert FIRST_REST_S <= rest_s(deaths) <= LONGEST_REST_S


def test_deaths_in_a_row_are_counted_through_starts() -> None:
    state = after_death(after_start(NEVER_STARTED, at_s=100.0), at_s=101.0)
    assert state == Resting(until_s=101.5, deaths=1)
    state = after_death(after_start(state, at_s=101.5), at_s=102.0)
    assert state == Resting(until_s=103.0, deaths=2)


@pytest.mark.parametrize(("alive_s", "deaths"), [(STEADY_AFTER_S, 1), (STEADY_AFTER_S - 0.001, 6)])
def test_half_a_minute_alive_wipes_the_slate(alive_s: float, deaths: int) -> None:
    assert after_death(Running(since_s=0.0, deaths=5), at_s=alive_s).deaths == deaths


def test_only_resting_processes_whose_time_has_come_are_due() -> None:
    states: dict[str, Running | Resting] = {
        "web": Running(since_s=0.0, deaths=0),
        "worker": Resting(until_s=10.0, deaths=1),
        "timer": Resting(until_s=12.0, deaths=1),
    }
    assert due(states, at_s=9.9) == []
    assert due(states, at_s=10.0) == ["worker"]
    assert due(states, at_s=12.0) == ["worker", "timer"]
    assert seconds_to_next_start(states, at_s=7.5) == 2.5


def test_when_everything_runs_there_is_nothing_to_wait_for() -> None:
    assert seconds_to_next_start({"web": Running(since_s=0.0, deaths=0)}, at_s=1.0) is None
