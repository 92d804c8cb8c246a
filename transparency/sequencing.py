"""One batch, one transaction, in this order:

1. the heads of the logs concerned, locked in the order of their ids, and their edges
2. what the parts are held against: one ledger per kind of part
3. each append in turn, in memory: who fails a check drops out, the others get their index
4. leaves, tokens and records, then what the ledgers took
5. tiles, head and one signed checkpoint per log
6. the commit, and only then what this process remembers

An append that brings guards and writes of its own is a batch of one, and these run in a savepoint at step 3.
Whatever is killed, whenever: either all of it is there or nothing.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError

from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.leaf import format_leaf
from sigill.tlog.note import NoteSigner
from sigill.tlog.tree import hash_leaf
from storage.bulk import FEWEST_COPIED
from storage.engine import reading, writing
from storage.prepared import Asked, Prepared, together
from transparency.append import Append, Ledger, LogHead, Part, Place
from transparency.edge import Edge
from transparency.errors import (
    CodeTaken,
    CommitInterrupted,
    LogCorrupt,
    LogHalted,
    LogUnknown,
    StoreUnavailable,
    TokenExists,
)
from transparency.rows import insert_accepted
from transparency.tables import logs, tokens
from transparency.tile_store import load_edge, save_tiles


class SignersFor(Protocol):
    """Gives the Ed25519 keys of a log by its origin; one private key may serve several logs."""

    def __call__(self, origin: str, at: datetime | None = None, /) -> Sequence[NoteSigner]:
        """Return the keys, named as the origin, that sign checkpoints at `at` (aware; now where it is None).

        At least one; several while one takes over.
        """


_MAX_EDGES: Final = 256
_CONNECTION_FAILURES: Final = (OperationalError, InterfaceError, InternalError)
_LOCK_HEAD: Final = Prepared(
    select(logs.c.log_id, logs.c.origin, logs.c.size, logs.c.root, logs.c.checkpoint, logs.c.halted)
    .where(logs.c.log_id == bindparam("log"))
    .with_for_update()
)
_SAVE_HEAD: Final = Prepared(
    update(logs)
    .where(logs.c.log_id == bindparam("log"), logs.c.size == bindparam("old_size"))
    .values(size=bindparam("new_size"), root=bindparam("new_root"), checkpoint=bindparam("new_checkpoint"))
)


@dataclass(frozen=True, slots=True)
class Committed:
    """A durable leaf: its index, and the edge and the signed checkpoint to prove it with."""

    origin: str
    index: int
    edge: Edge
    checkpoint: str


@dataclass(slots=True)
class _OpenLog:
    """A log while a batch is sequenced: where it stood, and what was accepted, in order."""

    head: LogHead
    edge: Edge
    accepted: list[Append] = field(default_factory=list)

    @property
    def next_index(self) -> int:
        return self.head.size + len(self.accepted)


Ledgers = Mapping[type[Part], Ledger]


class Sequencer:
    """Commits batches. Remembers the right edge of the logs it wrote last; not for two threads at once."""

    def __init__(self, engine: Engine, *, signers_for: SignersFor) -> None:
        self._engine = engine
        self._signers_for = signers_for
        self._edges: OrderedDict[str, Edge] = OrderedDict()

    def commit(self, appends: Sequence[Append]) -> list[Committed | Exception]:
        """Commit a batch; one answer or exception per append. A database failure is StoreUnavailable for all.

        Appends with code of their own, and their neighbours, are transactions apart.
        """
        answers: list[Committed | Exception] = []
        for is_scripted, group in groupby(appends, key=lambda append: append.is_scripted):
            batch = list(group)
            for part in [[append] for append in batch] if is_scripted else [batch]:
                answers += self._commit_together(part)
        return answers

    def _commit_together(self, appends: Sequence[Append]) -> list[Committed | Exception]:
        try:
            return self._attempt(appends)
        except IntegrityError as error:  # a code was drawn twice, or its own writes broke a constraint
            if len(appends) > 1:
                return [answer for append in appends for answer in self._commit_together([append])]
            return [self._why(appends[0], error)]
        except CommitInterrupted as error:
            return [error for _ in appends]
        except SQLAlchemyError as error:
            return [_unavailable(error) for _ in appends]

    def _why(self, append: Append, error: IntegrityError) -> Exception:
        """Say which constraint an append that was alone has broken."""
        token = append.token
        if token is None:
            return error
        same_jti = select(tokens.c.jti).where(tokens.c.jti == token.jti)
        same_code = select(tokens.c.jti).where(tokens.c.code == token.code)
        try:
            with reading(self._engine) as connection:
                if connection.execute(same_jti).first() is not None:
                    return TokenExists(f"token {token.jti[:80]!r} is in the log already")
                if connection.execute(same_code).first() is not None:
                    return CodeTaken("the code is in use")
        except SQLAlchemyError as trouble:
            return _unavailable(trouble)
        return error

    def _attempt(self, appends: Sequence[Append]) -> list[Committed | Exception]:
        at_the_end = False
        try:
            with writing(self._engine) as connection:
                with together(connection):
                    heads = _ask_heads(connection, appends)
                    ledgers = _open_ledgers(connection, appends)
                    opened = self._open_logs(connection, heads)
                places = [_sequence(connection, append, opened, ledgers) for append in appends]
                closed = self._write(connection, opened, ledgers)
                at_the_end = True
        except SQLAlchemyError as error:
            if at_the_end and not isinstance(error, IntegrityError):
                lost = CommitInterrupted(f"the commit was interrupted ({type(error).__name__}): made, or not")
                raise lost from error
            raise
        for log_id, (edge, _) in closed.items():
            self._remember(log_id, edge)
        return [_answer(append, place, opened, closed) for append, place in zip(appends, places, strict=True)]

    def _write(
        self, connection: Connection, opened: Mapping[str, _OpenLog | Exception], ledgers: Ledgers
    ) -> dict[str, tuple[Edge, str]]:
        """Write what was accepted; return each written log's new edge and checkpoint."""
        grown = {log_id: log for log_id, log in opened.items() if isinstance(log, _OpenLog) and log.accepted}
        if not grown:
            return {}
        is_copied = sum(len(log.accepted) for log in grown.values()) >= FEWEST_COPIED
        with nullcontext() if is_copied else together(connection):
            insert_accepted(connection, [(log.head.size, log.accepted) for log in grown.values()])
            tree_sizes = {log_id: log.next_index for log_id, log in grown.items()}
            for ledger in ledgers.values():
                ledger.save(connection, tree_sizes)
            closed = {log_id: self._close_log(connection, log) for log_id, log in grown.items()}
        for log_id, (_, _, saved) in closed.items():
            if saved.changed() != 1:
                raise StoreUnavailable(f"log {log_id} was written past its lock")
        return {log_id: (edge, note) for log_id, (edge, note, _) in closed.items()}

    def _open_logs(self, connection: Connection, heads: Mapping[str, Asked]) -> dict[str, _OpenLog | Exception]:
        opened: dict[str, _OpenLog | Exception] = {}
        for log_id, asked in heads.items():
            rows = asked.rows()
            if not rows:
                opened[log_id] = LogUnknown(f"no log {log_id[:80]!r}")
                continue
            head = LogHead(*rows[0])
            if head.halted is not None:
                opened[head.log_id] = LogHalted(f"nothing more is sealed in this log: {head.halted}")
                continue
            try:
                edge = load_edge(connection, head, known=self._edges.get(head.log_id))
                opened[head.log_id] = _OpenLog(head, edge)
            except LogCorrupt as error:
                opened[head.log_id] = error
        return opened

    def _close_log(self, connection: Connection, log: _OpenLog) -> tuple[Edge, str, Asked]:
        head = log.head
        edge = log.edge.grown(hash_leaf(format_leaf(append.leaf)) for append in log.accepted)
        checkpoint = Checkpoint(head.origin, edge.frontier.size, edge.frontier.root())
        note = signed_checkpoint(checkpoint, signers_for=self._signers_for)
        save_tiles(connection, head.log_id, edge, old_size=head.size)
        row = {
            "log": head.log_id,
            "old_size": head.size,
            "new_size": checkpoint.size,
            "new_root": checkpoint.root,
            "new_checkpoint": note,
        }
        return edge, note, _SAVE_HEAD.ask(connection, row)

    def _remember(self, log_id: str, edge: Edge) -> None:
        self._edges[log_id] = edge
        self._edges.move_to_end(log_id)
        if len(self._edges) > _MAX_EDGES:
            self._edges.popitem(last=False)


