"""Tables of the registry. Times are Unix milliseconds, UTC; lists are JSON."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

import registry.sending.tables  # noqa: F401 - tables of the registry too: whoever imports these, knows those
from storage.metadata import metadata

operators: Final = Table(
    "operators",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("identifier", String(120), nullable=False, index=True),  # of one verified operator at a time
    Column("industry", String(20), nullable=False),
    Column("environment", String(4), nullable=False),
    Column("markets", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("phone", String(32), nullable=True),
    Column("wait_minutes", Integer, nullable=True),
    Column("website", String(200), nullable=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # counts up with every change of anything of it
)

operator_states: Final = Table(
    "operator_states",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("reason", String(500), nullable=False),
)

evidence: Final = Table(
    "evidence",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=False, index=True),
    Column("kind", String(30), nullable=False),
    Column("method", String(200), nullable=False),
    Column("checked_by", String(120), nullable=False),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("valid_until_ms", BigInteger, nullable=False),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("prefix", String(12), primary_key=True),
    Column("secret_hash", String(43), nullable=False),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=True),
    Column("name", String(120), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger, nullable=True),
    Column("person_id", String(23), ForeignKey("people.id"), nullable=True),  # who holds it, where one person does
    Index("ix_api_keys_operator", "operator_id"),
)

ai_systems: Final = Table(
    "ai_systems",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("ref", String(63), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("provider", String(120), nullable=True),
    Column("model", String(120), nullable=True),
    Column("active", Boolean, nullable=False),
    Column("registered_at_ms", BigInteger, nullable=False),
    UniqueConstraint("operator_id", "name"),
)

clients: Final = Table(
    "clients",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=True),
    Column("name", String(120), nullable=False),
    Column("role", String(20), nullable=False),
    Column("ai_system", String(63), nullable=True),  # the only system it can sign as
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger, nullable=True),
    Index("ix_clients_operator", "operator_id"),
)

client_keys: Final = Table(
    "client_keys",
    metadata,
    Column("thumbprint", String(43), primary_key=True),  # RFC 7638: a key is one client's, for good
    Column("client_id", String(23), ForeignKey("clients.id"), nullable=False),
    Column("jwk", String(1500), nullable=False),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("valid_until_ms", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger, nullable=True),
    Index("ix_client_keys_client", "client_id"),
)

used_assertions: Final = Table(
    "used_assertions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of client and jti: whose row is first, wins
    Column("expires_at_ms", BigInteger, nullable=False),
    Index("ix_used_assertions_expires", "expires_at_ms"),
)

operator_steps: Final = Table(
    "operator_steps",
    metadata,
    Column("operator_id", String(63), primary_key=True),  # or the guarantor itself
    Column("idx", BigInteger, primary_key=True),  # the step's leaf in the operator's log
    Column("act", String(30), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String(60), nullable=False),
    Column("said", JSON, nullable=False),
)

people: Final = Table(
    "people",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("operator_id", String(63), ForeignKey("operators.id"), nullable=True),  # None: the guarantor's own staff
    Column("name", String(120), nullable=False),  # for colleagues; never in a log, a seal or on a public page
    Column("role", String(20), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("ended_at_ms", BigInteger, nullable=True),
    Column("oidc_subject", String(300), nullable=True, unique=True),  # issuer and subject at an identity provider
    Index("ix_people_operator", "operator_id"),
)

passkeys: Final = Table(
    "passkeys",
    metadata,
    Column("id", String(1366), primary_key=True),  # the credential id, base64url: at most 1023 bytes (WebAuthn 5.8.3)
    Column("person_id", String(23), ForeignKey("people.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE_Key
    Column("sign_count", BigInteger, nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("attestation", String(30), nullable=False),  # the statement's format; `none` where nothing was attested
    Column("device_bound", Boolean, nullable=False),  # not eligible for backup: it cannot be synced
    Column("transports", JSON, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=True),
    Column("revoked_at_ms", BigInteger, nullable=True),
    Index("ix_passkeys_person", "person_id"),
)

mandates: Final = Table(
    "mandates",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("principal_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("mandatary_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("channels", JSON, nullable=False),
    Column("enquiries", JSON(none_as_null=True), nullable=True),  # null: every kind
    Column("purposes", JSON, nullable=False),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("valid_until_ms", BigInteger, nullable=False),
    Column("daily_messages", Integer, nullable=True),
    Column("given_at_ms", BigInteger, nullable=False),
    Column("accepted_at_ms", BigInteger, nullable=True),
    Column("revoked_at_ms", BigInteger, nullable=True),
    Column("revoked_by", String(10), nullable=True),
    Index("ix_mandates_principal", "principal_id"),
    Index("ix_mandates_mandatary", "mandatary_id"),
)

mandate_days: Final = Table(
    "mandate_days",
    metadata,
    Column("mandate_id", String(23), ForeignKey("mandates.id"), primary_key=True),
    Column("day", Integer, primary_key=True),  # of UTC, counted from 1970-01-01
    Column("messages", BigInteger, nullable=False),
)

mandate_notices: Final = Table(
    "mandate_notices",  # steps of a mandate that the mandatary's own log is to hold yet
    metadata,
    Column("mandate_id", String(23), ForeignKey("mandates.id"), primary_key=True),
    Column("act", String(30), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", String(60), nullable=False),
)

former_names: Final = Table(
    "former_names",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("until_ms", BigInteger, primary_key=True),
    Column("name", String(120), nullable=False),
)

mergers: Final = Table(
    "mergers",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("into_id", String(63), ForeignKey("operators.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_mergers_into", "into_id"),
)

desk_sessions: Final = Table(
    "desk_sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the cookie's value
    Column("person_id", String(23), ForeignKey("people.id"), nullable=False),
    Column("passkey_id", String(1366), nullable=True),  # what was shown at the sign-in; None: an identity provider
    Column("created_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),
    Index("ix_desk_sessions_person", "person_id"),
    Index("ix_desk_sessions_created", "created_at_ms"),
)

enrolments: Final = Table(
    "enrolments",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the link's token
    Column("person_id", String(23), ForeignKey("people.id"), nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("made_by", String(60), nullable=False),  # as a step says who took it
    Index("ix_enrolments_person", "person_id"),
)
