"""Withdrawals as they are kept: one per message, committed with the leaf that says so, never taken back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select
from sqlalchemy.exc import SQLAlchemyError

from storage.engine import reading
from storage.times import from_ms, to_ms
from transparency.append import Guard, StatusPlace, Write
from transparency.erasures import forgotten_name
from transparency.errors import GuardFailed, StoreUnavailable
from transparency.tables import tokens, withdrawals


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A message its sender withdrew; `log_id` and `index` say where the log holds the withdrawal, `at` is aware."""

    jti: str
    operator_id: str
    reason: str
    at: datetime
    log_id: str
    index: int


def find_withdrawal(engine: Engine, jti: str) -> Withdrawal | None:
    """Return a message's withdrawal, or None: it stands. One that was erased since is found too.

    Raises StoreUnavailable.
    """
    query = select(withdrawals).where(withdrawals.c.jti.in_((jti, forgotten_name(jti))))
    try:
        with reading(engine) as connection:
            row = connection.execute(query).one_or_none()
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"withdrawals could not be read: {type(error).__name__}") from error
    return None if row is None else _withdrawal(row)


def still_stands(jti: str) -> Guard:
    """Return the guard that raises GuardFailed if the message was withdrawn already."""

    def check(connection: Connection) -> None:
        if connection.execute(select(withdrawals.c.jti).where(withdrawals.c.jti == jti)).first() is not None:
            raise GuardFailed("the message was withdrawn meanwhile")

    return check


def keep_withdrawal(jti: str, *, operator_id: str, reason: str, at: datetime, log_id: str) -> Write:
    """Return the write that keeps a withdrawal with its token's place in a status list, if it has one."""

    def write(connection: Connection, index: int) -> None:
        row = {
            "jti": jti,
            "operator_id": operator_id,
            "reason": reason,
            "at_ms": to_ms(at),
            "log_id": log_id,
            "idx": index,
        }
        place = load_place(connection, jti)
        row |= {
            "status_list": None if place is None else place.list_number,
            "status_idx": None if place is None else place.idx,
        }
        connection.execute(insert(withdrawals), row)

    return write


def load_place(connection: Connection, jti: str) -> StatusPlace | None:
    """Return a token's place in a status list, or None for one without."""
    query = select(tokens.c.status_list, tokens.c.status_idx).where(tokens.c.jti == jti)
    row = connection.execute(query).one_or_none()
    return None if row is None or row.status_list is None else StatusPlace(row.status_list, row.status_idx)


def _withdrawal(row: Row[Any]) -> Withdrawal:
    return Withdrawal(
        jti=row.jti,
        operator_id=row.operator_id,
        reason=row.reason,
        at=from_ms(row.at_ms),
        log_id=row.log_id,
        index=row.idx,
    )
