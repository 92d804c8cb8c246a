"""Talking to PostgreSQL: a socket that is ready is not waited for, and one that is not is left to psycopg."""

import socket
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from psycopg.waiting import Ready, Wait

from storage.postgresql import _without_waiting


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    yield here, there
    here.close()
    there.close()


def asks(*wanted: Wait) -> Generator[Wait, int, list[int]]:
    """Wait for one thing after the other; return what was said of each."""
    said = []
    for each in wanted:
        said.append((yield each))  # noqa: PERF401 (a comprehension cannot yield)
    return said


def run(generator: Generator[Any, Any, Any], *answers: int) -> tuple[list[Wait], Any]:
    """Return what was passed on to be waited for, each answered with the next of `answers`, and the result."""
    passed, left = [], list(answers)
    try:
        wanted = next(generator)
        while True:
            passed.append(wanted)
            wanted = generator.send(left.pop(0))
    except StopIteration as end:
        return passed, end.value


def test_what_is_ready_is_answered_at_once(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    there.send(b"answer")
    watching = _without_waiting(asks(Wait.R, Wait.W, Wait.RW), here.fileno())
    assert run(watching) == ([], [Ready.R, Ready.W, Ready.RW])


def test_what_is_not_ready_is_passed_on(ends: tuple[socket.socket, socket.socket]) -> None:
    here, _ = ends
    watching = _without_waiting(asks(Wait.W, Wait.R, Wait.RW), here.fileno())
    assert run(watching, Ready.R) == ([Wait.R], [Ready.W, Ready.R, Ready.W])


def test_a_server_that_went_away_is_found_by_reading(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    there.close()
    assert run(_without_waiting(asks(Wait.R), here.fileno())) == ([], [Ready.R])


def test_what_goes_wrong_inside_comes_out(ends: tuple[socket.socket, socket.socket]) -> None:
    def fails() -> Generator[Wait, int, None]:
        yield Wait.W
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        run(_without_waiting(fails(), ends[0].fileno()))
