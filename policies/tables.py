"""The facts of each decision, kept so that it can be replayed: no text, names or addresses.

Facts and decision are the same for thousands of messages, so they are kept once, by their digest; what ties a message
to them (with the salt of the digest in its seal) is personal data, stands in `decisions`, and can be erased there.
Bodies are never deleted, and `decisions.body` is no foreign key: on PostgreSQL each message would lock the same row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text

from storage.metadata import metadata

decision_bodies: Final = Table(
    "decision_bodies",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("facts", Text, nullable=False),  # canonical JSON
    Column("decision", Text, nullable=False),  # canonical JSON
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("verdict", String(22), nullable=False),
    Column("facts_salt", LargeBinary(16), nullable=False),
    Column("body", LargeBinary(32), nullable=False),
    Column("decided_at_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
