"""Leaves, tokens and records as rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from sigill.tlog.leaf import HEAD, AnyLeaf, Leaf
from storage.bulk import insert_rows
from storage.times import to_ms
from transparency.append import Append, Token
from transparency.tables import entries, records, tokens


def insert_accepted(connection: Connection, grown: Iterable[tuple[int, Sequence[Append]]]) -> None:
    """Insert what logs have accepted: for each, the index of its first new leaf, and the appends from there."""
    entry_rows: list[dict[str, Any]] = []
    token_rows: list[dict[str, Any]] = []
    record_rows: list[dict[str, Any]] = []
    for begin, accepted in grown:
        for index, append in enumerate(accepted, start=begin):
            place = {"log_id": append.log_id, "idx": index}
            entry_rows.append(place | _entry_columns(append.leaf))
            if append.token is not None:
                token_rows.append(place | _token_columns(append.token))
            if append.record is not None:
                record_rows.append(place | {"kind": _kind(append.leaf), "body": append.record})
    for table, rows in ((entries, entry_rows), (tokens, token_rows), (records, record_rows)):
        if rows:
            insert_rows(connection, table, rows)


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
        "status_list": None if token.status is None else token.status.list_number,
        "status_idx": None if token.status is None else token.status.idx,
    }
