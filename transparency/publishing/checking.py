"""What is published, held against the log it was published from: every object, byte by byte."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sigill.errors import MalformedNote, SignatureInvalid
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.note import VerifierKey, parse_note, verify_note
from sigill.tlog.tiles import TILE_WIDTH, Bundle
from transparency.append import LogHead
from transparency.publishing.objects import Place, load_object
from transparency.publishing.plan import Content, checkpoint_name, missing_places, object_name
from transparency.publishing.target import Target
from transparency.reading import LogReader

_FAULTS: Final = {False: (Fault.TILE_MISSING, Fault.TILE_WRONG), True: (Fault.BUNDLE_MISSING, Fault.BUNDLE_WRONG)}


def check_published(
    reader: LogReader, target: Target, head: LogHead, content: Content, *, keys: Sequence[VerifierKey] = ()
) -> Iterator[Finding]:
    """Yield what is wrong with a log in a target, up to the checkpoint that stands there.

    The checkpoint has to be signed by one of `keys`, if any are given: what nobody signed says nothing about the log.

    Raises TargetUnavailable, StoreUnavailable; LogCorrupt if the database itself contradicts the tree. Whoever trusts
    neither takes `sigill audit log`.
    """
    name = checkpoint_name(head.log_id)
    there = target.get(name)
    if there is None:
        yield Finding(Fault.CHECKPOINT_MISSING, head.origin, name, "nothing was published, or it was removed")
        return
    checkpoint = _parse(there.data)
    if checkpoint is None or checkpoint.origin != head.origin:
        yield Finding(Fault.CHECKPOINT_MALFORMED, head.origin, name, "it is no checkpoint of this log")
        return
    if keys and not _is_signed(there.data, keys):
        yield Finding(Fault.SIGNATURE_WRONG, head.origin, name, "none of the log's keys signed it")
        return
    if checkpoint.size > head.size:
        detail = f"{checkpoint.size} leaves are published, and the log has {head.size}"
        yield Finding(Fault.SHRUNK, head.origin, name, detail)
        return
    if reader.root_at(head.log_id, checkpoint.size) != checkpoint.root:
        yield Finding(Fault.FORKED, head.origin, name, f"the log had another root with {checkpoint.size} leaves")
        return
    for place in missing_places(content, 0, checkpoint.size):
        yield from _check_object(reader, target, head, place)


def _check_object(reader: LogReader, target: Target, head: LogHead, place: Place) -> Iterator[Finding]:
    name = object_name(head.log_id, place)
    data, there = load_object(reader, head.log_id, place), target.get(name)
    missing, wrong = _FAULTS[isinstance(place, Bundle)]
    found = _begin_of_full(target, head, place, len(data)) if there is None else there.data
    if found is None:
        yield Finding(missing, head.origin, name, "it was not published, or was removed")
    elif len(found) != len(data):
        yield Finding(wrong, head.origin, name, f"{len(found)} bytes stand there, not {len(data)}")
    elif found != data:
        yield Finding(wrong, head.origin, name, "other bytes stand there")


def _is_signed(data: bytes, keys: Sequence[VerifierKey]) -> bool:
    try:
        verify_note(parse_note(data.decode()), keys=keys)
    except SignatureInvalid:
        return False
    return True


def _begin_of_full(target: Target, head: LogHead, place: Place, length: int) -> bytes | None:
    """Return what the full object has of a partial one: while this looked, somebody may have published more."""
    full = target.get(object_name(head.log_id, replace(place, width=TILE_WIDTH)))
    return None if full is None else full.data[:length]


def _parse(data: bytes) -> Checkpoint | None:
    try:
        return parse_checkpoint(parse_note(data.decode()).text)
    except (MalformedNote, UnicodeDecodeError):
        return None
