"""One log and one of its targets: what is missing there, then the checkpoint, and what nobody needs any more.

The checkpoint that stands in a target tells how far everything is there, so a publisher that was killed anywhere goes
on from it, and readers never see a checkpoint whose tiles are missing. Two may publish at once: they write the same
bytes under the same names, and a checkpoint is exchanged for a newer one only.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from sigill.errors import MalformedNote
from sigill.tlog.checkpoint import Checkpoint, parse_checkpoint
from sigill.tlog.note import parse_note
from transparency.publishing.objects import Place, load_object
from transparency.publishing.plan import (
    CHECKPOINT,
    Content,
    checkpoint_name,
    filled_places,
    headers_of,
    is_superseded,
    missing_places,
    object_name,
    place_of,
)
from transparency.publishing.target import Target, TargetWrong
from transparency.reading import LogReader

_ATTEMPTS: Final = 8  # each that fails does so because another publisher got on
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLog:
    """What was done for a log: leaves published before and now, objects and bytes written, names that were wrong.

    `newer` tells that another publisher has published more than was to be published here.
    """

    log_id: str
    old_size: int
    size: int
    objects: int
    written_bytes: int
    mended: tuple[str, ...]
    newer: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A signed checkpoint: its text, what it says, and how many signatures it has."""

    note: str
    checkpoint: Checkpoint
    signatures: int


def offer(note: str) -> Offered:
    """Return what a note offers to publish. Raises MalformedNote."""
    parsed = parse_note(note)
    return Offered(note, parse_checkpoint(parsed.text), len(parsed.signatures))


class _Overtaken(Exception):
    """What was written is gone: another publisher has a full tile there by now, or the store loses what it takes."""


@dataclass(slots=True)
class _Tally:
    """What was written so far."""

    objects: int = 0
    written_bytes: int = 0
    mended: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """One log and one of its targets; with `again` every object is looked at, not only what is new."""

    reader: LogReader
    target: Target
    log_id: str
    content: Content
    again: bool

    def publish(self, offered: Offered) -> PublishedLog:
        """Write what is missing, then the checkpoint, until what stands there is the one offered or a newer one."""
        name, wanted = checkpoint_name(self.log_id), offered.checkpoint.size
        first_size: int | None = None
        looked, tally = not self.again, _Tally()
        for _ in range(_ATTEMPTS):
            there = self.target.get(name)
            standing = None if there is None else self._judge(there.data, offered.checkpoint)
            size = 0 if standing is None else standing.checkpoint.size
            first_size = size if first_size is None else first_size
            newer = size > wanted
            if newer or (looked and standing is not None and _is_as_good(standing, offered)):
                return PublishedLog(
                    log_id=self.log_id,
                    old_size=first_size,
                    size=size,
                    objects=tally.objects,
                    written_bytes=tally.written_bytes,
                    mended=tuple(tally.mended),
                    newer=newer,
                )
            begin = size if looked else 0
            try:
                self._write_objects(begin, wanted, tally)
            except _Overtaken:
                continue
            looked = True
            if standing is None or not _is_as_good(standing, offered):
                if not self.target.swap(name, offered.note.encode(), CHECKPOINT, over=there):
                    continue
                tally.objects, tally.written_bytes = tally.objects + 1, tally.written_bytes + len(offered.note.encode())
        raise TargetWrong(f"{name} or one of its tiles was written, and something else is read back")

    def _judge(self, data: bytes, wanted: Checkpoint) -> Offered | None:
        """Return the checkpoint that stands in the target; it must be of this log's past, or of its future.

        Raises TargetWrong. What is none of this log's is nothing where all is looked at again; one of a longer log
        than there is stays a fault even then.
        """
        name = checkpoint_name(self.log_id)
        try:
            found = offer(data.decode())
        except (MalformedNote, UnicodeDecodeError):
            found = None
        if found is None or found.checkpoint.origin != wanted.origin:
            fault = f"{name} holds no checkpoint of this log"
        else:
            size, head = found.checkpoint.size, self.reader.head(self.log_id)
            if head is None or size > head.size:
                raise TargetWrong(
                    f"{name} is of {size} leaves, and the log has fewer: it was rolled back, or that is false"
                )
            if self.reader.root_at(self.log_id, size) == found.checkpoint.root:
                return found
            fault = f"{name} has another root than the log had with {size} leaves"
        if not self.again:
            raise TargetWrong(fault)
        return None

    def _write_objects(self, old_size: int, new_size: int, tally: _Tally) -> None:
        """Write what a log of `new_size` needs beyond `old_size`. Raises _Overtaken."""
        places = missing_places(self.content, old_size, new_size)
        for name, written_bytes, was_wrong in _work(
            (partial(self._write, place) for place in places), workers=self.target.workers
        ):
            tally.objects += written_bytes > 0
            tally.written_bytes += written_bytes
            if was_wrong:
                tally.mended.append(name)

    def _write(self, place: Place) -> tuple[str, int, bool]:
        """Write one object unless it is there, and read it back; return its name, how many bytes, and over what."""
        name = object_name(self.log_id, place)
        data = load_object(self.reader, self.log_id, place)
        there = self.target.get(name)
        if there is not None and there.data == data:
            return name, 0, False
        self.target.put(name, data, headers_of(place, self.content))
        back = self.target.get(name)
        if back is None:
            raise _Overtaken(name)
        if back.data != data:
            raise TargetWrong(f"{name} was written, and something else is read back")
        return name, len(data), there is not None

    def tidy(self, done: PublishedLog) -> None:
        """Remove the partial objects of what is full now; C2SP has readers of an older checkpoint take the full one."""
        folder = checkpoint_name(self.log_id).removesuffix("checkpoint")
        filled = filled_places(self.content, done.old_size, done.size)
        folders = [f"{folder}tile/"] if self.again else [f"{object_name(self.log_id, place)}.p/" for place in filled]
        for name in [name for folder in folders for name in self.target.list(folder)]:
            place = place_of(self.log_id, name)
            if place is not None and is_superseded(place, done.size):
                self.target.delete(name)


def _is_as_good(standing: Offered, offered: Offered) -> bool:
    """Tell whether a checkpoint of the same size may stay: it is the same, or more have signed it."""
    same_tree = standing.checkpoint.size == offered.checkpoint.size
    return standing.note == offered.note or (same_tree and standing.signatures > offered.signatures)


def _work(jobs: Iterable[Callable[[], _Answer]], *, workers: int) -> Iterator[_Answer]:
    """Do the jobs, several at a time; yield their answers in order. What the first one raises ends all of them."""
    if workers == 1:
        for job in jobs:
            yield job()
        return
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
