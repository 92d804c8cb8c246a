"""What can be wrong with a log, by name: the one list that audits, monitors and the service's own checks report from.

A fault is a fact about what a log showed, with where it was seen. Names are part of the interface: scripts match them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong."""

    CHECKPOINT_MISSING = "checkpoint_missing"
    """Where a log should show its checkpoint there is none."""
    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    """It is no checkpoint, or another log's."""
    SIGNATURE_WRONG = "signature_wrong"
    """No trusted key signed the checkpoint."""
    SHRUNK = "shrunk"
    """The log is shorter than it was seen before."""
    FORKED = "forked"
    """Two roots of one size, both signed: this convicts whoever signed."""
    NOT_CONSISTENT = "not_consistent"
    """What was seen before is not the beginning of what is shown now."""
    TILE_MISSING = "tile_missing"
    TILE_WRONG = "tile_wrong"
    """A tile's bytes are not the hashes that the tree has there."""
    BUNDLE_MISSING = "bundle_missing"
    BUNDLE_WRONG = "bundle_wrong"
    """Entries that do not hash to the tree's leaves, or are cut off."""
    LEAF_MALFORMED = "leaf_malformed"
    """An entry that is no leaf of Sigill's, or of a kind that does not belong into this log."""
    ROOT_WRONG = "root_wrong"
    """The entries or tiles do not lead to the signed root."""
    HEAD_SHRUNK = "head_shrunk"
    """A head in the root log is smaller than an earlier one of the same log."""
    HEAD_FORKED = "head_forked"
    """Two heads of one size and log with two roots: this convicts the guarantor."""
    HEAD_NOT_CONSISTENT = "head_not_consistent"
    """A head in the root log is not what its log had at that size."""
    LOG_BEHIND_HEAD = "log_behind_head"
    """A log is shorter than a head of it that the root log holds."""
    LOG_MISSING = "log_missing"
    """The root log holds a head of a log that is not shown."""
    LOG_NOT_IN_ROOT = "log_not_in_root"
    """A log has grown, and the root log has held no head of it for too long."""
    QUORUM_MISSING = "quorum_missing"
    """Too few of the trusted witnesses cosigned the root checkpoint."""
    COSIGNATURE_WRONG = "cosignature_wrong"
    """A line under a witness's name does not verify."""
    WITNESS_AHEAD = "witness_ahead"
    """A witness has seen a longer log than there is now: something was rolled back."""
    WITNESS_FORGOT = "witness_forgot"
    """A witness says that it stands before what it has cosigned: its state was lost or restored, or it lies."""
    STALE = "stale"
    """No new checkpoint for too long."""
    ROW_WRONG = "row_wrong"
    """What is stored behind a leaf does not hash to it."""
    ROW_MISSING = "row_missing"
    """What a leaf stands for is gone, and nothing says that it was erased."""
    TOMBSTONE_WITHOUT_RECORD = "tombstone_without_record"
    """Something was erased, and no record in the log says who asked for it and on what ground."""
    ERASURE_WRONG = "erasure_wrong"
    """An erasure's record does not hash to its leaf, or names another entry."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: what, in which log (its origin), where in it (a path, an index, a size), in plain words."""

    fault: Fault
    origin: str
    where: str
    detail: str
