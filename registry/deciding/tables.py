"""Tables of deciding. A number is that of the leaf, in the operator's log, with which a thing began."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from storage.metadata import metadata

proposals: Final = Table(
    "proposals",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("decision", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("name", String(120), nullable=True),  # the new name
    Column("into_id", String(63), ForeignKey("operators.id"), nullable=True),  # whom it goes over into
    Column("persons", Integer, nullable=False),  # how many it takes
    Column("based_on", Integer, nullable=False),  # the position in the life cycle that it was made in
    Column("position", Integer, nullable=True),  # the position it brought about
    Column("status", String(12), nullable=False),
    Column("proposed_by", String(23), ForeignKey("people.id"), nullable=False),
    Column("proposed_at_ms", BigInteger, nullable=False),
    Column("confirmed_by", String(23), ForeignKey("people.id"), nullable=True),
    Column("closed_by", String(23), ForeignKey("people.id"), nullable=True),  # who rejected or withdrew it
    Column("closed_reason", String(500), nullable=True),
    Column("closed_at_ms", BigInteger, nullable=True),  # when it was confirmed, rejected, withdrawn or overtaken
    Index("ix_proposals_status", "status"),
)

likenesses: Final = Table(
    "likenesses",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(255), nullable=False),
    Column("hits", JSON, nullable=False),  # [{"operator": id, "known": a name of it, "likeness": how alike}, …]
    Column("status", String(10), nullable=False),
    Column("found_at_ms", BigInteger, nullable=False),
    Column("closed_by", String(23), ForeignKey("people.id"), nullable=True),
    Column("closed_reason", String(500), nullable=True),
    Column("closed_at_ms", BigInteger, nullable=True),
    Index("ix_likenesses_status", "status"),
)

appeals: Final = Table(
    "appeals",
    metadata,
    Column("operator_id", String(63), ForeignKey("operators.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("about", String(30), nullable=False),  # `state-<position>` or `proposal-<number>`
    Column("reason", String(500), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("status", String(10), nullable=False),
    Column("answered_by", String(23), ForeignKey("people.id"), nullable=True),
    Column("answer", String(500), nullable=True),
    Column("answered_at_ms", BigInteger, nullable=True),
    UniqueConstraint("operator_id", "about"),
    Index("ix_appeals_status", "status"),
)
