"""What is appended to a log, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from sigill.tlog.leaf import AnyLeaf

Guard: TypeAlias = Callable[[Connection], None]
Write: TypeAlias = Callable[[Connection, int], None]


@dataclass(frozen=True, slots=True)
class Token:
    """A JWS stored with its leaf. `code` is what a customer may look it up by; `created_at` is aware."""

    jti: str
    operator_id: str
    code: str | None
    jws: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Append:
    """One leaf and all that is committed with it, or none of it.

    Guards run first and raise GuardFailed if the request was decided on a state that is gone; writes then get the
    leaf's index. Both run in the commit's transaction, in a savepoint of their own, and see what earlier appends of
    the same batch wrote through theirs. They do nothing but use the connection: after a rollback they may run again,
    and what one raises reaches its own submitter only. Leaves, tokens and records are inserted after all writes of a
    batch: a foreign key to them must be deferrable and initially deferred.
    """

    log_id: str
    leaf: AnyLeaf
    token: Token | None = None
    record: bytes | None = None
    guards: tuple[Guard, ...] = ()
    writes: tuple[Write, ...] = ()


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
    """A log's row: where it stands, and the signed note that says so."""

    log_id: str
    origin: str
    size: int
    root: bytes
    checkpoint: str
