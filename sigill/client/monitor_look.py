"""One look of a monitor: what it saw, and what becomes of the faults it keeps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from sigill.client.kept_files import replace_file
from sigill.client.monitor_state import MAX_FINDINGS, KeptFinding
from sigill.client.shown_log import ShownLog
from sigill.errors import MalformedNote
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.prefix import Head, judge_prefix
from sigill.tlog.tiles import Tile, format_path, node_reader

PASSING: Final = frozenset([Fault.STALE, Fault.LOG_NOT_IN_ROOT, Fault.QUORUM_MISSING])
"""Faults that are over when they are over; any other stays until somebody acknowledges it."""
_CACHED_TILES: Final = 256


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fault as it was seen in one look, with the signed notes that prove it."""

    finding: Finding
    notes: tuple[str, ...] = ()


class Look:
    """Collects what one look at `at_s` (POSIX seconds) sees: faults, what could not be looked at, and remarks."""

    def __init__(self, at_s: int) -> None:
        self.at_s = at_s
        self.sightings: list[Sighting] = []
        self.failed: list[str] = []
        self.remarks: list[str] = []

    def find(self, finding: Finding, *notes: str) -> None:
        """Take a fault, with the notes that prove it."""
        if len(self.sightings) < MAX_FINDINGS:
            self.sightings.append(Sighting(finding, notes))


class TileMissing(Exception):
    """A tile that is needed is not shown; `path` says which."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class ProvenLog:
    """The tiles of a log at one head, to prove earlier heads against."""

    def __init__(self, shown: ShownLog, origin: str, head: Head) -> None:
        self._shown = shown
        self._origin = origin
        self._head = head
        self._read = node_reader(head.size, lru_cache(maxsize=_CACHED_TILES)(self._tile))

    def judge(self, old: Head) -> Finding | None:
        """Return what is wrong if `old` is not the beginning; it names the tiles where those are to blame."""
        try:
            fault = judge_prefix(old, self._head, self._read)
        except TileMissing as error:
            return Finding(Fault.TILE_MISSING, self._origin, error.path, "there is no tile where there should be one")
        except MalformedNote as error:
            return Finding(Fault.TILE_WRONG, self._origin, "hash tiles", str(error))
        if fault is None:
            return None
        if fault is Fault.ROOT_WRONG:
            words = f"the hash tiles do not lead to the signed root of {self._head.size} entries"
            return Finding(fault, self._origin, "hash tiles", words)
        words = f"at {old.size} entries there was another root, now there are {self._head.size}"
        return Finding(fault, self._origin, f"checkpoint of size {old.size} seen before", words)

    def _tile(self, tile: Tile) -> bytes:
        data = self._shown.tile(tile)
        if data is None:
            raise TileMissing(format_path(tile))
        return data


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look changed: faults that are new, and passing ones that are over."""

    new: tuple[KeptFinding, ...]
    over: tuple[KeptFinding, ...]


def merge(kept: tuple[KeptFinding, ...], look: Look, *, folder: Path) -> tuple[tuple[KeptFinding, ...], Changes]:
    """Return the faults to keep after a look, and what changed; writes the evidence of new ones.

    A fault is the same as one before if its name, log and place are. Raises SettingsRefused.
    """
    seen = {_key(sighting.finding): sighting for sighting in look.sightings}
    staying = [each for each in kept if each.finding.fault not in PASSING or _key(each.finding) in seen or look.failed]
    known = {_key(each.finding) for each in kept}
    new: list[KeptFinding] = []
    for key, sighting in seen.items():
        if key not in known and len(staying) + len(new) < MAX_FINDINGS:
            evidence = tuple(_write_evidence(folder, sighting, look.at_s))
            new.append(KeptFinding(finding=sighting.finding, since_s=look.at_s, evidence=evidence))
    over = tuple(each for each in kept if each not in staying)
    return (*staying, *new), Changes(tuple(new), over)


def forget(kept: tuple[KeptFinding, ...]) -> tuple[KeptFinding, ...]:
    """Return the faults as acknowledged: they stay on record and are no longer reported."""
    return tuple(replace(each, forgotten=True) for each in kept)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.fault, finding.origin, finding.where


def _write_evidence(folder: Path, sighting: Sighting, at_s: int) -> Iterator[str]:
    fault, origin, _ = _key(sighting.finding)
    log = origin.rpartition("/")[2][:63] or "log"
    safe = "".join(character if character.isalnum() and character.isascii() else "-" for character in log)
    for number, note in enumerate(sighting.notes, start=1):
        name = f"evidence/{at_s}.{fault}.{safe}.{number}.checkpoint"
        replace_file(folder / name, note)
        yield name
