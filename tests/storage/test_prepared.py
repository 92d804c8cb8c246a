"""Statements of the hot path leave nothing behind, read or not."""

from sqlalchemy import Column, Engine, Integer, MetaData, Table, bindparam, select

from storage.engine import make_engine, reading, writing
from storage.prepared import Prepared, together

numbers = Table("numbers_of_the_test", MetaData(), Column("n", Integer))
_BELOW = Prepared(select(numbers.c.n).where(numbers.c.n < bindparam("limit")).order_by(numbers.c.n))
_ADD = Prepared(numbers.insert().values(n=bindparam("added")))


def all_of(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return list(connection.scalars(select(numbers.c.n).order_by(numbers.c.n)))


def add_from_elsewhere(engine: Engine) -> None:
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with writing(other) as connection:
        connection.execute(numbers.insert().values(n=50))
    other.dispose()


def test_an_answer_that_nobody_reads_locks_out_no_later_transaction(engine: Engine) -> None:
    numbers.create(engine)
    unread = []
    for number in range(4):
        with writing(engine) as connection, together(connection):
            unread.append(_ADD.ask(connection, {"added": number}))
            unread.append(_BELOW.ask(connection, {"limit": 100}))
        add_from_elsewhere(engine)
    assert all_of(engine) == [0, 1, 2, 3, 50, 50, 50, 50]


def test_answers_asked_for_together_are_each_as_of_their_place_in_the_order(engine: Engine) -> None:
    numbers.create(engine)
    with writing(engine) as connection:
        with together(connection):
            before = _BELOW.ask(connection, {"limit": 10})
            added = _ADD.ask(connection, {"added": 7})
            after = _BELOW.ask(connection, {"limit": 10})
            assert before.rows() == []
        assert after.rows() == [(7,)]
        assert after.rows() == [(7,)]
        assert added.changed() == 1
        assert _BELOW.glance(engine, {"limit": 10}) == []
    assert _BELOW.glance(engine, {"limit": 10}) == [(7,)]
    assert _BELOW.glance(engine, {"limit": 7}) == []
