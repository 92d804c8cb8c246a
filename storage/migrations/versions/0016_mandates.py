"""Mandates: who may seal for whom, what was sealed under each a day, and steps to be told in the other log."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, the one the others refer to first."""
    op.create_table(
        "mandates",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("principal_id", sa.String(63), nullable=False),
        sa.Column("mandatary_id", sa.String(63), nullable=False),
        sa.Column("channels", sa.JSON, nullable=False),
        sa.Column("enquiries", sa.JSON, nullable=True),
        sa.Column("purposes", sa.JSON, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=False),
        sa.Column("daily_messages", sa.Integer, nullable=True),
        sa.Column("given_at_ms", sa.BigInteger, nullable=False),
        sa.Column("accepted_at_ms", sa.BigInteger, nullable=True),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.Column("revoked_by", sa.String(10), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mandates"),
        sa.ForeignKeyConstraint(["principal_id"], ["operators.id"], name="fk_mandates_principal_id_operators"),
        sa.ForeignKeyConstraint(["mandatary_id"], ["operators.id"], name="fk_mandates_mandatary_id_operators"),
    )
    op.create_index("ix_mandates_principal", "mandates", ["principal_id"])
    op.create_index("ix_mandates_mandatary", "mandates", ["mandatary_id"])
    op.create_table(
        "mandate_days",
        sa.Column("mandate_id", sa.String(23), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("mandate_id", "day", name="pk_mandate_days"),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name="fk_mandate_days_mandate_id_mandates"),
    )
    op.create_table(
        "mandate_notices",
        sa.Column("mandate_id", sa.String(23), nullable=False),
        sa.Column("act", sa.String(30), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("mandate_id", "act", name="pk_mandate_notices"),
        sa.ForeignKeyConstraint(["mandate_id"], ["mandates.id"], name="fk_mandate_notices_mandate_id_mandates"),
    )


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for name in ("mandate_notices", "mandate_days", "mandates"):
        op.drop_table(name)
