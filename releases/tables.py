"""Tables of releases. Nothing here says what a message says: statements hold salted digests, `shown` is encrypted."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from storage.metadata import metadata

releases: Final = Table(
    "releases",
    metadata,
    Column("id", String(23), primary_key=True),
    Column("operator_id", String(63), nullable=False),
    Column("statement", LargeBinary, nullable=False),  # canonical JSON
    Column("shown", LargeBinary, nullable=True),  # for the release page, under a key that only its link holds
    Column("passkey_id", String(1366), nullable=True),
    Column("evidence", LargeBinary, nullable=True),  # as soon as somebody has released it
    Column("expires_at_ms", BigInteger, nullable=False),
    Index("ix_releases_expires", "expires_at_ms"),
)

release_evidence: Final = Table(
    "release_evidence",
    metadata,
    Column("jti", String(26), primary_key=True),
    Column("release_id", String(23), nullable=False, unique=True),  # a release is sealed once
    Column("record", LargeBinary, nullable=False),
)
