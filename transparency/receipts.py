"""Whole receipts: a leaf under its log's checkpoint, and that checkpoint's head under a cosigned root checkpoint."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sigill.report.trust import ROOT
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.proof import LogProof, format_proof
from sigill.tlog.tree import inclusion_proof
from sigill.tlog.witnessed import join_proofs
from storage.engine import reading
from transparency.errors import LogCorrupt, StoreUnavailable
from transparency.reading import LogReader
from transparency.root_log import PublishedHead, first_checkpoint_with, first_head_with
from transparency.sequencing import SignersFor, signed_checkpoint


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt's text; `root_size` is that of the cosigned root checkpoint in it, None while there is none."""

    text: str
    root_size: int | None


def whole_receipt(
    engine: Engine, log_id: str, index: int, *, reader: LogReader, signers_for: SignersFor
) -> Receipt | None:
    """Return a leaf's whole receipt, or None until a quorum has cosigned a root checkpoint that covers it.

    Its first proof is at exactly the size of the first head that covers the leaf, its second at that of the first root
    checkpoint: it never changes, but for the signature of the first after a key was rotated.
    Raises LogUnknown, EntryUnknown, LogCorrupt, StoreUnavailable.
    """
    try:
        with reading(engine) as connection:
            head = first_head_with(connection, log_id, index)
            root = None if head is None else first_checkpoint_with(connection, head.root_index)
            if head is None or root is None:
                return None
            read = reader.nodes(connection, ROOT, root.size)
            path = inclusion_proof(head.root_index, root.size, read)
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the database did not answer: {type(error).__name__}") from error
    second = format_proof(LogProof(head.root_index, path, root.note))
    return Receipt(join_proofs(_first_proof(head, index, reader, signers_for), second), root.size)


def _first_proof(head: PublishedHead, index: int, reader: LogReader, signers_for: SignersFor) -> str:
    origin, root, path = reader.proof_at(head.log_id, index, head.size)
    if root != head.root:
        raise LogCorrupt(f"log {head.log_id}: its root at {head.size} leaves is not the one in the root log")
    note = signed_checkpoint(Checkpoint(origin, head.size, root), signers_for=signers_for)
    return format_proof(LogProof(index, tuple(path), note))
