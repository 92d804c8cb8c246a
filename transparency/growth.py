"""Did a log only grow? Two heads of one log, compared by what is stored between them."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sigill.errors import ProofInvalid
from sigill.tlog.tree import check_consistency, consistency_proof, root_hash
from storage.engine import reading
from transparency.errors import LogCorrupt, StoreUnavailable
from transparency.reading import LogReader


def check_growth(
    engine: Engine, reader: LogReader, log_id: str, *, old: tuple[int, bytes], new: tuple[int, bytes]
) -> None:
    """Check that a log's stored tiles lead from its head `old` (size, root) to its head `new`.

    Raises LogCorrupt where they do not: what was signed before is no longer the beginning. Raises StoreUnavailable.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size > new_size:
        raise LogCorrupt(f"log {log_id} has {new_size} leaves, and a head of it has {old_size}")
    try:
        with reading(engine) as connection:
            read = reader.nodes(connection, log_id, new_size)
            if root_hash(new_size, read) != new_root:
                raise LogCorrupt(f"log {log_id}: its tiles do not lead to the root of its {new_size} leaves")
            proof = consistency_proof(old_size, new_size, read) if old_size else ()
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the database did not answer: {type(error).__name__}") from error
    try:
        if old_size:
            check_consistency(old_size=old_size, old_root=old_root, new_size=new_size, new_root=new_root, proof=proof)
    except ProofInvalid:
        raise LogCorrupt(f"log {log_id}: its first {old_size} leaves are not those of its earlier head") from None


def proof_between(engine: Engine, reader: LogReader, log_id: str, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """Return the consistency proof from a log's head of `old_size` to that of `new_size`; nothing from 0.

    Raises LogCorrupt, StoreUnavailable; ValueError unless 0 <= old_size <= new_size.
    """
    if old_size == 0:
        return ()
    try:
        with reading(engine) as connection:
            return consistency_proof(old_size, new_size, reader.nodes(connection, log_id, new_size))
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the database did not answer: {type(error).__name__}") from error
