"""Trying again: who lost a race for a conversation is not to lose the next one to whoever is merely faster.

On SQLite it tries while nobody else of this machine writes. On PostgreSQL, where rows are locked and not the database,
only the events of one process that lost before wait for each other.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Final

from sqlalchemy import Engine

from storage.engine import own_turn_at

MAX_TRIES: Final = 20
_TURNS: Final = tuple(Lock() for _ in range(64))  # a conversation has one of them


def turn_after(engine: Engine, *, has_lost: bool) -> AbstractContextManager[None]:
    """Have a turn at writing for who has lost before; the others just try."""
    return own_turn_at(engine) if has_lost else nullcontext()


@contextmanager
def turn_of(engine: Engine, reference_mac: str, *, has_lost: bool) -> Iterator[None]:
    """Have that turn when those of this process that lost in the same conversation have had theirs."""
    with (
        _TURNS[hash(reference_mac) % len(_TURNS)] if has_lost else nullcontext(),
        turn_after(engine, has_lost=has_lost),
    ):
        yield
