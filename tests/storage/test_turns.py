"""Turns at writing: one process after the other; and within a process nobody waits for the turn it has."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storage.turns import end_turn, own_turn, take_turn

_AT_ONCE_S = 0.5  # of the second that a turn is waited for at most


def test_whoever_commits_for_the_one_that_has_the_turn_does_not_wait_for_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, own_turn(tmp_path):
        begin = time.monotonic()
        assert pool.submit(take_turn, tmp_path).result() is None
        assert time.monotonic() - begin < _AT_ONCE_S


def test_when_the_turn_is_over_others_have_theirs(tmp_path: Path) -> None:
    with own_turn(tmp_path):
        pass
    turn = take_turn(tmp_path)
    assert turn is not None
    end_turn(turn)
