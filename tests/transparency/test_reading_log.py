from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text

from sigill.tlog.leaf import LeafKind, format_leaf, leaf_of
from sigill.tlog.tiles import Tile, parse_bundle
from sigill.tlog.tree import hash_leaf
from storage.engine import writing
from transparency import tile_cache
from transparency.append import Append, Appended, StoredToken
from transparency.errors import EntryUnknown, LogCorrupt, LogUnknown, StoreUnavailable
from transparency.log import TransparencyLog
from transparency.tile_store import load_tile

Seal = Callable[..., Append]
CheckReceipt = Callable[[Append, Appended], None]
LEAVES = [leaf_of(LeafKind.EVENT, bytes([number % 256, number // 256])) for number in range(600)]


@pytest.fixture
def filled(log: TransparencyLog) -> TransparencyLog:
    log.append_all([Append("bank", leaf) for leaf in LEAVES])
    return log


def test_a_new_log_has_a_signed_checkpoint_of_size_0(log: TransparencyLog) -> None:
    (bank, telco) = log.logs()
    assert (bank.log_id, bank.origin, bank.size, telco.log_id) == ("bank", "log.example/op/bank", 0, "telco")
    assert log.checkpoint("bank") == bank.checkpoint
    assert log.head("bank") == bank
    assert log.checkpoint("nobody") is None


def test_every_leaf_s_receipt_proves_it_against_the_current_checkpoint(
    filled: TransparencyLog, check_receipt: CheckReceipt
) -> None:
    for index in (0, 1, 255, 256, 511, 512, 598, 599):
        receipt = filled.receipt("bank", index)
        assert receipt.endswith(filled.checkpoint("bank") or "?")
        check_receipt(Append("bank", LEAVES[index]), Appended("bank", "log.example/op/bank", index, receipt))


def test_a_receipt_reads_each_tile_once(
    filled: TransparencyLog, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Tile] = []

    def load_counted(connection: Connection, log_id: str, tile: Tile) -> bytes | None:
        asked.append(tile)
        return load_tile(connection, log_id, tile)

    monkeypatch.setattr(tile_cache, "load_tile", load_counted)
    TransparencyLog(engine, signers_for=filled._signers_for).receipt("bank", 300)
    assert sorted(asked, key=str) == [Tile(0, 1), Tile(0, 2, 88), Tile(1, 0, 2)]


def test_tiles_are_served_at_every_width_there_is_and_no_wider(filled: TransparencyLog) -> None:
    hashes = [hash_leaf(format_leaf(leaf)) for leaf in LEAVES]
    assert filled.tile("bank", 0, 0) == b"".join(hashes[:256])
    assert filled.tile("bank", 0, 0, 7) == b"".join(hashes[:7])
    assert filled.tile("bank", 0, 2, 88) == b"".join(hashes[512:])
    assert filled.tile("bank", 0, 2, 89) is None
    assert len(filled.tile("bank", 1, 0, 2) or b"") == 64


@pytest.mark.parametrize(
    "place", [(0, 3, 1), (0, 3, 256), (2, 0, 1), (64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_a_tile_that_does_not_exist_is_none(filled: TransparencyLog, place: tuple[int, int, int]) -> None:
    assert filled.tile("bank", *place) is None
    assert filled.tile("nobody", *place) is None


def test_bundles_hold_the_leaves_themselves(filled: TransparencyLog) -> None:
    assert parse_bundle(filled.entry_bundle("bank", 0) or b"") == tuple(map(format_leaf, LEAVES[:256]))
    assert parse_bundle(filled.entry_bundle("bank", 2, 88) or b"") == tuple(map(format_leaf, LEAVES[512:]))
    assert parse_bundle(filled.entry_bundle("bank", 2, 5) or b"") == tuple(map(format_leaf, LEAVES[512:517]))


@pytest.mark.parametrize("place", [(2, 89), (3, 1), (-1, 1), (0, 0), (0, 257)])
def test_a_bundle_that_does_not_exist_is_none(filled: TransparencyLog, place: tuple[int, int]) -> None:
    assert filled.entry_bundle("bank", *place) is None


def test_tokens_are_found_by_jti_and_by_code(log: TransparencyLog, seal: Seal) -> None:
    append = seal("bank", "1")
    log.append(append)
    token = append.token
    assert token is not None
    expected = StoredToken("jti-1", "bank", "CODE1", "jws.1", "bank", 0, token.created_at)
    assert log.token_by_jti("jti-1") == log.token_by_code("CODE1") == expected
    assert log.token_by_jti("jti-2") is None
    assert log.token_by_code("jti-1") is None


def test_a_leaf_without_a_record_has_none(filled: TransparencyLog) -> None:
    assert filled.record("bank", 0) is None
    assert filled.leaf("bank", 599) == LEAVES[599]


@pytest.mark.parametrize("index", [-1, 600])
def test_there_is_no_receipt_for_a_leaf_that_is_not_there(filled: TransparencyLog, index: int) -> None:
    with pytest.raises(EntryUnknown):
        filled.receipt("bank", index)
    with pytest.raises(EntryUnknown):
        filled.leaf("bank", index)
    with pytest.raises(LogUnknown):
        filled.receipt("nobody", index)


def test_a_missing_tile_is_a_fault_and_not_an_answer(filled: TransparencyLog, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM tiles WHERE n = 2"))
    with pytest.raises(LogCorrupt):
        filled.receipt("bank", 599)


def test_what_was_read_of_a_tile_is_kept_in_memory(filled: TransparencyLog, engine: Engine) -> None:
    full, partial = filled.tile("bank", 0, 0), filled.tile("bank", 1, 0, 1)
    assert full is not None
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM tiles"))
    assert filled.tile("bank", 0, 0) == full
    assert filled.tile("bank", 0, 0, 7) == full[:224]
    assert filled.tile("bank", 1, 0, 1) == partial
    assert filled.tile("bank", 1, 0, 2) is None


def test_a_database_that_does_not_answer_is_unavailable(filled: TransparencyLog, engine: Engine, seal: Seal) -> None:
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE tokens RENAME TO elsewhere"))
    with pytest.raises(StoreUnavailable):
        filled.token_by_jti("jti-1")
    with pytest.raises(StoreUnavailable):
        filled.append(seal("bank", "1"))
