"""Applications, the domains they name, what was checked and answered, and when it is checked again.

An identifier is no longer unique among operators: whoever only applied with a number must not keep its owner out. That
no two verified operators share one is held by the step that verifies (registry.operators).
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
_TABLES = (
    "check_starts",
    "check_schedule",
    "check_answers",
    "checks",
    "application_statements",
    "operator_domains",
    "applications",
)


def upgrade() -> None:
    """Create the tables, those others refer to first; then let several operators apply with one identifier."""
    _create_applications()
    _create_checks()
    with op.batch_alter_table("operators") as table:
        table.drop_constraint("uq_operators_identifier", type_="unique")
        table.create_index("ix_operators_identifier", ["identifier"])


def downgrade() -> None:
    """Drop them, those that refer to others first; fails where two operators have applied with one identifier."""
    with op.batch_alter_table("operators") as table:
        table.drop_index("ix_operators_identifier")
        table.create_unique_constraint("uq_operators_identifier", ["identifier"])
    for name in _TABLES:
        op.drop_table(name)


def _of_operator(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    name = f"fk_{table}_operator_id_operators"
    return (
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=name),
    )


def _create_applications() -> None:
    op.create_table(
        "applications",
        *_of_operator("applications"),
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("client_id", sa.String(23), nullable=False),
        sa.Column("lei", sa.String(20), nullable=True),
        sa.Column("test_operator_id", sa.String(63), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", name="pk_applications"),
        sa.UniqueConstraint("thumbprint", name="uq_applications_thumbprint"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_applications_client_id_clients"),
        sa.ForeignKeyConstraint(
            ["test_operator_id"], ["operators.id"], name="fk_applications_test_operator_id_operators"
        ),
    )
    op.create_table(
        "operator_domains",
        *_of_operator("operator_domains"),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("token", sa.String(43), nullable=False),
        sa.Column("thumbprint", sa.String(43), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "domain", name="pk_operator_domains"),
    )
    op.create_table(
        "application_statements",
        sa.Column("nonce", sa.String(43), nullable=False),
        *_of_operator("application_statements"),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("nonce", name="pk_application_statements"),
    )
    op.create_index("ix_application_statements_operator", "application_statements", ["operator_id"])


def _create_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.String(26), nullable=False),
        *_of_operator("checks"),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(253), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("method", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("checked_by", sa.String(120), nullable=False),
        sa.Column("checked_at_ms", sa.BigInteger, nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=True),
        sa.Column("evidence_id", sa.String(26), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_checks_evidence_id_evidence"),
    )
    op.create_index("ix_checks_operator", "checks", ["operator_id", "checked_at_ms"])
    op.create_index("ix_checks_status", "checks", ["status", "checked_at_ms"])
    op.create_table(
        "check_answers",
        sa.Column("check_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("source", sa.String(2200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(43), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("check_id", "position", name="pk_check_answers"),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name="fk_check_answers_check_id_checks"),
    )
    op.create_table(
        "check_schedule",
        *_of_operator("check_schedule"),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(253), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "kind", "subject", name="pk_check_schedule"),
    )
    op.create_index("ix_check_schedule_due", "check_schedule", ["due_at_ms"])
    op.create_table(
        "check_starts",
        sa.Column("id", sa.String(26), nullable=False),
        *_of_operator("check_starts"),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_starts"),
    )
    op.create_index("ix_check_starts_operator", "check_starts", ["operator_id", "started_at_ms"])
