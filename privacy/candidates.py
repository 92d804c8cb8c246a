"""What could be erased: the rows behind leaves, with what decides when they may go."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Row, select

from policies.records import load_kept
from policies.tables import decisions
from sigill.encoding.ulid import parse_ulid_time
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.event.token import parse_event
from sigill.seal.token import parse_seal
from sigill.tlog.leaf import LeafKind
from storage.times import from_ms
from transparency.erasures import Grave
from transparency.tables import entries, records, tokens, withdrawals

_PERSONAL: Final = frozenset({LeafKind.SEAL.value, LeafKind.EVENT.value, LeafKind.DENY.value})
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seal, an event or a refusal that is there: its grave, when it was made, its decision (canonical JSON)."""

    grave: Grave
    made_at: datetime
    decision: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Leaves of a log in a row from some index on: what could be erased among them, and the index behind them."""

    candidates: tuple[Candidate, ...]
    end: int


def find_candidate(connection: Connection, message_id: str, *, log_id: str) -> Candidate | None:
    """Return the message, event or refusal of that id in an operator's log, or None."""
    sealed = select(tokens.c.idx).where(tokens.c.jti == message_id, tokens.c.log_id == log_id)
    refused = select(decisions.c.log_index).where(decisions.c.id == message_id, decisions.c.operator_id == log_id)
    index = connection.execute(sealed).scalar_one_or_none()
    if index is None:
        index = connection.execute(refused).scalar_one_or_none()
    found = () if index is None else load_candidates(connection, log_id, [index])
    return found[0] if found and found[0].grave.id == message_id else None


def load_candidates(connection: Connection, log_id: str, indices: Sequence[int]) -> tuple[Candidate, ...]:
    """Return those of these leaves that could be erased, in the order of their indices."""
    query = select(entries.c.idx, entries.c.kind, entries.c.hash).where(
        entries.c.log_id == log_id, entries.c.idx.in_(indices)
    )
    return _candidates(connection, log_id, connection.execute(query.order_by(entries.c.idx)).all())


def load_stretch(connection: Connection, log_id: str, *, begin: int, limit: int) -> Stretch:
    """Return the next `limit` leaves from index `begin` on."""
    query = select(entries.c.idx, entries.c.kind, entries.c.hash).where(
        entries.c.log_id == log_id, entries.c.idx >= begin
    )
    rows = connection.execute(query.order_by(entries.c.idx).limit(limit)).all()
    return Stretch(_candidates(connection, log_id, rows), rows[-1].idx + 1 if rows else begin)


def load_withdrawn(connection: Connection, log_id: str, ids: Sequence[str]) -> tuple[Grave, ...]:
    """Return the records of the withdrawals of these messages: they hold the messages' ids."""
    joined = (
        (withdrawals.c.log_id == records.c.log_id)
        & (withdrawals.c.idx == records.c.idx)
        & (records.c.log_id == entries.c.log_id)
        & (records.c.idx == entries.c.idx)
    )
    query = select(entries.c.idx, entries.c.hash).where(joined, entries.c.log_id == log_id, withdrawals.c.jti.in_(ids))
    rows = connection.execute(query.order_by(entries.c.idx))
    return tuple(Grave(row.idx, LeafKind.REVOKE, bytes(row.hash)) for row in rows)


def _candidates(connection: Connection, log_id: str, found: Sequence[Row[int, str, bytes]]) -> tuple[Candidate, ...]:
    leaves = {row.idx: (LeafKind(row.kind), bytes(row.hash)) for row in found if row.kind in _PERSONAL}
    signed = select(tokens.c.idx, tokens.c.jti, tokens.c.jws, tokens.c.created_at_ms)
    signed = signed.where(tokens.c.log_id == log_id, tokens.c.idx.in_(list(leaves)))
    refused = select(records.c.idx, records.c.body).where(records.c.log_id == log_id, records.c.idx.in_(list(leaves)))
    rows = connection.execute(signed).all()
    kept = load_kept(connection, [row.jti for row in rows])
    candidates = [
        Candidate(
            Grave(row.idx, *leaves[row.idx], row.jti, _conversation(row.jws, leaves[row.idx][0])),
            from_ms(row.created_at_ms),
            kept.get(row.jti),
        )
        for row in rows
    ]
    for row in connection.execute(refused):
        refusal_id, made_at = _refusal(bytes(row.body))
        candidates.append(Candidate(Grave(row.idx, *leaves[row.idx], refusal_id), made_at, None))
    return tuple(sorted(candidates, key=lambda candidate: candidate.grave.index))


def _conversation(jws: str, kind: LeafKind) -> tuple[str, int] | None:
    try:
        conv = parse_event(jws).claims.conv if kind is LeafKind.EVENT else parse_seal(jws + "~").claims.conv
    except MalformedSeal:  # a row that is damaged can be erased too
        return None
    return None if conv is None else (conv.id, conv.seq)


def _refusal(body: bytes) -> tuple[str | None, datetime]:
    """Return a refusal's id and when it was made; of a damaged record none, long ago."""
    try:
        refusal_id = str(json.loads(body)["id"])
        return refusal_id, parse_ulid_time(refusal_id)
    except (ValueError, KeyError, TypeError, MalformedEncoding):
        return None, _LONG_AGO
