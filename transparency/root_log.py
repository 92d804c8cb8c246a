"""The log over all logs: its leaves are other logs' heads, in clear, and only ever grow.

A head is committed together with a row in `heads`, on the condition that it is larger than the newest head of its log.
So however many publishers there are, and whenever one is killed, no head stands twice and none goes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from sigill.report.trust import ROOT
from sigill.tlog.leaf import HeadLeaf
from storage.bulk import insert_rows
from storage.engine import reading, writing
from storage.prepared import Asked, Prepared
from storage.times import to_ms
from transparency.append import Append, Place
from transparency.errors import GuardFailed, StoreUnavailable
from transparency.tables import heads, logs, root_checkpoints

_MAX_REASON: Final = 200
_NEWEST: Final = Prepared(select(func.max(heads.c.size)).where(heads.c.log_id == bindparam("log")))


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """A head that the root log holds: whose, its size and root, and the index of its leaf in the root log."""

    log_id: str
    size: int
    root: bytes
    root_index: int


@dataclass(frozen=True, slots=True)
class RootCheckpoint:
    """A root checkpoint as it was published: the note with its cosignatures, and whether they reach the quorum."""

    size: int
    note: str
    quorum: bool


@dataclass(frozen=True, slots=True)
class _HeadPart:
    """The part that keeps a head beside its leaf, unless the root log has a newer one of the same log."""

    log_id: str
    size: int
    root: bytes

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[_HeadPart]") -> "_Heads":
        """Load the sizes of the newest heads."""
        return _Heads({part.log_id: _NEWEST.ask(connection, {"log": part.log_id}) for part in parts})


class _Heads:
    """The sizes that the root log holds while a batch is sequenced."""

    def __init__(self, asked: Mapping[str, Asked]) -> None:
        self._asked = asked
        self._sizes: dict[str, int] = {}
        self._taken: list[tuple[_HeadPart, Place]] = []

    def check(self, part: _HeadPart) -> None:
        """Raise GuardFailed unless the head is larger than those before it."""
        for log_id, asked in self._asked.items():
            ((size,),) = asked.rows()
            self._sizes[log_id] = -1 if size is None else size
        self._asked = {}
        if part.size <= self._sizes[part.log_id]:
            raise GuardFailed(f"the root log holds a head of {part.log_id} of {self._sizes[part.log_id]} leaves")

    def take(self, part: _HeadPart, place: Place) -> None:
        """Note it."""
        self._sizes[part.log_id] = part.size
        self._taken.append((part, place))

    def save(self, connection: Connection, _tree_sizes: Mapping[str, int]) -> None:
        """Write the heads."""
        rows = [
            {"log_id": part.log_id, "size": part.size, "root": part.root, "root_index": place.index}
            for part, place in self._taken
        ]
        insert_rows(connection, heads, rows)


def head_append(log_id: str, leaf: HeadLeaf) -> Append:
    """Return what adds a log's head to the root log.

    Its answer is GuardFailed if the head is not larger than the newest of its log: another publisher was faster.
    """
    return Append(ROOT, leaf, parts=(_HeadPart(log_id, leaf.size, leaf.root),))


def load_newest_heads(engine: Engine) -> dict[str, PublishedHead]:
    """Return the newest head of each log that the root log holds. Raises StoreUnavailable."""
    own = heads.alias()
    newest = select(func.max(own.c.size)).where(own.c.log_id == logs.c.log_id).scalar_subquery()
    query = select(heads).join(logs, heads.c.log_id == logs.c.log_id).where(heads.c.size == newest)
    try:
        with reading(engine) as connection:
            found = [_published(row) for row in connection.execute(query)]
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the root log's heads could not be read: {type(error).__name__}") from error
    return {head.log_id: head for head in found}


def first_head_with(connection: Connection, log_id: str, index: int) -> PublishedHead | None:
    """Return the first head of a log that covers the leaf at `index`, or None: not in the root log yet."""
    query = select(heads).where(heads.c.log_id == log_id, heads.c.size > index).order_by(heads.c.size).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _published(row)


def first_checkpoint_with(connection: Connection, root_index: int) -> RootCheckpoint | None:
    """Return the first root checkpoint that covers a root leaf and that a quorum cosigned, or None: none yet.

    The first, because its cosignatures are the oldest: they tell how long a leaf has been there at least.
    """
    query = (
        select(root_checkpoints)
        .where(root_checkpoints.c.size > root_index, root_checkpoints.c.quorum)
        .order_by(root_checkpoints.c.size)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _checkpoint(row)


def newest_checkpoint(engine: Engine) -> RootCheckpoint | None:
    """Return the root checkpoint to show: the newest that a quorum cosigned; None before the first.

    Raises StoreUnavailable.
    """
    query = select(root_checkpoints).where(root_checkpoints.c.quorum).order_by(root_checkpoints.c.size.desc()).limit(1)
    try:
        with reading(engine) as connection:
            row = connection.execute(query).one_or_none()
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the root checkpoint could not be read: {type(error).__name__}") from error
    return None if row is None else _checkpoint(row)


def newest_note(engine: Engine) -> str | None:
    """Return the note of `newest_checkpoint`, or None. Raises StoreUnavailable."""
    shown = newest_checkpoint(engine)
    return None if shown is None else shown.note


def save_checkpoint(engine: Engine, checkpoint: RootCheckpoint, *, at: datetime) -> None:
    """Keep a root checkpoint; of one size the first that reached the quorum stays. Raises StoreUnavailable."""
    values = {"note": checkpoint.note, "quorum": checkpoint.quorum, "at_ms": to_ms(at)}
    here = (root_checkpoints.c.size == checkpoint.size) & ~root_checkpoints.c.quorum
    there = select(root_checkpoints.c.size).where(root_checkpoints.c.size == checkpoint.size)
    try:
        with writing(engine) as connection:
            if connection.execute(there).first() is None:
                connection.execute(insert(root_checkpoints), {"size": checkpoint.size, **values})
            elif checkpoint.quorum:
                connection.execute(update(root_checkpoints).where(here).values(**values))
    except IntegrityError:  # another publisher keeps one of this size at the same time: as good as ours
        return
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the root checkpoint was not kept: {type(error).__name__}") from error


def halt(engine: Engine, reason: str, *, log_id: str | None = None) -> None:
    """Let nothing more be appended to a log (None: to any), in any process, until `resume`. Raises StoreUnavailable."""
    _set_halted(engine, reason[:_MAX_REASON], log_id)


def resume(engine: Engine) -> None:
    """Let logs be appended to again, for whoever has made sure that nothing is missing. Raises StoreUnavailable."""
    _set_halted(engine, None, None)


def _set_halted(engine: Engine, reason: str | None, log_id: str | None) -> None:
    change = update(logs).values(halted=reason)
    try:
        with writing(engine) as connection:
            connection.execute(change if log_id is None else change.where(logs.c.log_id == log_id))
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the logs were not halted or resumed: {type(error).__name__}") from error


def _published(row: Row[Any]) -> PublishedHead:
    return PublishedHead(row.log_id, row.size, bytes(row.root), row.root_index)


def _checkpoint(row: Row[Any]) -> RootCheckpoint:
    return RootCheckpoint(row.size, row.note, row.quorum)
