"""Tables of the sending policy. Times are Unix milliseconds, UTC; days are YYYY-MM-DD, UTC."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.metadata import metadata

contacts: Final = Table(
    "contacts",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("value", String(255), nullable=False),
    Column("key", String(300), nullable=False),  # the kind and the one spelling it is found by
    Column("state", String(10), nullable=False),
    Column("declared_at_ms", BigInteger, nullable=False),
    Column("note", String(500), nullable=True),
    Column("method", String(20), nullable=True),
    Column("verified_at_ms", BigInteger, nullable=True),
    Column("valid_until_ms", BigInteger, nullable=True),
    Column("ended_at_ms", BigInteger, nullable=True),
    Index("ix_contacts_operator", "operator_id"),
    Index("ix_contacts_key", "key"),
)

contact_holders: Final = Table(
    "contact_holders",
    metadata,
    Column("key", String(300), primary_key=True),  # a contact point is one operator's: whose row is first, holds it
    Column("contact_id", String(23), ForeignKey("contacts.id"), nullable=False),
)

contact_codes: Final = Table(
    "contact_codes",
    metadata,
    Column("contact_id", String(23), ForeignKey("contacts.id"), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False),  # under a key that is not in the database
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("tries_left", Integer, nullable=False),
)

code_sendings: Final = Table(
    "code_sendings",
    metadata,
    Column("key", String(300), primary_key=True),  # the number, whoever declared it
    Column("at_ms", BigInteger, primary_key=True),
    Column("operator_id", String(63), primary_key=True),
    Index("ix_code_sendings_at", "at_ms"),
)

promises: Final = Table(
    "promises",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("since", String(10), nullable=False),
    Column("until", String(10), nullable=True),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("ended_at_ms", BigInteger, nullable=True),
    Index("ix_promises_operator", "operator_id"),
)

declared_totals: Final = Table(
    "declared_totals",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("totals", JSON, nullable=False),
    Column("statement", Text, nullable=False),  # the JWS as the operator signed it
    Column("nonce", String(255), nullable=False),
    Column("thumbprint", String(43), nullable=False),
    Column("declared_at_ms", BigInteger, nullable=False),
    UniqueConstraint("operator_id", "nonce"),
)

sealed_counts: Final = Table(
    "sealed_counts",
    metadata,
    Column("operator_id", String(63), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("sealed", BigInteger, nullable=False),
)

sealed_counted: Final = Table(
    "sealed_counted",
    metadata,
    Column("operator_id", String(63), primary_key=True),
    Column("next_idx", BigInteger, nullable=False),  # the first leaf of its log that is not counted yet
)
