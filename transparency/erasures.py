"""Erasing what stands behind leaves: the rows go, a tombstone stays, and every proof still verifies.

A leaf's hash is of a signed text or of a record with its own salt, so it tells nothing and stays in the tree. What is
needed to recognise what was erased is kept as hashes too: whoever holds a seal is found by the leaf's `h`, whoever
knows an id by `forgotten_name`, and neither can be guessed, for a seal holds a signature and an id 80 random bits.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from sigill.encoding.base64url import format_base64url
from sigill.tlog.erasure import ErasureRecord, Ground, format_erasure
from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.vocabulary import WithdrawalReason
from storage.bulk import insert_rows
from storage.engine import reading
from storage.forget import overwrite_deleted
from storage.times import from_ms, to_ms
from transparency.append import Append, Guard, Write
from transparency.errors import GuardFailed, StoreUnavailable
from transparency.tables import records, tokens, tombstones, withdrawals

SALT_BYTES: Final = 16
TOKEN_KINDS: Final = frozenset({LeafKind.SEAL, LeafKind.EVENT})


@dataclass(frozen=True, slots=True)
class Grave:
    """One leaf whose token or record is to go; `id` is the token's jti or the refusal's id, if it has one.

    `conversation` is the id of its conversation and its place in it.
    """

    index: int
    kind: LeafKind
    h: bytes
    id: str | None = None
    conversation: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of something erased; `erased_by` is the index of the leaf that says so, `at` is aware.

    `kind` and `ground` are words as they are stored.
    """

    log_id: str
    index: int
    kind: str
    h: bytes
    erased_by: int
    ground: str
    requester: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who has something erased from which log, on what ground, when (aware, whole seconds)."""

    log_id: str
    ground: Ground
    requester: str
    at: datetime


def forgotten_name(message_id: str) -> str:
    """Return what stands for the id of something erased: 43 characters that nobody can turn back."""
    return format_base64url(hashlib.sha256(f"erased1\n{message_id}".encode("utf-8", "surrogatepass")).digest())


def erase_append(
    graves: Sequence[Grave],
    asked: Asked,
    *,
    salt: bytes,
    guards: Collection[Guard] = (),
    writes: Collection[Write] = (),
) -> Append:
    """Return the append that erases leaves of one kind, in the order of their indices: record, guards and writes.

    `writes` are for what the packages above keep of the same messages. Its submitter is told GuardFailed where
    anything of it is gone already.
    """
    kinds = {grave.kind for grave in graves}
    (kind,) = kinds
    record = ErasureRecord(
        at=int(asked.at.timestamp()),
        ground=asked.ground,
        kind=kind,
        log_id=asked.log_id,
        requester=asked.requester,
        salt=salt,
        indexes=tuple(grave.index for grave in graves),
    )
    return _append(record, guards=(*guards, _still_there(graves, asked.log_id)), writes=(_bury(graves, asked), *writes))


def salt_key_append(month: str, asked: Asked, *, salt: bytes, guards: Collection[Guard], write: Write) -> Append:
    """Return the append that says that a month's salt key (`2026-11`) is destroyed."""
    record = ErasureRecord(
        at=int(asked.at.timestamp()),
        ground=asked.ground,
        kind=None,
        log_id=asked.log_id,
        requester=asked.requester,
        salt=salt,
        month=month,
    )
    return _append(record, guards=tuple(guards), writes=(write,))


def find_tombstone(engine: Engine, *, h: bytes) -> Tombstone | None:
    """Return what is left of the erased leaf of that hash, or None. Raises StoreUnavailable."""
    return _find(engine, tombstones.c.hash == h)


def find_erased_id(engine: Engine, message_id: str) -> Tombstone | None:
    """Return what is left of the erased message, event or refusal of that id, or None. Raises StoreUnavailable."""
    return _find(engine, tombstones.c.name == forgotten_name(message_id))


@dataclass(frozen=True, slots=True)
class ErasuresPage:
    """Some erasures of a log: every tombstone and record of the `erase` leaves in it, by rising index of these.

    `last` is the index of the last of those leaves where there are more, else None.
    """

    tombstones: tuple[Tombstone, ...]
    records: Mapping[int, bytes]
    last: int | None


