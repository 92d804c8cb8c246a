"""The public history of each operator, people and their passkeys, and API keys that are one person's."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, those others refer to first; then let an API key name who holds it."""
    op.create_table(
        "operator_steps",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(30), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "idx", name="pk_operator_steps"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True),
        sa.Column("oidc_subject", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_people_operator_id_operators"),
        sa.UniqueConstraint("oidc_subject", name="uq_people_oidc_subject"),
    )
    op.create_index("ix_people_operator", "people", ["operator_id"])
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(1366), nullable=False),
        sa.Column("person_id", sa.String(23), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("aaguid", sa.String(36), nullable=False),
        sa.Column("attestation", sa.String(30), nullable=False),
        sa.Column("device_bound", sa.Boolean, nullable=False),
        sa.Column("transports", sa.JSON, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger, nullable=True),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_passkeys_person_id_people"),
    )
    op.create_index("ix_passkeys_person", "passkeys", ["person_id"])
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("person_id", sa.String(23), nullable=True))
        table.create_foreign_key("fk_api_keys_person_id_people", "people", ["person_id"], ["id"])


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    with op.batch_alter_table("api_keys") as table:
        table.drop_constraint("fk_api_keys_person_id_people", type_="foreignkey")
        table.drop_column("person_id")
    for name in ("passkeys", "people", "operator_steps"):
        op.drop_table(name)
