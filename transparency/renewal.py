"""Signing current checkpoints anew after a key took over: an idle log would keep the old key's signature for ever."""

from collections.abc import Iterable

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from sigill.errors import MalformedNote
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.note import parse_note
from storage.engine import writing
from transparency.append import LogHead
from transparency.errors import StoreUnavailable
from transparency.sequencing import SignersFor, signed_checkpoint
from transparency.tables import logs

_LOCK = (
    select(logs.c.size, logs.c.root).where(logs.c.log_id == bindparam("log"), logs.c.halted.is_(None)).with_for_update()
)
_SAVE = update(logs).where(logs.c.log_id == bindparam("log")).values(checkpoint=bindparam("note"))


def renew_checkpoints(engine: Engine, heads: Iterable[LogHead], *, signers_for: SignersFor) -> int:
    """Sign the logs' checkpoints anew, at the size they have, where other keys sign now; return how many.

    A log that is halted keeps what it has. Raises StoreUnavailable.
    """
    renewed = 0
    for head in heads:
        if _is_signed_by(head, signers_for):
            continue
        try:
            with writing(engine) as connection:
                found = connection.execute(_LOCK, {"log": head.log_id}).one_or_none()
                if found is None:
                    continue
                note = signed_checkpoint(Checkpoint(head.origin, found.size, found.root), signers_for=signers_for)
                connection.execute(_SAVE, {"log": head.log_id, "note": note})
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"a checkpoint was not signed anew: {type(error).__name__}") from error
        renewed += 1
    return renewed


def _is_signed_by(head: LogHead, signers_for: SignersFor) -> bool:
    """Tell whether the keys that sign now, and no others, signed a checkpoint."""
    try:
        signatures = parse_note(head.checkpoint).signatures
    except MalformedNote:  # a damaged row: the worker reports it, and it is not papered over
        return True
    return [each.key_id for each in signatures] == [each.verifier.key_id for each in signers_for(head.origin)]
