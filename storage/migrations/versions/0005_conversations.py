"""What events change in a conversation, and which message replaces which."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, an index and a table."""
    with op.batch_alter_table("conversations") as table:
        table.add_column(sa.Column("announced", sa.String(5), nullable=True))
        table.add_column(sa.Column("human_joined", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("human_requested_at_ms", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("preference", sa.String(5), nullable=True))
        table.add_column(sa.Column("ended_at_ms", sa.BigInteger, nullable=True))
    op.create_index("ix_conversations_operator_id_id", "conversations", ["operator_id", "id"])
    op.create_table(
        "edits",
        sa.Column("edited_jti", sa.String(26), nullable=False),
        sa.Column("jti", sa.String(26), nullable=False),
        sa.Column("sealed_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("edited_jti", name="pk_edits"),
        sa.UniqueConstraint("jti", name="uq_edits_jti"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("edits")
    op.drop_index("ix_conversations_operator_id_id", "conversations")
    with op.batch_alter_table("conversations") as table:
        for name in ("ended_at_ms", "preference", "human_requested_at_ms", "human_joined", "announced"):
            table.drop_column(name)
