"""Tables of conversations. The operator's own reference is kept as a keyed hash only."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, UniqueConstraint, false

from storage.metadata import metadata

conversations: Final = Table(
    "conversations",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), nullable=False),
    Column("reference_mac", String(43), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("last_hash", String(43), nullable=False),
    Column("last_by", String(11), nullable=False),
    Column("ai_has_spoken", Boolean, nullable=False),
    Column("disclosure_shown", Boolean, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("announced", String(5)),  # who was to speak next and has not yet: human or ai
    Column("human_joined", Boolean, nullable=False, server_default=false()),
    Column("human_requested_at_ms", BigInteger),
    Column("preference", String(5)),
    Column("ended_at_ms", BigInteger),
    UniqueConstraint("operator_id", "reference_mac"),
    Index("ix_conversations_operator_id_id", "operator_id", "id"),  # of nothing that changes with every message
)

conversation_entries: Final = Table(
    "conversation_entries",
    metadata,
    Column("conversation_id", String(26), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("jti", String(26), nullable=False),
    sqlite_with_rowid=False,
)

edits: Final = Table(
    "edits",
    metadata,
    Column("edited_jti", String(26), primary_key=True),  # one newer version each: a later one replaces that
    Column("jti", String(26), nullable=False, unique=True),
    Column("sealed_at_ms", BigInteger, nullable=False),
)
"""Which message replaces which."""
