"""Places in status lists: none given twice, whatever threads and processes draw at once; none in a telling order."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from storage.engine import reading, writing
from transparency import statuses
from transparency.errors import StoreUnavailable
from transparency.statuses import LEASE_SIZE, LIST_SIZE, StatusIndices, StatusPlace, scatter
from transparency.tables import status_lists

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def small(engine: Engine, *, lease_size: int = 8, list_size: int = 32) -> StatusIndices:
    return StatusIndices(engine, now=lambda: AT, lease_size=lease_size, list_size=list_size)


def rows(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(status_lists).order_by(status_lists.c.number)))


@contextmanager
def counting_claims(indices: StatusIndices) -> Iterator[list[int]]:
    """Count how often the database is asked."""
    claims: list[int] = []
    real = indices._claim

    def claim() -> tuple[int, bytes, int, int]:
        claims.append(len(claims))
        return real()

    indices._claim = claim  # type: ignore[method-assign]
    yield claims


def test_every_place_of_a_list_is_drawn_once_before_the_next_list_is_opened(engine: Engine) -> None:
    indices = small(engine)
    first = [indices.draw() for _ in range(32)]
    assert set(first) == {StatusPlace(1, idx) for idx in range(32)}
    assert {indices.draw().list_number for _ in range(8)} == {2}
    assert [(row.number, row.size) for row in rows(engine)] == [(1, 32), (2, 32)]


def test_the_database_is_asked_once_in_a_lease(engine: Engine) -> None:
    indices = small(engine, lease_size=64, list_size=2**12)
    with counting_claims(indices) as claims:
        for _ in range(64 * 10):
            indices.draw()
    assert len(claims) == 11  # the eleventh was taken ahead of need


def test_the_defaults_are_those_of_the_design(engine: Engine) -> None:
    indices = StatusIndices(engine, now=lambda: AT)
    drawn = [indices.draw() for _ in range(10)]
    assert (LIST_SIZE, LEASE_SIZE) == (131_072, 4096)
    assert {place.list_number for place in drawn} == {1}
    assert [(row.size, row.taken) for row in rows(engine)] == [(LIST_SIZE, LEASE_SIZE)]


def test_a_lease_is_spread_over_the_whole_list_and_drawn_in_no_order(engine: Engine) -> None:
    indices = small(engine, lease_size=256, list_size=2**13)
    drawn = [indices.draw().idx for _ in range(192)]
    assert min(drawn) < 2**13 // 8
    assert max(drawn) > 2**13 * 7 // 8
    assert drawn != sorted(drawn)
    eighths = Counter(idx * 8 // 2**13 for idx in drawn)
    assert len(eighths) == 8


def test_scattering_is_a_permutation_that_only_the_seed_decides() -> None:
    one, again, other = scatter(b"a", 1000), scatter(b"a", 1000), scatter(b"b", 1000)
    assert one == again != other
    assert sorted(one) == sorted(other) == list(range(1000))
    assert list(scatter(b"a", 1000)[:5]) == [928, 886, 863, 176, 482]  # every process must agree for ever


def test_processes_share_a_list_and_what_one_abandons_nobody_gets(engine: Engine) -> None:
    one, other = small(engine), small(engine)
    drawn = [one.draw(), other.draw(), other.draw()]
    third = small(engine)
    drawn += [third.draw() for _ in range(16)]
    assert len(set(drawn)) == len(drawn)
    assert [row.taken for row in rows(engine)] == [32, 8]


def test_threads_never_get_the_same_place(engine: Engine) -> None:
    indices = small(engine, lease_size=32, list_size=256)
    drawn: list[list[StatusPlace]] = [[] for _ in range(6)]

    def draw(mine: list[StatusPlace]) -> None:
        mine += [indices.draw() for _ in range(100)]

    threads = [threading.Thread(target=draw, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    places = [place for mine in drawn for place in mine]
    assert len(places) == len(set(places)) == 600


_DRAW = """
import sys
from datetime import UTC, datetime
from storage.engine import make_engine
from transparency.statuses import StatusIndices
indices = StatusIndices(make_engine(sys.argv[1]), now=lambda: datetime.now(UTC), lease_size=16, list_size=64)
for _ in range(100):
    place = indices.draw()
    print(place.list_number, place.idx)
"""


@pytest.mark.slow
def test_processes_never_get_the_same_place(engine: Engine, url: str) -> None:
    command = [sys.executable, "-c", _DRAW, url]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    places = [line for process in started for line in process.communicate(timeout=100)[0].splitlines()]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(places) == len(set(places)) == 300
    assert [row.taken for row in rows(engine)[:-1]] == [64] * (len(rows(engine)) - 1)


def test_a_failed_lease_ahead_of_need_is_nobodys_trouble_until_nothing_is_left(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    indices = small(engine, lease_size=16, list_size=64)
    drawn = [indices.draw()]
    tried: list[int] = []

    def broken(_engine: Engine) -> None:
        tried.append(len(drawn))
        raise OperationalError("BEGIN", None, Exception("locked"))

    with monkeypatch.context() as patched:
        patched.setattr(statuses, "writing", broken)
        drawn += [indices.draw() for _ in range(15)]
        with pytest.raises(StoreUnavailable, match="no status index could be leased: OperationalError"):
            indices.draw()
    assert 2 <= len(tried) <= 5
    drawn += [indices.draw() for _ in range(16)]
    assert len(set(drawn)) == 32


def test_who_loses_the_race_to_open_a_list_leases_from_the_winners(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    indices, real = small(engine), StatusIndices._claim_once
    losses: list[int] = []

    def lose_first(self: StatusIndices, connection: Any) -> tuple[int, bytes, int, int]:
        if not losses:
            losses.append(1)
            self._open_list(connection, 1)
            self._open_list(connection, 1)
        return real(self, connection)

    monkeypatch.setattr(StatusIndices, "_claim_once", lose_first)
    assert indices.draw().list_number == 1


def test_a_race_lost_every_time_ends(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(self: StatusIndices, connection: Any) -> tuple[int, bytes, int, int]:
        self._open_list(connection, 1)
        return self._open_list(connection, 1)

    monkeypatch.setattr(StatusIndices, "_claim_once", lose)
    with pytest.raises(StoreUnavailable, match="others were always faster"):
        small(engine).draw()


def test_a_list_of_another_size_is_used_up_as_it_is(engine: Engine) -> None:
    small(engine, lease_size=8, list_size=20).draw()
    indices = small(engine, lease_size=8, list_size=32)
    drawn = [indices.draw() for _ in range(16)]
    assert {place.list_number for place in drawn} == {1, 2}
    assert all(place.idx < 20 for place in drawn if place.list_number == 1)


def test_draw_waits_for_nobody_while_another_thread_leases_ahead(engine: Engine) -> None:
    indices = small(engine, lease_size=16, list_size=64)
    for _ in range(12):
        indices.draw()
    with writing(engine), indices._leasing:  # a lease is under way, and the database is busy
        assert indices.draw().list_number == 1
