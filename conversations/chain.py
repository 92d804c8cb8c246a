"""The state of a conversation, read before a decision and advanced inside the sealing commit.

A seal is decided and signed on the state it saw. The guard made by `advance` runs in the commit's transaction and
lets the seal in only if nobody else advanced the conversation meanwhile; `seq` is the version compared. A refusal
leaves the conversation as it is, and is let in by `unchanged` on the same condition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from conversations.tables import conversations
from sigill.vocabulary import Authorship
from storage.times import to_ms
from transparency.errors import GuardFailed


@dataclass(frozen=True, slots=True)
class ChainState:
    """Where a conversation stands. `seq` is 0 and `last_*` are None before its first message."""

    id: str
    seq: int = 0
    last_hash: str | None = None
    last_by: Authorship | None = None
    ai_has_spoken: bool = False
    disclosure_shown: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What one message adds to its conversation; `jws_hash` is base64url."""

    jws_hash: str
    by: Authorship
    discloses: bool
    at: datetime


def load_chain(connection: Connection, *, operator_id: str, reference_mac: str) -> ChainState | None:
    """Return the state of the operator's conversation, or None where it has not begun."""
    row = connection.execute(
        select(conversations).where(
            conversations.c.operator_id == operator_id, conversations.c.reference_mac == reference_mac
        )
    ).one_or_none()
    if row is None:
        return None
    return ChainState(
        id=row.id,
        seq=row.seq,
        last_hash=row.last_hash,
        last_by=Authorship(row.last_by),
        ai_has_spoken=row.ai_has_spoken,
        disclosure_shown=row.disclosure_shown,
    )


def advance(before: ChainState, link: Link, *, operator_id: str, reference_mac: str) -> Callable[[Connection], None]:
    """Return the guard that advances the conversation from `before` by `link`, or raises GuardFailed."""
    after = {
        "seq": before.seq + 1,
        "last_hash": link.jws_hash,
        "last_by": link.by.value,
        "ai_has_spoken": before.ai_has_spoken or link.by is Authorship.AI,
        "disclosure_shown": before.disclosure_shown or link.discloses,
        "updated_at_ms": to_ms(link.at),
    }

    def begin(connection: Connection) -> None:
        if load_chain(connection, operator_id=operator_id, reference_mac=reference_mac) is not None:
            raise GuardFailed("the conversation was begun meanwhile")
        row = {"id": before.id, "operator_id": operator_id, "reference_mac": reference_mac, **after}
        connection.execute(insert(conversations).values(row))

    def go_on(connection: Connection) -> None:
        same = (conversations.c.id == before.id) & (conversations.c.seq == before.seq)
        if connection.execute(update(conversations).where(same).values(after)).rowcount != 1:
            raise GuardFailed("the conversation went on meanwhile")

    return begin if before.seq == 0 else go_on


def unchanged(before: ChainState | None, *, operator_id: str, reference_mac: str) -> Callable[[Connection], None]:
    """Return the guard that changes nothing, and raises GuardFailed unless the conversation still stands at `before`.

    None stands for a conversation that has not begun.
    """

    def check(connection: Connection) -> None:
        if load_chain(connection, operator_id=operator_id, reference_mac=reference_mac) != before:
            raise GuardFailed("the conversation went on meanwhile")

    return check
