"""Quotas and the slow-down of guessing, on a clock that is set by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limiting.counters import Counters
from limiting.errors import LimitReached
from limiting.guessing import CODES, KEYS, ONE_THING, Guessing, Leniency
from limiting.limiter import Limiter, Subjects
from limiting.quotas import Quota
from limiting.table import TableStorage
from tests.builders_limits import Clock, Watcher

SUBJECTS = Subjects(b"s" * 32)
SIGN = Quota("sign", 100, 60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counters(tmp_path: Path, clock: Clock) -> Counters:
    return Counters(TableStorage(tmp_path / "limits.table", monotonic=clock), observer=Watcher())


@pytest.fixture
def limiter(counters: Counters, clock: Clock) -> Limiter:
    return Limiter({"sign": SIGN}, counters=counters, subjects=SUBJECTS, now_s=clock)


def test_what_is_left_counts_down_and_then_nothing_more_is_given(limiter: Limiter) -> None:
    left = [limiter.take("sign", "a") for _ in range(100)]
    assert [each.remaining for each in left if each] == list(range(99, -1, -1))
    with pytest.raises(LimitReached) as caught:
        limiter.take("sign", "a")
    assert caught.value.standing.remaining == 0
    assert 1 <= caught.value.after_s <= 60


def test_after_the_time_named_there_is_a_new_window(limiter: Limiter, clock: Clock) -> None:
    limiter.take("sign", "a", cost=100)
    with pytest.raises(LimitReached) as caught:
        limiter.take("sign", "a")
    clock.s += caught.value.after_s
    again = limiter.take("sign", "a")
    assert again is not None
    assert again.remaining == 99


def test_a_batch_that_does_not_fit_takes_nothing(limiter: Limiter) -> None:
    limiter.take("sign", "a", cost=60)
    with pytest.raises(LimitReached) as caught:
        limiter.take("sign", "a", cost=41)
    assert caught.value.standing.remaining == 40
    fits = limiter.take("sign", "a", cost=40)
    assert fits is not None
    assert fits.remaining == 0


def test_one_takes_nothing_from_another_and_no_quota_limits_nothing(limiter: Limiter) -> None:
    limiter.take("sign", "a", cost=100)
    assert limiter.take("sign", "b") is not None
    assert limiter.take("unheard of", "a") is None
    assert limiter.take("sign", "a", cost=0) is None


def test_windows_of_different_subjects_begin_at_different_times(limiter: Limiter) -> None:
    ends = {standing.after_s for number in range(50) if (standing := limiter.take("sign", f"{number}"))}
    assert len(ends) > 10


@pytest.mark.parametrize("jump_s", [-86_400.0, -3600.0, -30.0, 30.0, 3600.0, 86_400.0])
def test_a_clock_that_jumps_shuts_nobody_out_for_longer_than_a_window(tmp_path: Path, jump_s: float) -> None:
    wall, machine = Clock(), Clock(5000.0)
    counters = Counters(TableStorage(tmp_path / "limits.table", monotonic=machine), observer=Watcher())
    limiter = Limiter({"sign": SIGN}, counters=counters, subjects=SUBJECTS, now_s=wall)
    limiter.take("sign", "a", cost=100)
    wall.s += jump_s
    for clock in (wall, machine):
        clock.s += SIGN.window_s
    assert limiter.take("sign", "a") is not None


@given(st.integers(-(10**6), 10**6), st.integers(1, 86_400))
def test_leniency_grows_and_is_bounded(wrong: int, longest_s: int) -> None:
    leniency = Leniency(free=5, longest_s=longest_s)
    assert 0 <= leniency.wait_s(wrong) <= leniency.wait_s(wrong + 1) <= longest_s
    assert (leniency.wait_s(wrong) == 0) is (wrong <= 5)


@pytest.mark.parametrize("leniency", [KEYS, CODES, ONE_THING])
def test_who_mistypes_three_times_waits_for_nothing(counters: Counters, leniency: Leniency) -> None:
    guessing = Guessing(counters, subjects=SUBJECTS)
    assert [guessing.note_wrong("code", "a", leniency=leniency) for _ in range(3)] == [0, 0, 0]
    assert guessing.wait_s("code", "a") == 0


def test_each_further_wrong_one_doubles_the_wait(counters: Counters, clock: Clock) -> None:
    guessing = Guessing(counters, subjects=SUBJECTS)
    waits = [guessing.note_wrong("code", "a", leniency=Leniency(free=2, longest_s=20)) for _ in range(9)]
    assert waits == [0, 0, 1, 2, 4, 8, 16, 20, 20]
    assert guessing.wait_s("code", "a") == 20
    assert guessing.wait_s("code", "b") == guessing.wait_s("key", "a") == 0
    clock.s += 19.5
    assert guessing.wait_s("code", "a") == 1
    clock.s += 0.5
    assert guessing.wait_s("code", "a") == 0


def test_wrong_ones_are_forgotten_after_their_time(counters: Counters, clock: Clock) -> None:
    guessing = Guessing(counters, subjects=SUBJECTS)
    guessing.note_wrong("code", "a", leniency=ONE_THING, guesses=50)
    clock.s += ONE_THING.memory_s
    assert guessing.note_wrong("code", "a", leniency=ONE_THING) == 0


def test_how_many_codes_an_address_can_try_in_a_day_is_bounded(counters: Counters, clock: Clock) -> None:
    guessing = Guessing(counters, subjects=SUBJECTS)
    end, tried = clock.s + 86_400, 0
    while clock.s < end:
        tried += 1
        clock.s += max(0.01, guessing.note_wrong("code", "a", leniency=CODES))
    assert tried < 24 * 40  # of 2**55 codes


def test_the_file_never_holds_the_address_itself(tmp_path: Path, limiter: Limiter, counters: Counters) -> None:
    limiter.take("sign", "203.0.113.7")
    Guessing(counters, subjects=SUBJECTS).note_wrong("code", "203.0.113.7", leniency=CODES)
    assert b"203.0.113" not in (tmp_path / "limits.table").read_bytes()
    assert SUBJECTS.name("verify", "203.0.113.7") != Subjects(b"t" * 32).name("verify", "203.0.113.7")
