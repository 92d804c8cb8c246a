"""The first schema.

Times are integers, Unix milliseconds, UTC; hashes are 32 bytes; names of constraints are those of storage/metadata.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, those others refer to first."""
    _create_log_tables()


def downgrade() -> None:
    """Drop every table, those that refer to others first."""
    for name in ("records", "tokens", "entries", "tiles", "logs"):
        op.drop_table(name)


def _create_log_tables() -> None:
    op.create_table(
        "logs",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("log_id", name="pk_logs"),
        sa.UniqueConstraint("origin", name="uq_logs_origin"),
    )
    op.create_table(
        "tiles",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary(8192), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "n", name="pk_tiles"),
        sa.ForeignKeyConstraint(["log_id"], ["logs.log_id"], name="fk_tiles_log_id_logs"),
    )
    op.create_table(
        "entries",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("head_origin", sa.String(255), nullable=True),
        sa.Column("head_size", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("log_id", "idx", name="pk_entries"),
        sa.ForeignKeyConstraint(["log_id"], ["logs.log_id"], name="fk_entries_log_id_logs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("operator_id", sa.String(64), nullable=False),
        sa.Column("code", sa.String(32), nullable=True),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_tokens"),
        sa.UniqueConstraint("code", name="uq_tokens_code"),
        sa.UniqueConstraint("log_id", "idx", name="uq_tokens_log_id_idx"),
        sa.ForeignKeyConstraint(["log_id", "idx"], ["entries.log_id", "entries.idx"], name="fk_tokens_log_id_idx_entries"),
    )
    op.create_table(
        "records",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", name="pk_records"),
        sa.ForeignKeyConstraint(["log_id", "idx"], ["entries.log_id", "entries.idx"], name="fk_records_log_id_idx_entries"),
    )
