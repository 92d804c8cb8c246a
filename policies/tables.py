"""The facts of each decision, kept so that it can be replayed: no text, names or addresses; personal data still."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table

from storage.metadata import metadata

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("verdict", String(22), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("facts_salt", LargeBinary(16), nullable=False),
    Column("decision", JSON, nullable=False),
    Column("decided_at_ms", BigInteger, nullable=False),
    Index("ix_decisions_operator_time", "operator_id", "decided_at_ms"),
)
