import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Executable,
    Integer,
    MetaData,
    Table,
    delete,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from sigill.tlog.leaf import HeadLeaf, LeafKind, leaf_of
from sigill.tlog.note import NoteSigner
from sigill.tlog.tree import EMPTY_ROOT
from storage.engine import make_engine, reading, writing
from tests.builders_databases import POSTGRESQL, SQLITE
from transparency import sequencing
from transparency.append import Append, Appended, Write
from transparency.errors import (
    CodeTaken,
    CommitInterrupted,
    GuardFailed,
    LogConflict,
    LogCorrupt,
    LogUnknown,
    StoreUnavailable,
    TokenExists,
)
from transparency.log import TransparencyLog
from transparency.sequencing import SignersFor
from transparency.tables import logs, tiles

Seal = Callable[..., Append]
CheckLog = Callable[[str], int]
CheckReceipt = Callable[[Append, Appended], None]


class Notary(Protocol):
    broken: bool
    signed: list[str]

    def signers_for(self, origin: str, at: datetime | None = None, /) -> tuple[NoteSigner, ...]: ...


notes = Table("notes_of_the_test", MetaData(), Column("n", Integer, primary_key=True), Column("idx", Integer))


@pytest.fixture(autouse=True)
def notes_table(engine: Engine) -> None:
    notes.metadata.create_all(engine)


def written(engine: Engine) -> list[tuple[int, int]]:
    with reading(engine) as connection:
        return [(row.n, row.idx) for row in connection.execute(select(notes).order_by(notes.c.n))]


def note(n: int) -> Write:
    def write(connection: Connection, index: int) -> None:
        connection.execute(insert(notes).values(n=n, idx=index))

    return write


def lose(_connection: object) -> None:
    raise GuardFailed("too late")


def fail(_connection: object, _index: int) -> None:
    raise ZeroDivisionError


