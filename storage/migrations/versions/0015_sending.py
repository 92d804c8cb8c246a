"""What operators send from, what they promise of it, and their daily totals beside our counts."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, those others refer to first."""
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("declared_at_ms", sa.BigInteger, nullable=False),
        sa.Column("note", sa.String(500), nullable=True),
        sa.Column("method", sa.String(20), nullable=True),
        sa.Column("verified_at_ms", sa.BigInteger, nullable=True),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_contacts_operator_id_operators"),
    )
    op.create_index("ix_contacts_operator", "contacts", ["operator_id"])
    op.create_index("ix_contacts_key", "contacts", ["key"])
    op.create_table(
        "contact_holders",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("contact_id", sa.String(23), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_contact_holders"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_holders_contact_id_contacts"),
    )
    op.create_table(
        "contact_codes",
        sa.Column("contact_id", sa.String(23), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("tries_left", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_codes"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_contact_codes_contact_id_contacts"),
    )
    op.create_table(
        "code_sendings",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.PrimaryKeyConstraint("key", "at_ms", "operator_id", name="pk_code_sendings"),
    )
    op.create_index("ix_code_sendings_at", "code_sendings", ["at_ms"])
    op.create_table(
        "promises",
        sa.Column("id", sa.String(23), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10), nullable=True),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_promises_operator_id_operators"),
    )
    op.create_index("ix_promises_operator", "promises", ["operator_id"])
    op.create_table(
        "declared_totals",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("totals", sa.JSON, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("nonce", sa.String(255), nullable=False),
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("declared_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "day", "version", name="pk_declared_totals"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_declared_totals_operator_id_operators"),
        sa.UniqueConstraint("operator_id", "nonce", name="uq_declared_totals_operator_id_nonce"),
    )
    op.create_table(
        "sealed_counts",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("sealed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "day", "channel", name="pk_sealed_counts"),
    )
    op.create_table(
        "sealed_counted",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("next_idx", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", name="pk_sealed_counted"),
    )


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for name in (
        "sealed_counted",
        "sealed_counts",
        "declared_totals",
        "promises",
        "code_sendings",
        "contact_codes",
        "contact_holders",
        "contacts",
    ):
        op.drop_table(name)
