"""The log's tables. Hashes are 32 bytes; `idx` is a leaf's index, counted from 0; `tiles.data` only ever grows."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
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
    Column("halted", String(200)),  # why nothing more may be appended: the log was rolled back; null: it may
)

tiles: Final = Table(
    "tiles",
    metadata,
    Column("log_id", String(64), ForeignKey("logs.log_id"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("data", LargeBinary(8192), nullable=False),
    PrimaryKeyConstraint("log_id", "level", "n"),
    sqlite_with_rowid=False,  # 34.5 bytes a leaf; with row ids a tile that grows step by step leaves pages half empty
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
    sqlite_with_rowid=False,  # half the work of each insert
)

heads: Final = Table(
    "heads",
    metadata,
    Column("log_id", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("root_index", BigInteger, nullable=False, unique=True),  # of its leaf in the root log
    PrimaryKeyConstraint("log_id", "size"),
    sqlite_with_rowid=False,
)
"""What the root log holds of the other logs: a row for each of its leaves."""

root_checkpoints: Final = Table(
    "root_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),  # with the cosignatures of the witnesses
    Column("quorum", Boolean, nullable=False),  # whether enough of them
    Column("at_ms", BigInteger, nullable=False),
)
"""Checkpoints of the root log as they were published."""

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
    Column("status_list", BigInteger),  # with its index a place of its own, by lease (`statuses`): a random index
    Column("status_idx", Integer),  # over them would be one more page written for every message
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
    Index("ix_records_log_id_kind_idx", "log_id", "kind", "idx"),
)

tombstones: Final = Table(
    "tombstones",
    metadata,
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),  # the leaf's h: who still holds a seal is found by it
    Column(
        "name", String(43)
    ),  # what stands for its id (see `erasures.forgotten_name`); null for a withdrawal's record
    Column("conversation_id", String(26)),  # while something else of the conversation stands
    Column("seq", Integer),
    Column("erased_by", BigInteger, nullable=False),  # the index of the `erase` leaf; inserted after this row
    Column("ground", String(24), nullable=False),
    Column("requester", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("log_id", "idx"),
    ForeignKeyConstraint(["log_id", "idx"], ["entries.log_id", "entries.idx"]),
    Index("ix_tombstones_hash", "hash"),
    Index("ix_tombstones_name", "name"),
    Index("ix_tombstones_conversation_id_seq", "conversation_id", "seq"),
    Index("ix_tombstones_log_id_erased_by_idx", "log_id", "erased_by", "idx"),
)
"""What is left where a token or record was erased."""

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("operator_id", String(64), nullable=False),
    Column("key_mac", LargeBinary(32), nullable=False),  # of operator, route and key: the key is not kept
    Column("fingerprint", LargeBinary(32), nullable=False),  # keyed: nobody can test what the request said
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("tree_size", BigInteger, nullable=False),  # of the checkpoint that was answered
    Column("claimed_at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("key_mac"),
    Index("ix_idempotency_keys_claimed_at_ms", "claimed_at_ms"),
    sqlite_with_rowid=False,
)

status_lists: Final = Table(
    "status_lists",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),  # places in it
    Column("taken", Integer, nullable=False),  # how many of them are leased, in the order that the seed scatters
    Column("seed", LargeBinary(32), nullable=False),
    Column("opened_at_ms", BigInteger, nullable=False),
)

withdrawals: Final = Table(
    "withdrawals",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("operator_id", String(64), nullable=False),
    Column("status_list", BigInteger),  # null for a seal from before there were status lists
    Column("status_idx", Integer),
    Column("reason", String(20), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("log_id", String(64), nullable=False),
    Column("idx", BigInteger, nullable=False),
    Index("ix_withdrawals_status_list", "status_list"),
)
