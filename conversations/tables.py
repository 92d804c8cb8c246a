"""Tables of conversations. The operator's own reference is kept as a keyed hash only."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, UniqueConstraint

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
    UniqueConstraint("operator_id", "reference_mac"),
)