def signed_checkpoint(checkpoint: Checkpoint, *, signers_for: SignersFor, at: datetime | None = None) -> str:
    """Return the note of a checkpoint signed now, or as it was `at`. Raises StoreUnavailable, whatever it was."""
    try:
        signer, *beside = signers_for(checkpoint.origin, at)
        return sign_checkpoint(checkpoint, signer=signer, beside=beside)
    except Exception as error:
        raise StoreUnavailable(f"the checkpoint could not be signed: {type(error).__name__}") from error


def _unavailable(error: Exception) -> StoreUnavailable:
    unavailable = StoreUnavailable(f"the database did not commit: {type(error).__name__}")
    unavailable.__cause__ = error
    return unavailable


def _ask_heads(connection: Connection, appends: Sequence[Append]) -> dict[str, Asked]:
    """Lock the logs' heads, in the order of their ids, before anything else is read."""
    return {
        log_id: _LOCK_HEAD.ask(connection, {"log": log_id}) for log_id in sorted({append.log_id for append in appends})
    }


def _open_ledgers(connection: Connection, appends: Sequence[Append]) -> dict[type[Part], Ledger]:
    """Return a ledger per kind of part, in the order in which the kinds come."""
    kinds: dict[type[Part], list[Part]] = {}
    for append in appends:
        for part in append.parts:
            kinds.setdefault(type(part), []).append(part)
    return {kind: kind.open(connection, parts) for kind, parts in kinds.items()}


def _sequence(
    connection: Connection, append: Append, opened: Mapping[str, _OpenLog | Exception], ledgers: Ledgers
) -> int | Exception:
    """Give an append its index, or the reason why it gets none."""
    log = opened[append.log_id]
    if isinstance(log, Exception):
        return log
    index = log.next_index
    try:
        for part in append.parts:
            ledgers[type(part)].check(part)
        if append.is_scripted:
            _run(connection, append, index)
    except _CONNECTION_FAILURES:
        raise
    except Exception as error:  # noqa: BLE001 - one append's failure is its own submitter's alone
        return error
    place = Place(append.log_id, index)
    for part in append.parts:
        ledgers[type(part)].take(part, place)
    log.accepted.append(append)
    return index


def _run(connection: Connection, append: Append, index: int) -> None:
    with connection.begin_nested():
        for guard in append.guards:
            guard(connection)
        for write in append.writes:
            write(connection, index)


def _answer(
    append: Append,
    place: int | Exception,
    opened: Mapping[str, _OpenLog | Exception],
    closed: Mapping[str, tuple[Edge, str]],
) -> Committed | Exception:
    log = opened[append.log_id]
    if isinstance(place, Exception) or isinstance(log, Exception):
        return place if isinstance(place, Exception) else LogUnknown(append.log_id)
    edge, checkpoint = closed[append.log_id]
    return Committed(log.head.origin, place, edge, checkpoint)
