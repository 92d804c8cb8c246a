"""Tables of applications and checks. Times are Unix milliseconds, UTC."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from storage.metadata import metadata

applications: Final = Table(
    "applications",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("thumbprint", String(43), nullable=False, unique=True),  # of the key it applied with: one application a key
    Column("client_id", String(23), ForeignKey("clients.id"), nullable=False),  # the client of that key
    Column("lei", String(20), nullable=True),  # beside the identifier
    Column("test_operator_id", String(63), ForeignKey("operators.id"), nullable=True),  # who it was in the test
    Column("created_at_ms", BigInteger, nullable=False),
)

operator_domains: Final = Table(
    "operator_domains",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("domain", String(253), primary_key=True),
    Column("token", String(43), nullable=False),
    Column("thumbprint", String(43), nullable=False),
    Column("last_day", String(10), nullable=False),  # ISO 8601
    Column("created_at_ms", BigInteger, nullable=False),
)

application_statements: Final = Table(
    "application_statements",
    metadata,
    Column("nonce", String(43), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=True),
    Index("ix_application_statements_operator", "operator_id"),
)

checks: Final = Table(
    "checks",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("subject", String(253), nullable=False),  # a domain, an identifier, a certificate's SHA-256
    Column("outcome", String(20), nullable=False),
    Column("status", String(10), nullable=False),
    Column("method", String(200), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("checked_by", String(120), nullable=False),
    Column("checked_at_ms", BigInteger, nullable=False),
    Column("valid_until_ms", BigInteger, nullable=True),
    Column("evidence_id", String(26), ForeignKey("evidence.id"), nullable=True),
    Index("ix_checks_operator", "operator_id", "checked_at_ms"),
    Index("ix_checks_status", "status", "checked_at_ms"),
)

check_answers: Final = Table(
    "check_answers",
    metadata,
    Column("check_id", String(26), ForeignKey("checks.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("source", String(2200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(43), nullable=False),  # base64url
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=True),  # None where the check changed nothing, or it is too long to keep
    Column("at_ms", BigInteger, nullable=False),
)

check_schedule: Final = Table(
    "check_schedule",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("subject", String(253), primary_key=True),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),  # how often in a row it could not be checked
    Index("ix_check_schedule_due", "due_at_ms"),
)

check_starts: Final = Table(
    "check_starts",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Index("ix_check_starts_operator", "operator_id", "started_at_ms"),
)
