"""What sealing in bulk needs: operators' revisions, status places of tokens, idempotency keys, entries of conversations.

Facts and decisions are kept once, by their digest; what was kept per message moves there.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables."""
    with op.batch_alter_table("operators") as table:
        table.add_column(sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"))
    with op.batch_alter_table("tokens") as table:
        table.add_column(sa.Column("status_list", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("status_idx", sa.Integer, nullable=True))
    op.create_table(
        "idempotency_keys",
        sa.Column("operator_id", sa.String(64), nullable=False),
        sa.Column("key_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("log_id", sa.String(64), nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("tree_size", sa.BigInteger, nullable=False),
        sa.Column("claimed_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_mac", name="pk_idempotency_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_keys_claimed_at_ms", "idempotency_keys", ["claimed_at_ms"])
    op.create_table(
        "conversation_entries",
        sa.Column("conversation_id", sa.String(26), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("jti", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name="pk_conversation_entries"),
        sqlite_with_rowid=False,
    )
    _share_decisions()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE tokens SET (toast_tuple_target = 4080)")  # a JWS is just too long for the usual 2,040
        op.execute("ALTER TABLE tiles ALTER COLUMN data SET STORAGE EXTERNAL")  # hashes: nothing to compress


def downgrade() -> None:
    """Take them away again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE tiles ALTER COLUMN data SET STORAGE EXTENDED")
        op.execute("ALTER TABLE tokens RESET (toast_tuple_target)")
    _unshare_decisions()
    op.drop_table("conversation_entries")
    op.drop_table("idempotency_keys")
    with op.batch_alter_table("tokens") as table:
        table.drop_column("status_idx")
        table.drop_column("status_list")
    with op.batch_alter_table("operators") as table:
        table.drop_column("revision")


def _share_decisions() -> None:
    op.create_table(
        "decision_bodies",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_decision_bodies"),
    )
    op.drop_index("ix_decisions_operator_time", table_name="decisions")
    old = _rename_decisions("decisions_unshared")
    new = _create_shared()
    bodies = sa.table("decision_bodies", sa.column("digest"), sa.column("facts"), sa.column("decision"))
    connection = op.get_bind()
    known: set[bytes] = set()
    for row in connection.execute(sa.select(old)).mappings().all():
        facts, decision = _canonical(row["facts"]), _canonical(row["decision"])
        digest = hashlib.sha256(f"{facts}\n{decision}".encode()).digest()
        if digest not in known:
            known.add(digest)
            connection.execute(sa.insert(bodies).values(digest=digest, facts=facts, decision=decision))
        kept = {name: row[name] for name in _KEPT}
        connection.execute(sa.insert(new).values(**kept, body=digest))
    op.drop_table("decisions_unshared")


def _unshare_decisions() -> None:
    old = _rename_decisions("decisions_shared")
    new = op.create_table(
        "decisions",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(22), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("facts_salt", sa.LargeBinary(16), nullable=False),
        sa.Column("decision", sa.JSON, nullable=False),
        sa.Column("decided_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    bodies = sa.table("decision_bodies", sa.column("digest"), sa.column("facts"), sa.column("decision"))
    connection = op.get_bind()
    joined = sa.select(old, bodies.c.facts, bodies.c.decision).where(old.c.body == bodies.c.digest)
    for row in connection.execute(joined).mappings().all():
        kept = {name: row[name] for name in _KEPT}
        parsed = {name: json.loads(row[name]) for name in ("facts", "decision")}
        connection.execute(sa.insert(new).values(**kept, **parsed))
    op.drop_table("decisions_shared")
    op.drop_table("decision_bodies")
    op.create_index("ix_decisions_operator_time", "decisions", ["operator_id", "decided_at_ms"])


_KEPT = ("id", "operator_id", "log_index", "verdict", "facts_salt", "decided_at_ms")


def _rename_decisions(name: str) -> sa.TableClause:
    """Move the table aside, with the name of its key, and return it as it is."""
    op.rename_table("decisions", name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX pk_decisions RENAME TO pk_{name}")
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def _create_shared() -> sa.Table:
    return op.create_table(
        "decisions",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("operator_id", sa.String(63), nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(22), nullable=False),
        sa.Column("facts_salt", sa.LargeBinary(16), nullable=False),
        sa.Column("body", sa.LargeBinary(32), nullable=False),
        sa.Column("decided_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sqlite_with_rowid=False,
    )


def _canonical(value: object) -> str:
    """Write JSON as it has been written since: canonical for all that facts and decisions hold (RFC 8785)."""
    parsed = json.loads(value) if isinstance(value, str) else value
    return json.dumps(parsed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
