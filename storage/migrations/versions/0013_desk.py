"""Sessions at the desk, and links to enrol a passkey with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "desk_sessions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.String(23), nullable=False),
        sa.Column("passkey_id", sa.String(1366), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_desk_sessions"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_desk_sessions_person_id_people"),
    )
    op.create_index("ix_desk_sessions_person", "desk_sessions", ["person_id"])
    op.create_index("ix_desk_sessions_created", "desk_sessions", ["created_at_ms"])
    op.create_table(
        "enrolments",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.String(23), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_enrolments"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_enrolments_person_id_people"),
    )
    op.create_index("ix_enrolments_person", "enrolments", ["person_id"])


def downgrade() -> None:
    """Drop them."""
    for name in ("enrolments", "desk_sessions"):
        op.drop_table(name)
