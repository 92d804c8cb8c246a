"""What is committed with a leaf on a condition: all of it or nothing, whoever else stands in the batch."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, bindparam, func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.tlog.note import NoteSigner
from storage.bulk import insert_rows
from storage.engine import reading, writing
from storage.prepared import Prepared
from transparency import sequencing
from transparency.append import Append, Appended, Part, Place
from transparency.errors import (
    CodeTaken,
    CommitInterrupted,
    EntryUnknown,
    GuardFailed,
    LogUnknown,
    Overloaded,
    StoreUnavailable,
    TokenExists,
)
from transparency.log import TransparencyLog

Seal = Callable[..., Append]
CheckLog = Callable[[str], int]
CheckReceipt = Callable[[Append, Appended], None]


AT = datetime(2026, 11, 22, tzinfo=UTC)


class Notary(Protocol):
    def signers_for(self, origin: str, at: datetime | None = None, /) -> tuple[NoteSigner, ...]: ...


numbers = Table(
    "numbers_of_the_test",
    MetaData(),
    Column("kind", String(8)),
    Column("n", Integer, unique=True),
    Column("idx", Integer),
    Column("tree_size", Integer),
)
_GREATEST = Prepared(select(func.max(numbers.c.n)).where(numbers.c.kind == bindparam("of")))


@pytest.fixture(autouse=True)
def numbers_table(engine: Engine) -> None:
    numbers.metadata.create_all(engine)


def kept(engine: Engine) -> list[tuple[str, int, int]]:
    with reading(engine) as connection:
        return [(row.kind, row.n, row.idx) for row in connection.execute(select(numbers).order_by(numbers.c.idx))]


class _Numbers:
    """Keeps numbers; each must be the one after the last of its kind."""

    def __init__(self, kind: str, highest: int) -> None:
        self._kind = kind
        self._highest = highest
        self._taken: list[tuple[int, Place]] = []

    def check(self, part: "Number") -> None:
        if part.n != self._highest + 1:
            raise GuardFailed(f"{self._kind} {part.n} does not come after {self._highest}")

    def take(self, part: "Number", place: Place) -> None:
        self._highest = part.n
        self._taken.append((part.n, place))

    def save(self, connection: Connection, tree_sizes: Mapping[str, int]) -> None:
        rows = [
            {"kind": self._kind, "n": n, "idx": place.index, "tree_size": tree_sizes[place.log_id]}
            for n, place in self._taken
        ]
        insert_rows(connection, numbers, rows)


@dataclass(frozen=True)
class Number:
    """A part that is let in if its number is the next."""

    n: int

    @classmethod
    def open(cls, connection: Connection, parts: Sequence[Any]) -> _Numbers:
        kind = cls.__name__.lower()
        assert parts
        assert all(type(part) is cls for part in parts)
        rows = _GREATEST.rows(connection, {"of": kind})
        return _Numbers(kind, rows[0][0] or 0)


@dataclass(frozen=True)
class Other(Number):
    """A second kind: its numbers begin at 1,001, for `n` is unique in the table."""


def with_parts(append: Append, *parts: Part) -> Append:
    return Append(append.log_id, append.leaf, append.token, append.record, parts, append.guards, append.writes)


def kinds_of(answers: Sequence[object]) -> list[type]:
    return [type(answer) for answer in answers]


def test_parts_are_written_with_their_leaf_and_know_the_tree_it_stands_in(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    log.append_all([with_parts(seal("bank", str(n)), Number(n)) for n in (1, 2, 3)])
    log.append_all([with_parts(seal("bank", str(n)), Number(n)) for n in (4, 5)])
    assert kept(engine) == [("number", n, n - 1) for n in range(1, 6)]
    with reading(engine) as connection:
        assert connection.scalars(select(numbers.c.tree_size).order_by(numbers.c.n)).all() == [3, 3, 3, 5, 5]
    assert check_log("bank") == 5


@pytest.mark.parametrize("good_first", [True, False])
def test_an_append_stopped_by_one_part_leaves_no_trace_in_another(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog, good_first: bool
) -> None:
    good, bad = Number(1), Other(7)
    stopped = with_parts(seal("bank", "a"), *((good, bad) if good_first else (bad, good)))
    answers = log.append_all([stopped, with_parts(seal("bank", "b"), Number(1))])
    assert kinds_of(answers) == [GuardFailed, Appended]
    assert kept(engine) == [("number", 1, 0)]
    assert log.token_by_jti("jti-a") is None
    assert check_log("bank") == 1


def test_a_loser_in_the_middle_leaves_no_gap_and_who_builds_on_it_loses_too(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    asked = [Number(1), Number(2), Other(5), Number(4), Number(3), None, Number(4)]
    appends = [with_parts(seal("bank", str(n)), *filter(None, [part])) for n, part in enumerate(asked)]
    answers = log.append_all(appends)
    assert kinds_of(answers) == [Appended, Appended, GuardFailed, GuardFailed, Appended, Appended, Appended]
    indices = [answer.index for answer in answers if isinstance(answer, Appended)]
    assert indices == [0, 1, 2, 3, 4]
    for append, answer in zip(appends, answers, strict=True):
        if isinstance(answer, Appended):
            check_receipt(append, answer)
    assert kept(engine) == [("number", 1, 0), ("number", 2, 1), ("number", 3, 2), ("number", 4, 4)]
    assert check_log("bank") == 5


def test_where_everyone_loses_nothing_is_written_or_signed(
    log: TransparencyLog, engine: Engine, notary: Any, seal: Seal, check_log: CheckLog
) -> None:
    notary.signed.clear()
    answers = log.append_all([with_parts(seal("bank", str(n)), Number(7)) for n in range(3)])
    assert kinds_of(answers) == [GuardFailed] * 3
    assert (notary.signed, kept(engine), check_log("bank")) == ([], [], 0)


def test_an_append_with_code_of_its_own_between_others_sees_and_is_seen(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    seen: list[list[int]] = []

    def look(connection: Connection, _index: int) -> None:
        seen.append(list(connection.scalars(select(numbers.c.n).order_by(numbers.c.n))))

    def jump(connection: Connection, index: int) -> None:
        insert_rows(connection, numbers, [{"kind": "number", "n": 10, "idx": index, "tree_size": 0}])

    appends = [
        with_parts(seal("bank", "a"), Number(1)),
        with_parts(seal("bank", "b", writes=(look, jump)), Number(2)),
        with_parts(seal("bank", "c"), Number(11)),
        with_parts(seal("bank", "d"), Number(12)),
    ]
    answers = log.append_all(appends)
    assert kinds_of(answers) == [Appended] * 4
    assert seen == [[1]]
    assert [n for _, n, _ in kept(engine) if n != 10] == [1, 2, 11, 12]
    assert check_log("bank") == 4


def test_a_part_that_stops_an_append_with_code_of_its_own_keeps_that_code_from_running(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    ran: list[int] = []
    append = with_parts(seal("bank", "a", writes=(lambda _connection, index: ran.append(index),)), Number(9))
    assert kinds_of(log.append_all([append])) == [GuardFailed]
    assert (ran, kept(engine), check_log("bank")) == ([], [], 0)


def test_a_broken_constraint_in_a_batch_costs_the_guilty_one_alone(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    log.append(seal("telco", "other", code="SAME"))
    log.append(seal("telco", "twice"))
    appends = [
        with_parts(seal("bank", "a"), Number(1)),
        with_parts(seal("bank", "b", code="SAME"), Number(2)),
        with_parts(seal("bank", "c"), Number(2)),
        seal("telco", "twice", code="NEW"),
        with_parts(seal("bank", "d"), Number(3)),
    ]
    answers = log.append_all(appends)
    assert kinds_of(answers) == [Appended, CodeTaken, Appended, TokenExists, Appended]
    for append, answer in zip(appends, answers, strict=True):
        if isinstance(answer, Appended):
            check_receipt(append, answer)
    assert kept(engine) == [("number", 1, 0), ("number", 2, 1), ("number", 3, 2)]
    assert (check_log("bank"), check_log("telco")) == (3, 2)


@contextmanager
def failing_commit(engine: Engine, *, made: bool) -> Iterator[None]:
    """Make the next commit fail: after the database made it, or before."""
    dialect: Any = engine.dialect
    commit, left = dialect.do_commit, [1]

    def fail(connection: Any) -> None:
        if not left:
            commit(connection)
            return
        left.clear()
        if made:
            commit(connection)
        raise dialect.loaded_dbapi.OperationalError("the connection was lost while waiting for the answer")

    dialect.do_commit = fail
    try:
        yield
    finally:
        del dialect.do_commit


@pytest.mark.parametrize("made", [True, False])
def test_a_commit_that_was_interrupted_is_told_from_one_that_was_not_made(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt, made: bool
) -> None:
    log.append(with_parts(seal("bank", "a"), Number(1)))
    appends = [with_parts(seal("bank", "b"), Number(2)), with_parts(seal("bank", "c"), Number(3))]
    with failing_commit(engine, made=made):
        answers = log.append_all(appends)
    assert kinds_of(answers) == [CommitInterrupted] * 2
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    assert check_log("bank") == (3 if made else 1)
    assert len(kept(engine)) == (3 if made else 1)
    after = with_parts(seal("bank", "d"), Number(4 if made else 2))
    check_receipt(after, log.append(after))
    assert check_log("bank") == (4 if made else 2)


def test_an_interrupted_commit_of_one_part_of_a_batch_leaves_the_others_their_own_answers(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    alone = seal("bank", "a", writes=(lambda _connection, _index: None,))
    with failing_commit(engine, made=False):
        answers = log.append_all([alone, seal("bank", "b"), seal("bank", "c")])
    assert kinds_of(answers) == [CommitInterrupted, Appended, Appended]
    assert [answer.index for answer in answers if isinstance(answer, Appended)] == [0, 1]
    assert check_log("bank") == 2


def test_a_failure_before_the_commit_is_no_interrupted_one(
    log: TransparencyLog, seal: Seal, check_log: CheckLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise OperationalError("INSERT", None, Exception("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(sequencing, "insert_accepted", fail)
        answers = log.append_all([seal("bank", "a"), seal("bank", "b")])
    assert kinds_of(answers) == [StoreUnavailable] * 2
    assert check_log("bank") == 0


def test_a_leaf_needs_no_token_and_no_part(log: TransparencyLog, check_log: CheckLog) -> None:
    log.append_all([Append("bank", leaf_of(LeafKind.EVENT, bytes([n]))) for n in range(4)])
    assert check_log("bank") == 4


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_the_receipt_of_then_is_the_receipt_that_was_given_out_then(
    log: TransparencyLog, check_receipt: CheckReceipt, size: int
) -> None:
    draw = random.Random(size)  # noqa: S311 - sizes of a test
    given: list[tuple[Append, Appended, int]] = []
    total = 0
    while total < size:
        count = min(draw.randint(1, max(size // 3, 1)), size - total)
        appends = [Append("bank", leaf_of(LeafKind.EVENT, f"{total + n}".encode())) for n in range(count)]
        answers = log.append_all(appends)
        for number, (append, answer) in enumerate(zip(appends, answers, strict=True)):
            assert isinstance(answer, Appended)
            given.append((append, answer, min(total + (number // 256 + 1) * 256, total + count)))
        total += count
    for append, answer, tree_size in draw.sample(given, min(len(given), 60)):
        assert log.receipt_at("bank", answer.index, tree_size, at=AT) == answer.receipt
        check_receipt(append, answer)


def test_there_is_no_receipt_of_then_for_what_was_not_there(log: TransparencyLog, seal: Seal) -> None:
    log.append_all([seal("bank", str(n)) for n in range(3)])
    for index, tree_size in ((3, 3), (0, 4), (-1, 3), (2, 1), (0, 0)):
        with pytest.raises(EntryUnknown):
            log.receipt_at("bank", index, tree_size, at=AT)
    with pytest.raises(LogUnknown):
        log.receipt_at("nobody", 0, 1, at=AT)


def test_a_constraint_broken_by_what_has_no_token_is_its_own_append_s_error(
    log: TransparencyLog, engine: Engine, check_log: CheckLog
) -> None:
    with writing(engine) as connection:
        insert_rows(connection, numbers, [{"kind": "other", "n": 2, "idx": 0, "tree_size": 0}])
    appends = [Append("bank", leaf_of(LeafKind.EVENT, bytes([n])), parts=(Number(n),)) for n in (1, 2)]
    assert kinds_of(log.append_all(appends)) == [Appended, IntegrityError]
    assert check_log("bank") == 1


def test_what_is_too_much_to_wait_is_refused_and_not_written(
    engine: Engine, notary: Notary, seal: Seal, check_log: CheckLog
) -> None:
    log = TransparencyLog(engine, signers_for=notary.signers_for, max_waiting=2, max_batch=2)
    log.create_log("bank", "log.example/op/bank")
    log._queue._waiting = 2  # two others wait
    answers = log.append_all([seal("bank", str(n)) for n in range(3)])
    assert kinds_of(answers) == [Overloaded] * 3
    log._queue._waiting = 0
    assert kinds_of(log.append_all([seal("bank", str(n)) for n in range(3)])) == [Appended] * 3
    assert check_log("bank") == 3
