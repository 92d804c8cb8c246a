"""Proposals and their second persons, look-alikes, appeals, former names and mergers."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_proposals()
    _create_likenesses()
    _create_appeals()
    op.create_table(
        "former_names",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "until_ms", name="pk_former_names"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_former_names_operator_id_operators"),
    )
    op.create_table(
        "mergers",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("into_id", sa.String(63), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", name="pk_mergers"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_mergers_operator_id_operators"),
        sa.ForeignKeyConstraint(["into_id"], ["operators.id"], name="fk_mergers_into_id_operators"),
    )
    op.create_index("ix_mergers_into", "mergers", ["into_id"])


def downgrade() -> None:
    """Drop them."""
    for name in ("mergers", "former_names", "appeals", "likenesses", "proposals"):
        op.drop_table(name)


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("name", sa.String(120), nullable=True),
        sa.Column("into_id", sa.String(63), nullable=True),
        sa.Column("persons", sa.Integer, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=True),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("proposed_by", sa.String(23), nullable=False),
        sa.Column("proposed_at_ms", sa.BigInteger, nullable=False),
        sa.Column("confirmed_by", sa.String(23), nullable=True),
        sa.Column("closed_by", sa.String(23), nullable=True),
        sa.Column("closed_reason", sa.String(500), nullable=True),
        sa.Column("closed_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("operator_id", "number", name="pk_proposals"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_proposals_operator_id_operators"),
        sa.ForeignKeyConstraint(["into_id"], ["operators.id"], name="fk_proposals_into_id_operators"),
        sa.ForeignKeyConstraint(["proposed_by"], ["people.id"], name="fk_proposals_proposed_by_people"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name="fk_proposals_confirmed_by_people"),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name="fk_proposals_closed_by_people"),
    )
    op.create_index("ix_proposals_status", "proposals", ["status"])


def _create_likenesses() -> None:
    op.create_table(
        "likenesses",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("hits", sa.JSON, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("found_at_ms", sa.BigInteger, nullable=False),
        sa.Column("closed_by", sa.String(23), nullable=True),
        sa.Column("closed_reason", sa.String(500), nullable=True),
        sa.Column("closed_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("operator_id", "number", name="pk_likenesses"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_likenesses_operator_id_operators"),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name="fk_likenesses_closed_by_people"),
    )
    op.create_index("ix_likenesses_status", "likenesses", ["status"])


def _create_appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("about", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("answered_by", sa.String(23), nullable=True),
        sa.Column("answer", sa.String(500), nullable=True),
        sa.Column("answered_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("operator_id", "number", name="pk_appeals"),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name="fk_appeals_operator_id_operators"),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name="fk_appeals_answered_by_people"),
        sa.UniqueConstraint("operator_id", "about", name="uq_appeals_operator_id_about"),
    )
    op.create_index("ix_appeals_status", "appeals", ["status"])
