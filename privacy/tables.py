"""Tables of retention: legal holds, how far expiry has come, and which months' salt keys were destroyed."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, String, Table

from storage.metadata import metadata

holds: Final = Table(
    "holds",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger),  # of the one message that is held; null: everything of the operator
    Column("reason", String(200), nullable=False),
    Column("requester", String(80), nullable=False),
    Column("placed_at_ms", BigInteger, nullable=False),
    Column("placed_by", BigInteger, nullable=False),  # the index of the leaf that says so
    Column("released_at_ms", BigInteger),
    Column("released_by", BigInteger),
    Index("ix_holds_log_id", "log_id"),
)

expiry_cursors: Final = Table(
    "expiry_cursors",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("next_idx", BigInteger, nullable=False),
)
"""Everything before `next_idx` was looked at once: it is erased, or stands in `expiries`, or is nobody's data."""

expiries: Final = Table(
    "expiries",
    metadata,
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("log_id", "idx"),
    Index("ix_expiries_log_id_due_ms", "log_id", "due_ms"),
)
"""What is kept longer than its industry usually keeps: by its own decision, or because it is held."""

destroyed_salts: Final = Table(
    "destroyed_salts",
    metadata,
    Column("log_id", String(64), nullable=False),
    Column("month", String(7), nullable=False),  # 2026-11
    Column("idx", BigInteger, nullable=False),  # of the `erase` leaf
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("log_id", "month"),
)
