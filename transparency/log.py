"""The log as the packages above use it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, insert, or_, select
from sqlalchemy.exc import SQLAlchemyError

from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.leaf import AnyLeaf
from sigill.tlog.note import is_key_name
from sigill.tlog.proof import LogProof, format_proof
from sigill.tlog.tiles import TILE_WIDTH, Tile
from sigill.tlog.tree import EMPTY_ROOT, inclusion_proof
from storage.engine import own_turn_at, writing
from transparency.append import Append, Appended, LogHead, StoredToken
from transparency.commit_queue import MAX_BATCH, MAX_WAITING, CommitObserver, CommitQueue
from transparency.errors import LogConflict, StoreUnavailable, TransparencyError
from transparency.growth import check_growth, proof_between
from transparency.reading import LogReader
from transparency.receipts import Receipt, whole_receipt
from transparency.renewal import renew_checkpoints
from transparency.sequencing import Committed, Sequencer, SignersFor, signed_checkpoint
from transparency.tables import logs, tokens


class TransparencyLog:
    """Every log of one database. One per process, made after forking; any number of threads and processes.

    `signers_for` gives the keys that sign a log's checkpoints, now or at another time.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        signers_for: SignersFor,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
        observer: CommitObserver | None = None,
    ) -> None:
        self._engine = engine
        self._signers_for = signers_for
        self._reader = LogReader(engine)
        self._max_batch = max_batch
        sequencer = Sequencer(engine, signers_for=signers_for)
        self._queue = CommitQueue[Append, Committed](
            sequencer.commit,
            max_batch=max_batch,
            max_waiting=max_waiting,
            observer=observer,
            turn=lambda: own_turn_at(engine),
        )

    def create_log(self, log_id: str, origin: str) -> None:
        """Create an empty log with its signed checkpoint, unless it is there already.

        Raises LogConflict (the id or the origin is another's), StoreUnavailable; ValueError for an origin that
        cannot name a key.
        """
        if not is_key_name(origin):
            raise ValueError("an origin has 1 to 255 characters, no spaces and no +")
        row = {"log_id": log_id, "origin": origin, "size": 0, "root": EMPTY_ROOT}
        query = select(logs.c.log_id, logs.c.origin).where(or_(logs.c.log_id == log_id, logs.c.origin == origin))
        try:
            with writing(self._engine) as connection:
                found = [tuple(row) for row in connection.execute(query)]
                if not found:
                    note = signed_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), signers_for=self._signers_for)
                    connection.execute(insert(logs), row | {"checkpoint": note})
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"the log was not created: {type(error).__name__}") from error
        if found not in ([], [(log_id, origin)]):
            raise LogConflict(f"log {log_id[:80]!r} or origin {origin[:80]!r} is another's")

    def append(self, append: Append) -> Appended:
        """Append one leaf; return when it is durable, with its receipt.

        Raises GuardFailed, KeyClaimed, CodeTaken, TokenExists, LogUnknown, LogCorrupt, Overloaded, StoreUnavailable,
        and whatever its own writes raise: then nothing of it was written (but see CommitInterrupted).
        """
        (answer,) = self.append_all((append,))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def append_all(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Append leaves, in order; each answer is what `append` would return or raise. They wait in the first's lane.

        Not all or nothing: as many commits as it takes, each of at most `max_batch`, so that others get their turns.
        """
        answers: list[Appended | Exception] = []
        for begin in range(0, len(appends), self._max_batch):
            batch = appends[begin : begin + self._max_batch]
            try:
                committed = self._queue.submit(batch, lane=batch[0].log_id)
            except TransparencyError as error:
                committed = [error] * len(batch)
            answers += map(_appended, batch, committed)
        return answers

    def logs(self) -> tuple[LogHead, ...]:
        """Return every log's head, in the order of their ids."""
        return self._reader.heads()

    def head(self, log_id: str) -> LogHead | None:
        """Return a log's head, or None for a log unknown."""
        return self._reader.head(log_id)

    def checkpoint(self, log_id: str) -> str | None:
        """Return a log's current signed checkpoint, or None for a log unknown."""
        head = self._reader.head(log_id)
        return None if head is None else head.checkpoint

    def tile(self, log_id: str, level: int, n: int, width: int = TILE_WIDTH) -> bytes | None:
        """Return `width` hashes of a tile (32 bytes each), or None where the log has no tile that wide."""
        return self._reader.tile(log_id, Tile(level, n, width))

    def entry_bundle(self, log_id: str, n: int, width: int = TILE_WIDTH) -> bytes | None:
        """Return the leaves [256·n, 256·n + width) as a C2SP entry bundle, or None where there are not that many."""
        return self._reader.entry_bundle(log_id, n, width)

    def receipt(self, log_id: str, index: int) -> str:
        """Return a fresh tlog-proof of a leaf against the current checkpoint. Raises LogUnknown, EntryUnknown."""
        return self._reader.receipt(log_id, index)

    def whole_receipt(self, log_id: str, index: int) -> Receipt:
        """Return a leaf's receipt with the second proof, for the root log; without it while there is none.

        Raises LogUnknown, EntryUnknown, LogCorrupt, StoreUnavailable.
        """
        whole = whole_receipt(self._engine, log_id, index, reader=self._reader, signers_for=self._signers_for)
        return Receipt(self.receipt(log_id, index), None) if whole is None else whole

    def receipt_at(self, log_id: str, index: int, tree_size: int, *, at: datetime) -> str:
        """Return the proof that was given out at `at` with a tree of that size: its checkpoint is signed as then.

        Raises LogUnknown, EntryUnknown, StoreUnavailable.
        """
        origin, root, path = self._reader.proof_at(log_id, index, tree_size)
        note = signed_checkpoint(Checkpoint(origin, tree_size, root), signers_for=self._signers_for, at=at)
        return format_proof(LogProof(index, tuple(path), note))

    def check_growth(self, log_id: str, *, old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
        """Check that a log's tiles lead from its head `old` (size, root) to `new`. Raises LogCorrupt if they do not.

        Raises StoreUnavailable.
        """
        check_growth(self._engine, self._reader, log_id, old=old, new=new)

    def proof_between(self, log_id: str, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """Return the consistency proof from a log's head of `old_size` to that of `new_size`; nothing from 0.

        Raises LogCorrupt, StoreUnavailable; ValueError unless 0 <= old_size <= new_size.
        """
        return proof_between(self._engine, self._reader, log_id, old_size, new_size)

    def renew_checkpoints(self) -> int:
        """Sign each log's checkpoint anew where other keys sign now; return how many. Raises StoreUnavailable."""
        return renew_checkpoints(self._engine, self._reader.heads(), signers_for=self._signers_for)

    def token_at(self, log_id: str, index: int) -> StoredToken | None:
        """Return the token of the leaf at an index, or None: another kind of leaf."""
        return self._reader.token((tokens.c.log_id == log_id) & (tokens.c.idx == index))

    def leaf(self, log_id: str, index: int) -> AnyLeaf:
        """Return the leaf at an index. Raises EntryUnknown."""
        return self._reader.leaf(log_id, index)

    def record(self, log_id: str, index: int) -> bytes | None:
        """Return the record whose hash the leaf holds, or None: never kept, or erased."""
        return self._reader.record(log_id, index)

    def token_by_jti(self, jti: str) -> StoredToken | None:
        """Return the token of that jti, or None."""
        return self._reader.token(tokens.c.jti == jti)

    def token_by_code(self, code: str) -> StoredToken | None:
        """Return the token of that code, or None."""
        return self._reader.token(tokens.c.code == code)


def _appended(append: Append, answer: Committed | Exception) -> Appended | Exception:
    """Prove a committed leaf, in the submitter's own thread: the next batch need not wait for it."""
    if isinstance(answer, Exception):
        return answer
    path = inclusion_proof(answer.index, answer.edge.frontier.size, answer.edge.read)
    receipt = format_proof(LogProof(answer.index, path, answer.checkpoint))
    return Appended(append.log_id, answer.origin, answer.index, receipt)
