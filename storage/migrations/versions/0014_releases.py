"""Releases that wait, and the evidence of those that were sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "releases",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("shown", sa.LargeBinary, nullable=True),
        sa.Column("passkey_id", sa.String(1366), nullable=True),
        sa.Column("evidence", sa.LargeBinary, nullable=True),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
    )
    op.create_index("ix_releases_expires", "releases", ["expires_at_ms"])
    op.create_table(
        "release_evidence",
        sa.Column("jti", sa.String(26), nullable=False),
        sa.Column("release_id", sa.String(23), nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_release_evidence"),
        sa.UniqueConstraint("release_id", name="uq_release_evidence_release_id"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("release_evidence", "releases"):
        op.drop_table(name)
