"""Operators and their credentials, conversations, kept decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, those others refer to first."""
    _create_registry()
    _create_conversations()
    _create_decisions()


def downgrade() -> None:
    """Drop every table, those that refer to others first."""
    for name in ("decisions", "conversations", "ai_systems", "api_keys", "evidence", "operator_states", "operators"):
        op.drop_table(name)


def _create_registry() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("identifier", sa.String(120), nullable=False),
        sa.Column("industry", sa.String(20), nullable=False),
        sa.Column("environment", sa.String(4), nullable=False),
        sa.Column("markets", sa.JSON, nullable=False),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("phone", sa.String(32), nullable=True),
        sa.Column("wait_minutes", sa.Integer, nullable=True),
        sa.Column("website", sa.String(200), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
        sa.UniqueConstraint("identifier", name="uq_operators_identifier"),
    )
    op.create_table(
        "operator_states",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "position", name="pk_operator_states"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_operator_states_operator_id_operators"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("method", sa.String(200), nullable=False),
        sa.Column("checked_by", sa.String(120), nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_evidence_operator_id_operators"),
    )
    op.create_index("ix_evidence_operator_id", "evidence", ["operator_id"])
    op.create_table(
        "api_keys",
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("secret_hash", sa.String(43), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("prefix", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_api_keys_operator_id_operators"),
    )
    op.create_index("ix_api_keys_operator", "api_keys", ["operator_id"])
    op.create_table(
        "ai_systems",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("ref", sa.String(63), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("provider", sa.String(120), nullable=True),
        sa.Column("model", sa.String(120), nullable=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("registered_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "ref", name="pk_ai_systems"),
        sa.UniqueConstraint("operator_id", "name", name="uq_ai_systems_operator_id_name"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_ai_systems_operator_id_operators"),
    )


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("reference_mac", sa.String(43), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("last_hash", sa.String(43), nullable=False),
        sa.Column("last_by", sa.String(11), nullable=False),
        sa.Column("ai_has_spoken", sa.Boolean, nullable=False),
        sa.Column("disclosure_shown", sa.Boolean, nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("operator_id", "reference_mac", name="uq_conversations_operator_id_reference_mac"),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(22), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("facts_salt", sa.LargeBinary(16), nullable=False),
        sa.Column("decision", sa.JSON, nullable=False),
        sa.Column("decided_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_operator_time", "decisions", ["operator_id", "decided_at_ms"])
