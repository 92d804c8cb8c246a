"""The service's own check of its rows: nothing to say of a log in order, and every kind of damage by its name."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from sigill.tlog.erasure import Ground, format_erasure, parse_erasure
from sigill.tlog.faults import Fault
from sigill.tlog.leaf import HeadLeaf, LeafKind, leaf_of
from storage.engine import writing
from tests.transparency.conftest import AT, Seal
from transparency.append import Append, Appended
from transparency.erasures import Asked, Grave, erase_append, newest_erasure, salt_key_append
from transparency.errors import GuardFailed, StoreUnavailable
from transparency.log import TransparencyLog
from transparency.row_check import check_rows, check_whole_log
from transparency.tables import entries, records, tiles, tokens, tombstones

ASKED = Asked(log_id="bank", ground=Ground.OPERATOR_REQUEST, requester="case 7", at=AT)
SALT = bytes(range(16))


def erase(log: TransparencyLog, append: Append, at: Appended) -> Appended:
    assert append.token is not None
    grave = Grave(at.index, LeafKind.SEAL, append.leaf.h, append.token.jti)  # type: ignore[union-attr]
    return log.append(erase_append([grave], ASKED, salt=SALT))


@pytest.fixture
def filled(log: TransparencyLog, seal: Seal) -> TransparencyLog:
    """Leaves 0 to 5: three seals, a refusal, and the erasures of the second seal and of a salt key."""
    appends = [seal("bank", str(number)) for number in range(3)]
    placed = [log.append(each) for each in appends]
    record = b'{"refused":1}'
    log.append(Append("bank", leaf_of(LeafKind.DENY, record), record=record))
    erase(log, appends[1], placed[1])
    log.append(salt_key_append("2026-10", ASKED, salt=SALT, guards=(), write=lambda _connection, _index: None))
    return log


def found(engine: Engine) -> list[tuple[str, str]]:
    return [(each.fault.value, each.where) for each in check_whole_log(engine, "bank")]


@pytest.mark.usefixtures("filled")
def test_a_log_in_order_has_nothing_to_say(engine: Engine) -> None:
    assert found(engine) == []
    assert list(check_whole_log(engine, "telco")) == []
    assert list(check_whole_log(engine, "nobody")) == []


def flip(column: Any, table: Any, index: int) -> Callable[[Connection], None]:
    """Return what flips the last bit of a value."""

    def damage(connection: Connection) -> None:
        here = table.c.idx == index
        value = connection.execute(select(column).where(here)).scalar_one()
        flipped = bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1]) if isinstance(value, bytes) else value + "x"
        connection.execute(update(table).where(here).values({column.name: flipped}))

    return damage


def change(table: Any, index: int, **values: Any) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(update(table).where(table.c.idx == index).values(values))


def remove(table: Any, index: int) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(delete(table).where(table.c.idx == index))


def put_back(connection: Connection) -> None:
    row = {"jti": "back", "operator_id": "bank", "jws": "jws.1", "log_id": "bank", "idx": 1, "created_at_ms": 0}
    connection.execute(insert(tokens), row)


def say_more(connection: Connection) -> None:
    """Let the record of leaf 4 name a leaf that stands, and its leaf be the hash of that."""
    body = bytes(connection.execute(select(records.c.body).where(records.c.idx == 4)).scalar_one())
    said = parse_erasure(body)
    forged = format_erasure(type(said)(**{name: getattr(said, name) for name in said.__slots__} | {"indexes": (1, 2)}))
    connection.execute(update(records).where(records.c.idx == 4).values(body=forged))
    connection.execute(update(entries).where(entries.c.idx == 4).values(hash=leaf_of(LeafKind.ERASE, forged).h))


DAMAGES: dict[str, tuple[Callable[[Connection], Any], list[tuple[Fault, int]]]] = {
    "a changed signed text": (flip(tokens.c.jws, tokens, 0), [(Fault.ROW_WRONG, 0)]),
    "a token that is gone": (remove(tokens, 2), [(Fault.ROW_MISSING, 2)]),
    "a changed record": (flip(records.c.body, records, 3), [(Fault.ROW_WRONG, 3)]),
    "a record that is gone": (remove(records, 3), [(Fault.ROW_MISSING, 3)]),
    "a changed leaf": (flip(entries.c.hash, entries, 0), [(Fault.ROW_WRONG, 0), (Fault.ROW_WRONG, 0)]),
    "a leaf of another kind": (change(entries, 2, kind="event"), [(Fault.ROW_WRONG, 2)]),
    "a leaf of no kind": (
        change(entries, 3, kind="wish"),
        [(Fault.LEAF_MALFORMED, 3)],
    ),
    "a tombstone that is gone": (
        remove(tombstones, 1),
        [(Fault.ROW_MISSING, 1), (Fault.ERASURE_WRONG, 4)],
    ),
    "a tombstone's record that is gone": (
        remove(records, 4),
        [(Fault.TOMBSTONE_WITHOUT_RECORD, 1), (Fault.ROW_MISSING, 4)],
    ),
    "a tombstone's record that was changed": (
        flip(records.c.body, records, 4),
        [(Fault.TOMBSTONE_WITHOUT_RECORD, 1), (Fault.ROW_WRONG, 4), (Fault.ERASURE_WRONG, 4)],
    ),
    "a tombstone that names a seal as its erasure": (
        change(tombstones, 1, erased_by=0),
        [(Fault.TOMBSTONE_WITHOUT_RECORD, 1), (Fault.ERASURE_WRONG, 4)],
    ),
    "a tombstone of another ground": (
        change(tombstones, 1, ground="authority_order"),
        [(Fault.ERASURE_WRONG, 1)],
    ),
    "a tombstone of another requester": (change(tombstones, 1, requester="x"), [(Fault.ERASURE_WRONG, 1)]),
    "a tombstone of another time": (change(tombstones, 1, at_ms=5), [(Fault.ERASURE_WRONG, 1)]),
    "a tombstone of another kind": (change(tombstones, 1, kind="event"), [(Fault.ERASURE_WRONG, 1)]),
    "a tombstone of another hash": (flip(tombstones.c.hash, tombstones, 1), [(Fault.ERASURE_WRONG, 1)]),
    "what was erased, put back": (put_back, [(Fault.ERASURE_WRONG, 1)]),
    "an erasure that names a leaf that stands": (say_more, [(Fault.ROW_WRONG, 4), (Fault.ERASURE_WRONG, 4)]),
    "a flipped bit in a tile": (
        lambda connection: connection.execute(update(tiles).values(data=bytes(32 * 6))),
        [(Fault.ROW_WRONG, index) for index in range(6)],
    ),
    "a tile that is gone": (
        lambda connection: connection.execute(delete(tiles)),
        [(Fault.TILE_MISSING, index) for index in range(6)],
    ),
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_is_noticed_by_its_name(engine: Engine, name: str) -> None:
    damage, expected = DAMAGES[name]
    with writing(engine) as connection:
        damage(connection)
    assert found(engine) == [(fault.value, f"leaf {index}") for fault, index in expected]


@pytest.mark.usefixtures("filled")
def test_a_leaf_that_is_gone_is_noticed(engine: Engine) -> None:
    with writing(engine) as connection:
        for table in (records, entries):
            connection.execute(delete(table).where(table.c.idx == 5))
    assert found(engine) == [("row_missing", "leaf 5")]


@pytest.mark.usefixtures("filled")
def test_what_is_told_says_where_and_nothing_of_the_content(engine: Engine) -> None:
    with writing(engine) as connection:
        flip(tokens.c.jws, tokens, 0)(connection)
    (finding,) = check_whole_log(engine, "bank")
    assert finding.origin == "log.example/op/bank"
    assert finding.detail == "the signed text behind this seal does not hash to it"


def test_a_log_of_heads_is_checked_against_its_tree_alone(engine: Engine, log: TransparencyLog) -> None:
    log.append(Append("telco", HeadLeaf("log.example/op/bank", 3, bytes(32))))
    assert list(check_whole_log(engine, "telco")) == []
    with writing(engine) as connection:
        connection.execute(update(entries).where(entries.c.log_id == "telco").values(head_size=4))
    assert [each.fault for each in check_whole_log(engine, "telco")] == [Fault.ROW_WRONG]


def test_a_long_log_is_checked_in_stretches(engine: Engine, log: TransparencyLog, seal: Seal) -> None:
    log.append_all([seal("bank", str(number)) for number in range(600)])
    with writing(engine) as connection:
        for index in (0, 255, 256, 599):
            connection.execute(delete(tokens).where(tokens.c.idx == index))
    begin, places, steps = 0, [], 0
    while True:
        checked = check_rows(engine, "bank", begin=begin, count=256)
        places += [finding.where for finding in checked.findings]
        begin, steps = checked.next_index, steps + 1
        if begin == checked.size:
            break
    assert (places, steps) == (["leaf 0", "leaf 255", "leaf 256", "leaf 599"], 3)
    log.append_all([seal("bank", str(number)) for number in range(600, 1100)])
    assert [finding.where for finding in check_whole_log(engine, "bank")] == places


@pytest.mark.usefixtures("filled")
def test_a_database_that_does_not_answer_is_no_damage(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE tombstones RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        found(engine)


# --- erasing, below the packages that know what a message is ---


def test_many_leaves_share_one_erasure(engine: Engine, log: TransparencyLog, seal: Seal) -> None:
    appends = [seal("bank", str(number)) for number in range(40)]
    placed = [answer for answer in log.append_all(appends) if isinstance(answer, Appended)]
    graves = [
        Grave(at.index, LeafKind.SEAL, append.leaf.h, append.token.jti)  # type: ignore[union-attr]
        for append, at in zip(appends, placed, strict=True)
    ]
    done = log.append(erase_append(graves[:30], ASKED, salt=SALT))
    assert done.index == 40
    body = log.record("bank", 40)
    assert body is not None
    assert parse_erasure(body).indexes == tuple(range(30))
    with writing(engine) as connection:
        assert newest_erasure(connection, "bank") == 40
        assert newest_erasure(connection, "telco") == -1
        left = connection.execute(select(tokens.c.idx).order_by(tokens.c.idx)).scalars().all()
    assert left == list(range(30, 40))
    assert found(engine) == []


def test_what_is_gone_already_is_not_erased_again(log: TransparencyLog, seal: Seal) -> None:
    append = seal("bank", "1")
    placed = log.append(append)
    erase(log, append, placed)
    with pytest.raises(GuardFailed):
        erase(log, append, placed)
    head = log.head("bank")
    assert head is not None
    assert head.size == 2


def test_an_erasure_that_fails_leaves_everything(engine: Engine, log: TransparencyLog, seal: Seal) -> None:
    append = seal("bank", "1")
    placed = log.append(append)
    grave = Grave(placed.index, LeafKind.SEAL, append.leaf.h, "jti-1")  # type: ignore[union-attr]

    def fail(_connection: Connection, _index: int) -> None:
        raise RuntimeError("the last write of it")

    with pytest.raises(RuntimeError):
        log.append(erase_append([grave], ASKED, salt=SALT, writes=(fail,)))
    assert log.token_by_jti("jti-1") is not None
    assert found(engine) == []