def list_erasures(engine: Engine, log_id: str, *, after: int, limit: int) -> ErasuresPage:
    """Return what the next `limit` `erase` leaves behind index `after` did, those without a record or a tombstone too.

    Raises StoreUnavailable.
    """
    stones, bodies = tombstones.c, records.c
    said = select(stones.erased_by).where(stones.log_id == log_id, stones.erased_by > after).distinct()
    kept = select(bodies.idx).where(bodies.log_id == log_id, bodies.kind == LeafKind.ERASE.value, bodies.idx > after)
    with _reading(engine) as connection:
        places = set(connection.execute(said.order_by(stones.erased_by).limit(limit + 1)).scalars())
        places |= set(connection.execute(kept.order_by(bodies.idx).limit(limit + 1)).scalars())
        page = sorted(places)[:limit]
        if not page:
            return ErasuresPage((), {}, None)
        among = stones.erased_by.between(page[0], page[-1])
        rows = connection.execute(
            select(tombstones).where(stones.log_id == log_id, among).order_by(stones.erased_by, stones.idx)
        )
        found = tuple(_tombstone(row) for row in rows)
        shown = select(bodies.idx, bodies.body).where(bodies.log_id == log_id, bodies.idx.in_(page))
        texts = {
            row.idx: bytes(row.body) for row in connection.execute(shown.where(bodies.kind == LeafKind.ERASE.value))
        }
    return ErasuresPage(found, texts, page[-1] if len(places) > limit else None)


def newest_erasure(connection: Connection, log_id: str) -> int:
    """Return the index of the log's last `erase` leaf that left a tombstone, -1 for none."""
    query = select(func.max(tombstones.c.erased_by)).where(tombstones.c.log_id == log_id)
    found = connection.execute(query).scalar_one()
    return -1 if found is None else int(found)


def _append(record: ErasureRecord, *, guards: tuple[Guard, ...], writes: tuple[Write, ...]) -> Append:
    body = format_erasure(record)
    leaf = leaf_of(LeafKind.ERASE, body)
    return Append(log_id=record.log_id, leaf=leaf, record=body, guards=guards, writes=writes)


def _still_there(graves: Sequence[Grave], log_id: str) -> Guard:
    """Return the guard that raises GuardFailed unless everything to be erased is there."""
    table = tokens if graves[0].kind in TOKEN_KINDS else records
    indices = [grave.index for grave in graves]

    def check(connection: Connection) -> None:
        query = select(func.count()).select_from(table).where(table.c.log_id == log_id, table.c.idx.in_(indices))
        if connection.execute(query).scalar_one() != len(graves):
            raise GuardFailed("something of it was erased meanwhile")

    return check


def _bury(graves: Sequence[Grave], asked: Asked) -> Write:
    indices = [grave.index for grave in graves]
    ids = [grave.id for grave in graves if grave.id is not None]

    def write(connection: Connection, index: int) -> None:
        overwrite_deleted(connection)
        for table in (tokens, records):
            connection.execute(delete(table).where(table.c.log_id == asked.log_id, table.c.idx.in_(indices)))
        _rename_withdrawals(connection, ids)
        insert_rows(connection, tombstones, [_row(grave, asked, erased_by=index) for grave in graves])

    return write


def _rename_withdrawals(connection: Connection, ids: Sequence[str]) -> None:
    """Let withdrawals stand, by their places in status lists, without the ids and the reasons."""
    withdrawn = select(withdrawals.c.jti).where(withdrawals.c.jti.in_(ids))
    for jti in connection.execute(withdrawn).scalars().all():
        nameless = {"jti": forgotten_name(jti), "reason": WithdrawalReason.OTHER.value}
        connection.execute(update(withdrawals).where(withdrawals.c.jti == jti).values(nameless))


def _row(grave: Grave, asked: Asked, *, erased_by: int) -> dict[str, Any]:
    conversation_id, seq = grave.conversation or (None, None)
    return {
        "log_id": asked.log_id,
        "idx": grave.index,
        "kind": grave.kind.value,
        "hash": grave.h,
        "name": None if grave.id is None else forgotten_name(grave.id),
        "conversation_id": conversation_id,
        "seq": seq,
        "erased_by": erased_by,
        "ground": asked.ground.value,
        "requester": asked.requester,
        "at_ms": to_ms(asked.at),
    }


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    try:
        with reading(engine) as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"erasures could not be read: {type(error).__name__}") from error


def _find(engine: Engine, condition: Any) -> Tombstone | None:  # noqa: ANN401 - a condition on `tombstones`
    with _reading(engine) as connection:
        row = connection.execute(select(tombstones).where(condition).limit(1)).one_or_none()
    return None if row is None else _tombstone(row)


def _tombstone(row: Row[Any]) -> Tombstone:
    return Tombstone(
        log_id=row.log_id,
        index=row.idx,
        kind=row.kind,
        h=bytes(row.hash),
        erased_by=row.erased_by,
        ground=row.ground,
        requester=row.requester,
        at=from_ms(row.at_ms),
    )
