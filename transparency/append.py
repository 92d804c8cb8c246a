"""What is appended to a log, and what comes back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import Connection

from sigill.tlog.leaf import AnyLeaf

Guard: TypeAlias = Callable[[Connection], None]
Write: TypeAlias = Callable[[Connection, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leaf stands: its log and its index."""

    log_id: str
    index: int


class Ledger(Protocol):
    """What the parts of one kind are held against while one batch is sequenced, in memory, and how they are written.

    Nothing is written before `save`, so an append that one ledger stops leaves no trace in another.
    """

    def check(self, part: Any) -> None:  # noqa: ANN401 - a part of the ledger's own kind
        """Raise GuardFailed if the request was decided on a state that is gone, or was gone earlier in this batch."""

    def take(self, part: Any, place: Place) -> None:  # noqa: ANN401
        """Note a part whose append is accepted at `place`; later checks see it."""

    def save(self, connection: Connection, tree_sizes: Mapping[str, int]) -> None:
        """Write what was taken, all at once. `tree_sizes` are the sizes of the logs after this batch."""


class Part(Protocol):
    """Something that is committed with a leaf, on a condition. Parts of one class are loaded and written together."""

    @classmethod
    def open(cls, connection: Connection, parts: Sequence[Any]) -> Ledger:
        """Ask for what these parts are to be held against, with a fixed number of statements of `storage.prepared`.

        With no others: the ledger reads the answers at its first check, so that all of them cost one round trip.
        """


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """A token's place in a status list: the list's number and the index in it."""

    list_number: int
    idx: int


class Token(NamedTuple):
    """A JWS stored with its leaf. `code` is what a customer may look it up by; `created_at` is aware."""

    jti: str
    operator_id: str
    code: str | None
    jws: str
    created_at: datetime
    status: StatusPlace | None = None


class Append(NamedTuple):
    """One leaf and all that is committed with it, or none of it.

    `parts` are for what is sealed by the thousand. Guards and writes are for what is rare: guards run first and raise
    GuardFailed if the request was decided on a state that is gone; writes then get the leaf's index. Such an append
    is committed alone, its guards and writes in a savepoint; they do nothing but use the connection, since after a
    rollback they may run again. What any of these raises reaches its own submitter only. Leaves, tokens and records
    are inserted last: a foreign key to them must be deferrable and initially deferred.
    """

    log_id: str
    leaf: AnyLeaf
    token: Token | None = None
    record: bytes | None = None
    parts: tuple[Part, ...] = ()
    guards: tuple[Guard, ...] = ()
    writes: tuple[Write, ...] = ()

    @property
    def is_scripted(self) -> bool:
        """Whether it brings code of its own to run in the transaction."""
        return bool(self.guards or self.writes)


@dataclass(frozen=True, slots=True)
class Appended:
    """An acknowledged leaf: durable at `index`, proven by `receipt` (the text of a C2SP tlog-proof)."""

    log_id: str
    origin: str
    index: int
    receipt: str


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as the log holds it."""

    jti: str
    operator_id: str
    code: str | None
    jws: str
    log_id: str
    index: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogHead:
    """A log's row: where it stands, and the signed note that says so; `halted` says why nothing more is appended."""

    log_id: str
    origin: str
    size: int
    root: bytes
    checkpoint: str
    halted: str | None = None
