"""Tiles in a table without row ids, on SQLite.

A tile grows by a few hashes at a time. In the old table it took a page of its own until it was long enough to spill,
and left that page half empty: 41 to 48 bytes a leaf instead of 34.5.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rebuild the table of tiles."""
    _rebuild(with_rowid=False)


def downgrade() -> None:
    """Rebuild it as it was."""
    _rebuild(with_rowid=True)


def _rebuild(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "tiles_rebuilt",
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary(8192), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "n", name="pk_tiles"),
        sa.ForeignKeyConstraint(["log_id"], ["logs.log_id"], name="fk_tiles_log_id_logs"),
        sqlite_with_rowid=with_rowid,
    )
    op.execute("INSERT INTO tiles_rebuilt SELECT log_id, level, n, data FROM tiles ORDER BY log_id, level, n")
    op.drop_table("tiles")
    op.rename_table("tiles_rebuilt", "tiles")