def test_an_appended_seal_has_an_index_and_a_receipt(
    log: TransparencyLog, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    for index in range(5):
        append = seal("bank", str(index))
        appended = log.append(append)
        assert (appended.log_id, appended.origin, appended.index) == ("bank", "log.example/op/bank", index)
        check_receipt(append, appended)
    assert (check_log("bank"), check_log("telco")) == (5, 0)


def test_a_record_is_kept_with_its_leaf(log: TransparencyLog, check_log: CheckLog) -> None:
    body = b'{"refused":true}'
    appended = log.append(Append("bank", leaf_of(LeafKind.DENY, body), record=body))
    assert log.record("bank", appended.index) == body
    assert check_log("bank") == 1


def test_a_head_leaf_is_kept_whole(log: TransparencyLog, check_log: CheckLog, check_receipt: CheckReceipt) -> None:
    leaf = HeadLeaf("log.example/op/bank", 7, EMPTY_ROOT)
    append = Append("telco", leaf, record=None)
    check_receipt(append, log.append(append))
    assert log.leaf("telco", 0) == leaf
    assert check_log("telco") == 1


def test_many_threads_get_contiguous_indices_and_good_receipts(
    log: TransparencyLog, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    done: list[tuple[Append, Appended]] = []

    def work(worker: int) -> None:
        for number in range(20):
            append = seal(("bank", "telco")[number % 2], f"{worker}-{number}")
            done.append((append, log.append(append)))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log_id in ("bank", "telco"):
        assert sorted(item.index for _, item in done if item.log_id == log_id) == list(range(120))
        assert check_log(log_id) == 120
    for append, appended in done:
        check_receipt(append, appended)


def test_a_batch_signs_one_checkpoint_per_log(log: TransparencyLog, notary: Notary, seal: Seal) -> None:
    notary.signed.clear()
    log.append_all([seal(("bank", "telco")[number % 2], str(number)) for number in range(50)])
    assert notary.signed in (
        ["log.example/op/bank", "log.example/op/telco"],
        ["log.example/op/telco", "log.example/op/bank"],
    )


@pytest.mark.parametrize("parts", [[255, 1, 1], [256, 256, 1], [300, 700, 3], [1] * 8 + [1000]])
def test_receipts_hold_across_the_borders_of_tiles(
    log: TransparencyLog, check_log: CheckLog, check_receipt: CheckReceipt, parts: list[int]
) -> None:
    begin = 0
    for part in parts:
        appends = [Append("bank", leaf_of(LeafKind.EVENT, str(index).encode())) for index in range(begin, begin + part)]
        for append, answer in zip(appends, log.append_all(appends), strict=True):
            assert isinstance(answer, Appended)
            check_receipt(append, answer)
        begin += part
    assert check_log("bank") == begin


def test_appending_nothing_commits_nothing(log: TransparencyLog) -> None:
    assert log.append_all([]) == []


def test_the_loser_of_a_guard_writes_nothing_and_costs_nobody_else(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    def write_and_lose(connection: Connection) -> None:
        note(99)(connection, 99)
        raise GuardFailed("too late")

    appends = [
        seal("bank", "a", writes=(note(1),)),
        seal("bank", "b", guards=(write_and_lose,), writes=(note(2),)),
        seal("bank", "c", writes=(note(3),)),
    ]
    first, second, third = log.append_all(appends)
    assert isinstance(second, GuardFailed)
    assert isinstance(first, Appended)
    assert isinstance(third, Appended)
    check_receipt(appends[2], third)
    assert written(engine) == [(1, 0), (3, 1)]
    assert log.token_by_jti("jti-b") is None
    assert check_log("bank") == 2


def test_the_submitter_of_a_loser_gets_the_guard_s_own_error(log: TransparencyLog, seal: Seal) -> None:
    with pytest.raises(GuardFailed, match="too late"):
        log.append(seal("bank", "a", guards=(lose,)))


def test_appends_with_code_of_their_own_and_their_neighbours_are_transactions_apart_and_in_order(
    log: TransparencyLog, engine: Engine, notary: Notary, seal: Seal, check_log: CheckLog, check_receipt: CheckReceipt
) -> None:
    notary.signed.clear()
    appends = [seal("bank", name, writes=(note(ord(name)),) if name in "CDG" else ()) for name in "ABCDEFGHIJ"]
    for index, (append, answer) in enumerate(zip(appends, log.append_all(appends), strict=True)):
        assert isinstance(answer, Appended)
        assert answer.index == index
        check_receipt(append, answer)
    assert written(engine) == [(ord("C"), 2), (ord("D"), 3), (ord("G"), 6)]
    assert len(notary.signed) == 6  # AB, C, D, EF, G, HIJ
    assert check_log("bank") == 10


def test_a_guard_sees_what_the_batch_wrote_before_it(log: TransparencyLog, engine: Engine, seal: Seal) -> None:
    def only_first(connection: Connection) -> None:
        if connection.execute(select(notes)).first():
            raise GuardFailed

    answers = log.append_all([seal("bank", str(n), guards=(only_first,), writes=(note(n),)) for n in range(3)])
    assert [isinstance(answer, Appended) for answer in answers] == [True, False, False]
    assert written(engine) == [(0, 0)]


def test_an_exception_in_one_append_s_writes_undoes_that_append_alone(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    answers = log.append_all(
        [
            seal("bank", "a", writes=(note(1), fail)),
            seal("bank", "b", writes=(note(2),)),
            seal("bank", "c", writes=(note(2),)),
        ]
    )
    assert [type(answer) for answer in answers] == [ZeroDivisionError, Appended, IntegrityError]
    assert written(engine) == [(2, 0)]
    assert (log.token_by_jti("jti-a"), log.token_by_jti("jti-c")) == (None, None)
    assert check_log("bank") == 1


def test_a_code_is_taken_once_in_a_batch_and_ever_after(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    twice = [seal("bank", "a", code="SAME"), seal("telco", "b", code="SAME", writes=(note(1),))]
    assert [type(answer) for answer in log.append_all(twice)] == [Appended, CodeTaken]
    with pytest.raises(CodeTaken):
        log.append(seal("bank", "c", code="SAME"))
    log.append(seal("bank", "c", code="OTHER"))
    assert written(engine) == []
    assert check_log("bank") == 2


def test_a_token_needs_no_code(log: TransparencyLog, seal: Seal, check_log: CheckLog) -> None:
    tokens = [seal("bank", "a", code=None), seal("bank", "b", code=None)]
    assert [type(answer) for answer in log.append_all(tokens)] == [Appended, Appended]
    assert check_log("bank") == 2


def test_a_jti_is_logged_once(log: TransparencyLog, seal: Seal, check_log: CheckLog) -> None:
    log.append(seal("bank", "a"))
    with pytest.raises(TokenExists):
        log.append(seal("bank", "a", code="OTHER"))
    assert check_log("bank") == 1


def test_a_code_that_another_process_took_costs_nobody_else_in_the_batch(
    log: TransparencyLog,
    engine: Engine,
    signers_for: SignersFor,
    seal: Seal,
    check_log: CheckLog,
    check_receipt: CheckReceipt,
) -> None:
    TransparencyLog(engine, signers_for=signers_for).append(seal("telco", "other", code="SAME"))
    appends = [seal("bank", "a"), seal("bank", "b", code="SAME"), seal("bank", "c"), seal("bank", "d")]
    answers = log.append_all(appends)
    assert [type(answer) for answer in answers] == [Appended, CodeTaken, Appended, Appended]
    for append, answer in zip(appends, answers, strict=True):
        if isinstance(answer, Appended):
            check_receipt(append, answer)
    assert (check_log("bank"), check_log("telco")) == (3, 1)


def test_a_code_taken_by_one_append_of_a_batch_is_found_taken_by_another(
    log: TransparencyLog, seal: Seal, check_log: CheckLog
) -> None:
    answers = log.append_all([seal("bank", name, code="SAME" if name in "bd" else None) for name in "abcde"])
    assert [type(answer) for answer in answers] == [Appended, Appended, Appended, CodeTaken, Appended]
    assert check_log("bank") == 4


def test_a_database_lost_between_a_taken_code_and_the_look_for_it_is_unavailable(
    log: TransparencyLog, seal: Seal, check_log: CheckLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(seal("bank", "a", code="SAME"))

    def lost(_engine: Engine) -> None:
        raise OperationalError("look", None, Exception("connection lost"))

    with monkeypatch.context() as patched:
        patched.setattr(sequencing, "reading", lost)
        answers = log.append_all([seal("bank", "b", code="SAME")])
    assert [type(answer) for answer in answers] == [StoreUnavailable]
    assert check_log("bank") == 1


def test_a_constraint_broken_at_the_commit_is_its_own_append_s_error(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    with writing(engine) as connection:
        connection.execute(
            text("CREATE TABLE late (n INTEGER REFERENCES notes_of_the_test (n) DEFERRABLE INITIALLY DEFERRED)")
        )

    def break_it(connection: Connection, _index: int) -> None:
        connection.execute(text("INSERT INTO late VALUES (77)"))

    answers = log.append_all([seal("bank", "a", writes=(break_it,)), seal("bank", "b")])
    assert [type(answer) for answer in answers] == [IntegrityError, Appended]
    assert check_log("bank") == 1


def test_an_unknown_log_fails_its_own_appends_only(log: TransparencyLog, seal: Seal) -> None:
    answers = log.append_all([seal("nobody", "a"), seal("bank", "b")])
    assert [type(answer) for answer in answers] == [LogUnknown, Appended]


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Hold what every writer needs: on SQLite a writing transaction is enough."""
    with writing(engine) as connection:
        if engine.dialect.name == POSTGRESQL:
            connection.execute(text("LOCK TABLE logs"))
        yield


def test_a_locked_database_is_unavailable_and_then_available_again(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    with locked(engine), pytest.raises(StoreUnavailable):
        log.append(seal("bank", "a"))
    with locked(engine), pytest.raises(StoreUnavailable):
        log.create_log("shop", "log.example/op/shop")
    log.append(seal("bank", "a"))
    assert check_log("bank") == 1


@pytest.mark.parametrize("database_url", [SQLITE], indirect=True)
def test_a_full_disk_is_unavailable_for_the_whole_batch_and_leaves_nothing_half_written(
    url: str, notary: Notary, log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    log.append(seal("bank", "before"))
    small = make_engine(url)
    pages: list[int] = [0]

    def limit(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0] or 1_000_000}")

    event.listen(small, "checkout", limit)
    with small.connect() as connection:
        pages[0] = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 1
    full = TransparencyLog(small, signers_for=notary.signers_for)
    together = full.append_all([seal("bank", f"{n}-{'x' * 50}") for n in range(200)])
    assert {type(answer) for answer in together} in ({StoreUnavailable}, {CommitInterrupted})
    assert check_log("bank") == 1
    apart = full.append_all([seal("bank", f"{n}-{'x' * 300}", writes=(note(n),)) for n in range(60)])
    made = [answer for answer in apart if isinstance(answer, Appended)]
    failed = [answer for answer in apart if isinstance(answer, StoreUnavailable)]
    assert failed
    assert len(made) + len(failed) == 60
    assert written(engine) == [(n, answer.index) for n, answer in enumerate(apart) if isinstance(answer, Appended)]
    assert check_log("bank") == 1 + len(made)
    pages[0] = 0
    full.append(seal("bank", "after"))
    assert check_log("bank") == 2 + len(made)
    small.dispose()


def test_a_disk_that_fills_inside_an_append_s_own_write_fails_that_append(
    log: TransparencyLog, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    def too_much(connection: Connection, _index: int) -> None:
        if engine.dialect.name == POSTGRESQL:  # what it says of a full disk
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$"))
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.execute(text("CREATE TABLE big AS SELECT zeroblob(1000000) AS b"))

    answers = log.append_all([seal("bank", "a", writes=(note(1),)), seal("bank", "b", writes=(note(2), too_much))])
    assert [type(answer) for answer in answers] == [Appended, StoreUnavailable]
    assert written(engine) == [(1, 0)]
    assert check_log("bank") == 1


def test_without_its_key_the_log_acknowledges_nothing(
    log: TransparencyLog, notary: Notary, engine: Engine, seal: Seal, check_log: CheckLog
) -> None:
    notary.broken = True
    with pytest.raises(StoreUnavailable, match="signed"):
        log.append(seal("bank", "a", writes=(note(1),)))
    with pytest.raises(StoreUnavailable, match="signed"):
        log.create_log("shop", "log.example/op/shop")
    notary.broken = False
    assert written(engine) == []
    log.append(seal("bank", "a"))
    assert check_log("bank") == 1


def test_creating_a_log_twice_changes_nothing(log: TransparencyLog, seal: Seal, check_log: CheckLog) -> None:
    log.append(seal("bank", "a"))
    log.create_log("bank", "log.example/op/bank")
    assert check_log("bank") == 1


@pytest.mark.parametrize(
    ("log_id", "origin"),
    [("bank", "log.example/op/other"), ("other", "log.example/op/bank"), ("bank", "log.example/op/telco")],
)
def test_a_log_keeps_its_origin_and_an_origin_its_log(log: TransparencyLog, log_id: str, origin: str) -> None:
    with pytest.raises(LogConflict):
        log.create_log(log_id, origin)


def test_an_origin_that_cannot_name_a_key_is_refused(log: TransparencyLog) -> None:
    with pytest.raises(ValueError, match="origin"):
        log.create_log("shop", "log example")


def test_a_head_written_past_its_lock_is_not_overwritten(log: TransparencyLog, seal: Seal, check_log: CheckLog) -> None:
    def move_head(connection: Connection, _index: int) -> None:
        connection.execute(text("UPDATE logs SET size = size + 1 WHERE log_id = 'bank'"))

    with pytest.raises(StoreUnavailable, match="past its lock"):
        log.append(seal("bank", "a", writes=(move_head,)))
    assert check_log("bank") == 0


@pytest.mark.parametrize(
    "damage",
    [
        update(tiles).values(data=bytes(32)),
        update(tiles).values(data=bytes(33)),
        update(tiles).values(data=bytes(8224)),
        update(tiles).values(data=bytes(31)),
        delete(tiles),
        update(logs).where(logs.c.log_id == "bank").values(root=bytes(32)),
    ],
    ids=["tile", "33 bytes", "8224 bytes", "31 bytes", "no tile", "root"],
)
def test_nothing_is_signed_for_a_log_whose_tiles_and_head_disagree(
    log: TransparencyLog, engine: Engine, notary: Notary, seal: Seal, damage: Executable
) -> None:
    log.append(seal("bank", "a"))
    with writing(engine) as connection:
        connection.execute(damage)
    fresh = TransparencyLog(engine, signers_for=notary.signers_for)
    notary.signed.clear()
    answers = fresh.append_all([seal("bank", "b"), seal("telco", "c")])
    assert [type(answer) for answer in answers] == [LogCorrupt, Appended]
    assert notary.signed == ["log.example/op/telco"]


def test_nothing_is_signed_for_a_log_that_shrank(log: TransparencyLog, engine: Engine, seal: Seal) -> None:
    with reading(engine) as connection:
        before = connection.execute(text("SELECT root, checkpoint FROM logs WHERE log_id = 'bank'")).one()
    log.append(seal("bank", "a"))
    with writing(engine) as connection:
        for table in ("tokens", "entries", "tiles"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of our own
        connection.execute(
            text("UPDATE logs SET size = 0, root = :root, checkpoint = :checkpoint WHERE log_id = 'bank'"),
            before._asdict(),
        )
    with pytest.raises(LogCorrupt, match="shrank"):
        log.append(seal("bank", "b"))


def test_no_more_edges_are_remembered_than_there_is_room_for(
    engine: Engine, notary: Notary, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "_MAX_EDGES", 2)
    sequencer = sequencing.Sequencer(engine, signers_for=notary.signers_for)
    log = TransparencyLog(engine, signers_for=notary.signers_for)
    for number in range(4):
        log.create_log(f"log-{number}", f"log.example/{number}")
        sequencer.commit([seal(f"log-{number}", str(number))])
    assert list(sequencer._edges) == ["log-2", "log-3"]
