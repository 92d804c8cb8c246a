"""What a witness must never forget, in SQLite: per origin the latest cosigned checkpoint, and two trees of one size.

Checking and replacing are one transaction, durable before it returns; triggers refuse to shrink or forget as well.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from sigill.witness.judge import Known

FORMAT: Final = 1
MAX_FORKS: Final = 100  # of one log; what convicts needs no more
_BUSY_S: Final = 10.0
_SCHEMA: Final = f"""
CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, public_key BLOB NOT NULL
) STRICT;
CREATE TABLE heads (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time_s INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE forks (
  origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, time_s INTEGER NOT NULL,
  cosigned TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (origin, size, root)
) STRICT;
CREATE TRIGGER heads_only_grow BEFORE UPDATE ON heads
WHEN new.origin <> old.origin OR new.size < old.size OR new.time_s < old.time_s
BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'a witness forgets nothing'); END;
PRAGMA user_version = {FORMAT};
"""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Head:
    """The latest cosigned checkpoint of a log: its facts, and the note with the log's signature and the cosignature."""

    known: Known
    note: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Two trees of one size that a log signed: the note that was cosigned, and the other; seen at `time_s`."""

    size: int
    root: bytes
    time_s: int
    cosigned: str
    other: str


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Answer]):
    """What to answer, and before that to keep: a new head, a fork; None leaves things as they are."""

    answer: Answer
    head: Head | None = None
    fork: Fork | None = None


class Store:
    """An open state file. Threads may share it, and processes the file. Every call may raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def format(self) -> int:
        """Return the number of the file's format."""
        with self._lock:
            return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def identity(self) -> tuple[str, bytes]:
        """Return the name and public key (32 bytes) of the witness whose state this is."""
        with self._lock:
            name, public_key = self._connection.execute("SELECT name, public_key FROM identity").fetchone()
        return str(name), bytes(public_key)

    def head(self, origin: str) -> Head | None:
        """Return what was last cosigned of a log; None if nothing."""
        with self._lock:
            return self._head(origin)

    def forks(self, origin: str) -> tuple[Fork, ...]:
        """Return the forks seen of a log, the earliest first; at most 100 are kept."""
        query = "SELECT size, root, time_s, cosigned, other FROM forks WHERE origin = ? ORDER BY time_s, size"
        with self._lock:
            return tuple(Fork(*row) for row in self._connection.execute(query, (origin,)))

    def settle(self, origin: str, decide: Callable[[Head | None], Outcome[Answer]]) -> Answer:
        """Let `decide` judge by what was last cosigned, keep what it says, and only then return its answer.

        No other thread or process comes between; what is returned is on the disk.
        """
        with self._transaction():
            outcome = decide(self._head(origin))
            if outcome.fork is not None:
                self._keep_fork(origin, outcome.fork)
            if outcome.head is not None:
                self._keep_head(origin, outcome.head)
        return outcome.answer

    def _head(self, origin: str) -> Head | None:
        query = "SELECT size, root, time_s, note FROM heads WHERE origin = ?"
        row = self._connection.execute(query, (origin,)).fetchone()
        return None if row is None else Head(Known(row[0], row[1], row[2]), row[3])

    def _keep_head(self, origin: str, head: Head) -> None:
        known = head.known
        self._connection.execute(
            "INSERT INTO heads (origin, size, root, time_s, note) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE"
            " SET size = excluded.size, root = excluded.root, time_s = excluded.time_s, note = excluded.note",
            (origin, known.size, known.root, known.time_s, head.note),
        )

    def _keep_fork(self, origin: str, fork: Fork) -> None:
        count = self._connection.execute("SELECT count(*) FROM forks WHERE origin = ?", (origin,)).fetchone()[0]
        if count < MAX_FORKS:
            self._connection.execute(
                "INSERT OR IGNORE INTO forks (origin, size, root, time_s, cosigned, other) VALUES (?, ?, ?, ?, ?, ?)",
                (origin, fork.size, fork.root, fork.time_s, fork.cosigned, fork.other),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def make_store(path: Path, *, name: str, public_key: bytes) -> None:
    """Write the empty state of a new witness, whole and closed. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        connection.execute("INSERT INTO identity (id, name, public_key) VALUES (1, ?, ?)", (name, public_key))
    finally:
        connection.close()
