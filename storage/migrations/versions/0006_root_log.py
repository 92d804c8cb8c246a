"""The root log: which heads it holds, its checkpoints as they were cosigned, and logs that may not go on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column and two tables."""
    op.add_column("logs", sa.Column("halted", sa.String(200), nullable=True))
    op.create_table(
        "heads",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("root_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", name="pk_heads"),
        sa.UniqueConstraint("root_index", name="uq_heads_root_index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "root_checkpoints",
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("quorum", sa.Boolean, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_root_checkpoints"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("root_checkpoints")
    op.drop_table("heads")
    with op.batch_alter_table("logs") as table:
        table.drop_column("halted")
