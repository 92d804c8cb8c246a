"""The log's tables. Hashes are 32 bytes; `idx` is a leaf's index, counted from 0; `tiles.data` only ever grows."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.metadata import metadata

logs: Final = Table(
    "logs",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("origin", String(255), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("checkpoint", Text, nullable=False),
)

tiles: Final = Table(
    "tiles",
    metadata,
    Column("log_id", String(64), ForeignKey("logs.log_id"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("data", LargeBinary(8192), nullable=False),
    PrimaryKeyConstraint("log_id", "level", "n"),
)

entries: Final = Table(
    "entries",
    metadata,
    Column("log_id", String(64), ForeignKey("logs.log_id"), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),  # a head leaf's root, any other leaf's h
    Column("head_origin", String(255)),
    Column("head_size", BigInteger),
    PrimaryKeyConstraint("log_id", "idx"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("operator_id", String(64), nullable=False),
    Column("code", String(32), unique=True),
    Column("jws", Text, nullable=False),
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    UniqueConstraint("log_id", "idx"),
    ForeignKeyConstraint(["log_id", "idx"], ["entries.log_id", "entries.idx"]),
)

records: Final = Table(
    "records",
    metadata,
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log_id", "idx"),
    ForeignKeyConstraint(["log_id", "idx"], ["entries.log_id", "entries.idx"]),
)
