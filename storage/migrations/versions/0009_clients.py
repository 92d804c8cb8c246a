"""Clients that authenticate with a private key, their public keys, and the assertions that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, those others refer to first."""
    op.create_table(
        "clients",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("ai_system", sa.String(63), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_clients_operator_id_operators"),
    )
    op.create_index("ix_clients_operator", "clients", ["operator_id"])
    op.create_table(
        "client_keys",
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("client_id", sa.String(23), nullable=False),
        sa.Column("jwk", sa.String(1500), nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("thumbprint", name="pk_client_keys"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_client_keys_client_id_clients"),
    )
    op.create_index("ix_client_keys_client", "client_keys", ["client_id"])
    op.create_table(
        "used_assertions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires", "used_assertions", ["expires_at_ms"])


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for name in ("used_assertions", "client_keys", "clients"):
        op.drop_table(name)
