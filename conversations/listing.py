"""Reading conversations: one with its state, its entries in pages, an operator's in the order of their beginning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from conversations.chain import ChainState, state_of
from conversations.tables import conversation_entries, conversations
from sigill.encoding.ulid import parse_ulid_time
from sigill.errors import MalformedEncoding
from storage.times import from_ms
from transparency.tables import tokens, tombstones


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation that has begun; `state.seq` is how many entries it has."""

    operator_id: str
    reference_mac: str
    state: ChainState
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message or an event, as it was signed."""

    seq: int
    jti: str
    jws: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedEntry:
    """Where a message or an event was: the hash (32 bytes) that the next one's `prev` holds, and when it was erased."""

    seq: int
    jws_hash: bytes
    erased_at: datetime


def load_conversation(connection: Connection, conversation_id: str, *, operator_id: str | None) -> Conversation | None:
    """Return one conversation of an operator (None: of any, for an auditor), or None."""
    try:
        parse_ulid_time(conversation_id)
    except MalformedEncoding:
        return None
    query = _conversations(operator_id).where(conversations.c.id == conversation_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _conversation(row)


def find_conversation(connection: Connection, *, operator_id: str, reference_mac: str) -> Conversation | None:
    """Return the operator's conversation of that reference, or None where it has not begun."""
    query = _conversations(operator_id).where(conversations.c.reference_mac == reference_mac)
    row = connection.execute(query).one_or_none()
    return None if row is None else _conversation(row)


def list_conversations(
    connection: Connection, *, operator_id: str, after: str | None, limit: int
) -> tuple[tuple[Conversation, ...], str | None]:
    """Return a page of an operator's conversations, the last begun first, and the id behind which the next page begins.

    Whoever reads page after page sees each conversation once, whatever changes or begins meanwhile.
    """
    query = _conversations(operator_id)
    if after is not None:
        query = query.where(conversations.c.id < after)
    query = query.order_by(conversations.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    page = rows[:limit]
    last = page[-1].id if len(rows) > limit else None
    return tuple(_conversation(row) for row in page), last


def load_entries(
    connection: Connection, conversation_id: str, *, after: int, limit: int
) -> tuple[tuple[Entry | ErasedEntry, ...], int | None]:
    """Return the entries behind position `after`, in order, and the position behind which the next page begins."""
    found: list[Entry | ErasedEntry] = [
        *_load_standing(connection, conversation_id, after=after, limit=limit + 1),
        *_load_erased(connection, conversation_id, after=after, limit=limit + 1),
    ]
    found.sort(key=lambda entry: entry.seq)
    page = tuple(found[:limit])
    return page, page[-1].seq if len(found) > limit else None


def _load_standing(connection: Connection, conversation_id: str, *, after: int, limit: int) -> list[Entry]:
    columns = conversation_entries.c
    query = (
        select(columns.seq, tokens.c.jti, tokens.c.jws, tokens.c.created_at_ms)
        .join_from(conversation_entries, tokens, columns.jti == tokens.c.jti)
        .where(columns.conversation_id == conversation_id, columns.seq > after)
        .order_by(columns.seq)
        .limit(limit)
    )
    return [
        Entry(seq=row.seq, jti=row.jti, jws=row.jws, recorded_at=from_ms(row.created_at_ms))
        for row in connection.execute(query)
    ]


def _load_erased(connection: Connection, conversation_id: str, *, after: int, limit: int) -> list[ErasedEntry]:
    columns = tombstones.c
    query = (
        select(columns.seq, columns.hash, columns.at_ms)
        .where(columns.conversation_id == conversation_id, columns.seq > after)
        .order_by(columns.seq)
        .limit(limit)
    )
    return [
        ErasedEntry(seq=row.seq, jws_hash=bytes(row.hash), erased_at=from_ms(row.at_ms))
        for row in connection.execute(query)
    ]


def _conversations(operator_id: str | None) -> Select[Any]:
    query = select(conversations)
    return query if operator_id is None else query.where(conversations.c.operator_id == operator_id)


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        operator_id=row.operator_id,
        reference_mac=row.reference_mac,
        state=state_of(row),
        updated_at=from_ms(row.updated_at_ms),
    )
