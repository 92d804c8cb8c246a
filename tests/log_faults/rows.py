"""One flipped bit in what the service stores, and erasures that are not what they say."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select, update

from storage.engine import writing
from tests.log_faults.columns import Case, Column
from tests.log_faults.damage import flip_base64
from tests.log_faults.stage import BANK, ERASED_INDEX, RECORD_INDEX, REFUSED_INDEX, Scene
from transparency.tables import entries, logs, records, root_checkpoints, tiles, tokens, tombstones

_LEAF: Final = 5
Damage = Callable[[Connection], object]


def _stored(damage: Damage) -> Callable[[Scene, ExitStack], None]:
    def make(scene: Scene, _stack: ExitStack) -> None:
        with writing(scene.open().services.engine) as connection:
            damage(connection)
        scene.close()

    return make


def _flip(column: Any, table: Table, *here: Any) -> Damage:
    def damage(connection: Connection) -> None:
        value = connection.execute(select(column).where(*here)).scalar_one()
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[40 % len(data)] ^= 1
        changed = data.decode() if isinstance(value, str) else bytes(data)
        connection.execute(update(table).where(*here).values({column.name: changed}))

    return damage


def _of_leaf(table: Table, index: int) -> tuple[Any, ...]:
    return (table.c.log_id == BANK, table.c.idx == index)


def _of_tile(level: int, number: int) -> tuple[Any, ...]:
    return (tiles.c.log_id == BANK, tiles.c.level == level, tiles.c.n == number)


def _note_of(log_id: str) -> Damage:
    def damage(connection: Connection) -> None:
        here = logs.c.log_id == log_id
        note = connection.execute(select(logs.c.checkpoint).where(here)).scalar_one()
        connection.execute(update(logs).where(here).values(checkpoint=flip_base64(note, -2)))

    return damage


def _cosignature(connection: Connection) -> None:
    newest = select(root_checkpoints).order_by(root_checkpoints.c.size.desc()).limit(1)
    row = connection.execute(newest).one()
    here = root_checkpoints.c.size == row.size
    connection.execute(update(root_checkpoints).where(here).values(note=flip_base64(row.note, -2)))


def _put_back(scene: Scene, _stack: ExitStack) -> None:
    """Put the seal back that was erased."""
    jws = Path(scene.file("erased")).read_text()
    row = {"jti": "back", "operator_id": BANK, "jws": jws, "log_id": BANK, "idx": ERASED_INDEX, "created_at_ms": 0}
    _stored(lambda connection: connection.execute(insert(tokens), row))(scene, _stack)


def _bury(connection: Connection) -> None:
    """Erase as if there were a record: a tombstone that names the erasure of another message."""
    stone = dict(connection.execute(select(tombstones).where(*_of_leaf(tombstones, ERASED_INDEX))).one()._mapping)
    leaf = connection.execute(select(entries.c.hash).where(*_of_leaf(entries, _LEAF))).scalar_one()
    connection.execute(delete(tokens).where(*_of_leaf(tokens, _LEAF)))
    connection.execute(insert(tombstones), stone | {"idx": _LEAF, "hash": leaf, "name": "another"})


def _case(name: str, made: str, damage: Damage, must: dict[Column, str]) -> Case:
    return Case("one flipped bit, stored", name, made, _stored(damage), must)


def _erasure(name: str, made: str, damage: Damage, must: dict[Column, str]) -> Case:
    return Case("erasures", name, made, _stored(damage), must)


_READ: Final = {Column.AUDIT: "tile_wrong", Column.CUSTOMER: "tile_wrong", Column.ROWS: "row_wrong"}

CASES: Final = (
    _case(
        "a message's row",
        "in the signed text of a seal",
        _flip(tokens.c.jws, tokens, *_of_leaf(tokens, _LEAF)),
        {Column.ROWS: "row_wrong"},
    ),
    _case(
        "a refusal's record",
        "in the stored record",
        _flip(records.c.body, records, *_of_leaf(records, REFUSED_INDEX)),
        {Column.ROWS: "row_wrong"},
    ),
    _case(
        "a leaf's row",
        "in the leaf's hash",
        _flip(entries.c.hash, entries, *_of_leaf(entries, _LEAF)),
        {Column.ROWS: "row_wrong", Column.AUDIT: "bundle_wrong"},
    ),
    _case("a leaf tile's row", "in a hash of it", _flip(tiles.c.data, tiles, *_of_tile(0, 0)), _READ),
    _case(
        "an upper tile's row",
        "in a hash of it",
        _flip(tiles.c.data, tiles, *_of_tile(1, 0)),
        {Column.AUDIT: "tile_wrong", Column.CUSTOMER: "tile_wrong"},
    ),
    _case(
        "a partial tile's row",
        "in a hash of it",
        _flip(tiles.c.data, tiles, *_of_tile(0, 1)),
        _READ | {Column.CUSTOMER: "root_wrong"},
    ),
    _case(
        "an operator's stored checkpoint",
        "in its signature",
        _note_of(BANK),
        {Column.MONITOR: "signature_wrong", Column.AUDIT: "signature_wrong", Column.CUSTOMER: "signature_wrong"},
    ),
    _case(
        "the stored root checkpoint",
        "in its last cosignature",
        _cosignature,
        {Column.MONITOR: "cosignature_wrong", Column.AUDIT: "cosignature_wrong", Column.CUSTOMER: "cosignature_wrong"},
    ),
    _erasure(
        "a row erased without its record",
        "a message's row is deleted, and that is all",
        lambda connection: connection.execute(delete(tokens).where(*_of_leaf(tokens, _LEAF))),
        {Column.ROWS: "row_missing"},
    ),
    _erasure(
        "a tombstone without its record",
        "the record of an erasure is deleted",
        lambda connection: connection.execute(delete(records).where(*_of_leaf(records, RECORD_INDEX))),
        {Column.ROWS: "tombstone_without_record", Column.AUDIT: "tombstone_without_record"},
    ),
    _erasure(
        "a tombstone under another's record",
        "a message is erased, and its tombstone names the record of another erasure",
        _bury,
        {Column.ROWS: "erasure_wrong", Column.AUDIT: "erasure_wrong"},
    ),
    Case(
        "erasures",
        "a record whose row is still there",
        "the row that was erased is put back",
        _put_back,
        {Column.ROWS: "erasure_wrong"},
    ),
)
