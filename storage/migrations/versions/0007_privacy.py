"""Erasure and retention: tombstones, legal holds, expiry, destroyed salt keys."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("tombstones", "holds", "expiry_cursors", "expiries", "destroyed_salts")


def upgrade() -> None:
    """Add five tables and an index."""
    op.create_index("ix_records_log_id_kind_idx", "records", ["log_id", "kind", "idx"])
    _add_tombstones()
    op.create_table(
        "holds",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("requester", sa.String(80), nullable=False),
        sa.Column("placed_at_ms", sa.BigInteger, nullable=False),
        sa.Column("placed_by", sa.BigInteger, nullable=False),
        sa.Column("released_at_ms", sa.BigInteger, nullable=True),
        sa.Column("released_by", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_log_id", "holds", ["log_id"])
    op.create_table(
        "expiry_cursors",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("next_idx", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_id", name="pk_expiry_cursors"),
    )
    op.create_table(
        "expiries",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", name="pk_expiries"),
    )
    op.create_index("ix_expiries_log_id_due_ms", "expiries", ["log_id", "due_ms"])
    op.create_table(
        "destroyed_salts",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "month", name="pk_destroyed_salts"),
    )


def downgrade() -> None:
    """Take them away again: what was erased stays erased, but nothing says so any more."""
    for name in reversed(_TABLES):
        op.drop_table(name)
    op.drop_index("ix_records_log_id_kind_idx", "records")


def _add_tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.String(43), nullable=True),
        sa.Column("conversation_id", sa.String(26), nullable=True),
        sa.Column("seq", sa.Integer, nullable=True),
        sa.Column("erased_by", sa.BigInteger, nullable=False),
        sa.Column("ground", sa.String(24), nullable=False),
        sa.Column("requester", sa.String(80), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", name="pk_tombstones"),
        sa.ForeignKeyConstraint(
            ["log_id", "idx"], ["entries.log_id", "entries.idx"], name="fk_tombstones_log_id_idx_entries"
        ),
    )
    op.create_index("ix_tombstones_hash", "tombstones", ["hash"])
    op.create_index("ix_tombstones_name", "tombstones", ["name"])
    op.create_index("ix_tombstones_conversation_id_seq", "tombstones", ["conversation_id", "seq"])
    op.create_index("ix_tombstones_log_id_erased_by_idx", "tombstones", ["log_id", "erased_by", "idx"])
