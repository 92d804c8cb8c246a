"""One batch, one transaction, in this order:

1. the heads of the logs concerned, locked in the order of their ids, and their edges
2. each append in turn, in a savepoint: guards, then writes with the index it would get; who fails drops out
3. leaves, tokens, records
4. tiles, head and one signed checkpoint per log
5. the commit, and only then what this process remembers

Whatever is killed, whenever: either all of it is there or nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError

from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.leaf import HEAD, AnyLeaf, Leaf, format_leaf
from sigill.tlog.note import NoteSigner
from sigill.tlog.tree import hash_leaf
from storage.engine import writing
from storage.times import to_ms
from transparency.append import Append, LogHead, Token
from transparency.edge import Edge
from transparency.errors import CodeTaken, LogCorrupt, LogUnknown, StoreUnavailable, TokenExists
from transparency.tables import entries, logs, records, tokens
from transparency.tile_store import load_edge, save_tiles

SignerFor = Callable[[str], NoteSigner]

_MAX_EDGES: Final = 256
_CONNECTION_FAILURES: Final = (OperationalError, InterfaceError, InternalError)
_SAVE_HEAD: Final = (
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


@dataclass(slots=True)
class _Taken:
    """The codes and jtis that no further token may have."""

    codes: set[str]
    jtis: set[str]


class Sequencer:
    """Commits batches. Remembers the right edge of the logs it wrote last; not for two threads at once."""

    def __init__(self, engine: Engine, *, signer_for: SignerFor) -> None:
        self._engine = engine
        self._signer_for = signer_for
        self._edges: OrderedDict[str, Edge] = OrderedDict()

    def commit(self, appends: Sequence[Append]) -> list[Committed | Exception]:
        """Commit a batch; one answer or exception per append. A database failure is StoreUnavailable for all."""
        try:
            return self._attempt(appends)
        except IntegrityError:  # another process took a code after this one had looked: it is visible now
            return [self._commit_alone(append) for append in appends]
        except SQLAlchemyError as error:
            return [_unavailable(error) for _ in appends]

    def _commit_alone(self, append: Append) -> Committed | Exception:
        try:
            return self._attempt([append])[0]
        except IntegrityError as error:  # so it is a broken constraint of its own writes, seen only at the end
            return error
        except SQLAlchemyError as error:
            return _unavailable(error)

    def _attempt(self, appends: Sequence[Append]) -> list[Committed | Exception]:
        with writing(self._engine) as connection:
            opened = self._open_logs(connection, {append.log_id for append in appends})
            taken = _taken_tokens(connection, [append.token for append in appends if append.token])
            places = [_sequence(connection, append, opened, taken) for append in appends]
            _insert_accepted(connection, opened)
            closed = {
                log_id: self._close_log(connection, log)
                for log_id, log in opened.items()
                if isinstance(log, _OpenLog) and log.accepted
            }
        for log_id, (edge, _) in closed.items():
            self._remember(log_id, edge)
        return [_answer(append, place, opened, closed) for append, place in zip(appends, places, strict=True)]

    def _open_logs(self, connection: Connection, log_ids: set[str]) -> dict[str, _OpenLog | Exception]:
        query = select(logs).where(logs.c.log_id.in_(sorted(log_ids))).order_by(logs.c.log_id).with_for_update()
        opened: dict[str, _OpenLog | Exception] = {log_id: LogUnknown(f"no log {log_id[:80]!r}") for log_id in log_ids}
        for row in connection.execute(query):
            head = LogHead(row.log_id, row.origin, row.size, row.root, row.checkpoint)
            try:
                edge = load_edge(connection, head, known=self._edges.get(head.log_id))
                opened[head.log_id] = _OpenLog(head, edge)
            except LogCorrupt as error:
                opened[head.log_id] = error
        return opened

    def _close_log(self, connection: Connection, log: _OpenLog) -> tuple[Edge, str]:
        head = log.head
        edge = log.edge.grown(hash_leaf(format_leaf(append.leaf)) for append in log.accepted)
        checkpoint = Checkpoint(head.origin, edge.frontier.size, edge.frontier.root())
        note = signed_checkpoint(checkpoint, signer_for=self._signer_for)
        save_tiles(connection, head.log_id, edge, old_size=head.size)
        row = {
            "log": head.log_id,
            "old_size": head.size,
            "new_size": checkpoint.size,
            "new_root": checkpoint.root,
            "new_checkpoint": note,
        }
        if connection.execute(_SAVE_HEAD, row).rowcount != 1:
            raise StoreUnavailable(f"log {head.log_id} was written past its lock")
        return edge, note

    def _remember(self, log_id: str, edge: Edge) -> None:
        self._edges[log_id] = edge
        self._edges.move_to_end(log_id)
        if len(self._edges) > _MAX_EDGES:
            self._edges.popitem(last=False)


def signed_checkpoint(checkpoint: Checkpoint, *, signer_for: SignerFor) -> str:
    """Return the signed note of a checkpoint. Raises StoreUnavailable, whatever the key store raised."""
    try:
        return sign_checkpoint(checkpoint, signer=signer_for(checkpoint.origin))
    except Exception as error:
        raise StoreUnavailable(f"the checkpoint could not be signed: {type(error).__name__}") from error


def _unavailable(error: Exception) -> StoreUnavailable:
    unavailable = StoreUnavailable(f"the database did not commit: {type(error).__name__}")
    unavailable.__cause__ = error
    return unavailable


def _taken_tokens(connection: Connection, wanted: Sequence[Token]) -> _Taken:
    codes = [token.code for token in wanted if token.code is not None]
    jtis = [token.jti for token in wanted]
    return _Taken(
        codes=set(connection.scalars(select(tokens.c.code).where(tokens.c.code.in_(codes)))) if codes else set(),
        jtis=set(connection.scalars(select(tokens.c.jti).where(tokens.c.jti.in_(jtis)))) if jtis else set(),
    )


def _sequence(
    connection: Connection, append: Append, opened: Mapping[str, _OpenLog | Exception], taken: _Taken
) -> int | Exception:
    """Give an append its index, or the reason why it gets none."""
    log = opened[append.log_id]
    if isinstance(log, Exception):
        return log
    token = append.token
    if token is not None and token.jti in taken.jtis:
        return TokenExists(f"token {token.jti[:80]!r} is in the log already")
    if token is not None and token.code in taken.codes:
        return CodeTaken("the code is in use")
    index = log.next_index
    try:
        _run(connection, append, index)
    except _CONNECTION_FAILURES:
        raise
    except Exception as error:  # noqa: BLE001 - one append's failure is its own submitter's alone
        return error
    log.accepted.append(append)
    if token is not None:
        taken.jtis.add(token.jti)
        if token.code is not None:
            taken.codes.add(token.code)
    return index


def _run(connection: Connection, append: Append, index: int) -> None:
    if not append.guards and not append.writes:
        return
    with connection.begin_nested():
        for guard in append.guards:
            guard(connection)
        for write in append.writes:
            write(connection, index)


def _insert_accepted(connection: Connection, opened: Mapping[str, _OpenLog | Exception]) -> None:
    entry_rows: list[dict[str, Any]] = []
    token_rows: list[dict[str, Any]] = []
    record_rows: list[dict[str, Any]] = []
    for log in opened.values():
        if isinstance(log, Exception):
            continue
        for index, append in enumerate(log.accepted, start=log.head.size):
            place = {"log_id": append.log_id, "idx": index}
            entry_rows.append(place | _entry_columns(append.leaf))
            if append.token is not None:
                token_rows.append(place | _token_columns(append.token))
            if append.record is not None:
                record_rows.append(place | {"kind": _kind(append.leaf), "body": append.record})
    for table, rows in ((entries, entry_rows), (tokens, token_rows), (records, record_rows)):
        if rows:
            connection.execute(insert(table), rows)


def _kind(leaf: AnyLeaf) -> str:
    return leaf.kind.value if isinstance(leaf, Leaf) else HEAD


def _entry_columns(leaf: AnyLeaf) -> dict[str, Any]:
    if isinstance(leaf, Leaf):
        return {"kind": leaf.kind.value, "hash": leaf.h, "head_origin": None, "head_size": None}
    return {"kind": HEAD, "hash": leaf.root, "head_origin": leaf.origin, "head_size": leaf.size}


def _token_columns(token: Token) -> dict[str, Any]:
    return {
        "jti": token.jti,
        "operator_id": token.operator_id,
        "code": token.code,
        "jws": token.jws,
        "created_at_ms": to_ms(token.created_at),
    }


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
