"""What an auditor keeps between audits, in one folder:

exempelbanken.checkpoint            the newest checkpoint of that log that passed
exempelbanken.progress.json         how far an audit came that was interrupted
exempelbanken.forked.70000-70000.earlier.checkpoint   … and …later.checkpoint: two notes that contradict each other
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sigill.client.errors import SettingsRefused
from sigill.client.kept_files import read_file, remove_file, replace_file
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.folding import cut_evenly
from sigill.tlog.shown_checkpoint import MAX_CHECKPOINT_BYTES, SeenCheckpoint
from sigill.tlog.standard_base64 import HASH_BYTES, format_base64, parse_base64
from sigill.tlog.tiles import TILE_WIDTH

MAX_FINDINGS: Final = 1_000
_MAX_PROGRESS_BYTES: Final = 4 * 1024 * 1024
_MAX_LEVELS: Final = 8
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an audit came: the open tiles above level 0 (`TreeAudit.progress`), what it had found.

    `pending` is found too if the root turns out to be right (`TreeAudit.pending`).
    """

    origin: str
    entries: bool
    above: tuple[tuple[bytes, ...], ...]
    findings: tuple[Finding, ...]
    pending: tuple[Finding, ...] = ()


def format_progress(progress: Progress) -> str:
    """Return the text of a progress file."""
    value: dict[str, Any] = {
        "v": _VERSION,
        "origin": progress.origin,
        "entries": progress.entries,
        "above": [format_base64(b"".join(hashes)) for hashes in progress.above],
        "findings": _format_findings(progress.findings),
        "pending": _format_findings(progress.pending),
    }
    return format_canonical_json(value).decode("utf-8") + "\n"


def parse_progress(text: str) -> Progress:
    """Read a progress file; inverse of `format_progress`. Raises MalformedNote."""
    try:
        value = parse_json(text.encode("utf-8"), max_bytes=_MAX_PROGRESS_BYTES)
        if not isinstance(value, dict) or value.get("v") != _VERSION:
            raise MalformedNote("not the progress of an audit")
        above = tuple(_parse_level(level) for level in value["above"])
        findings, pending = (_parse_findings(value[name]) for name in ("findings", "pending"))
        if len(above) > _MAX_LEVELS or len(findings) + len(pending) > 2 * MAX_FINDINGS:
            raise MalformedNote("more progress than an audit makes")
        return Progress(str(value["origin"]), value["entries"] is True, above, findings, pending)
    except (MalformedEncoding, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedNote(f"not the progress of an audit: {type(error).__name__}") from None


def _parse_level(text: str) -> tuple[bytes, ...]:
    data = parse_base64(text)
    if len(data) % HASH_BYTES or len(data) >= TILE_WIDTH * HASH_BYTES:
        raise MalformedNote("an open tile has fewer than 256 hashes")
    return cut_evenly(data, HASH_BYTES)


def _format_findings(findings: Sequence[Finding]) -> list[list[str]]:
    return [[each.fault.value, each.origin, each.where, each.detail] for each in findings[:MAX_FINDINGS]]


def _parse_findings(items: Sequence[Sequence[str]]) -> tuple[Finding, ...]:
    return tuple(Finding(Fault(fault), str(origin), str(where), str(detail)) for fault, origin, where, detail in items)


class AuditState:
    """The folder. Every method raises SettingsRefused where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, name: str) -> str | None:
        """Return the note of the newest checkpoint of a log that passed an audit."""
        return read_file(self._folder / f"{name}.checkpoint", max_bytes=MAX_CHECKPOINT_BYTES)

    def keep(self, name: str, seen: SeenCheckpoint) -> None:
        """Keep a checkpoint that passed."""
        replace_file(self._folder / f"{name}.checkpoint", seen.note)

    def keep_evidence(self, name: str, fault: Fault, earlier: SeenCheckpoint, later: SeenCheckpoint) -> None:
        """Keep two checkpoints of a log that contradict each other."""
        begin = f"{name}.{fault}.{earlier.head.size}-{later.head.size}"
        replace_file(self._folder / f"{begin}.earlier.checkpoint", earlier.note)
        replace_file(self._folder / f"{begin}.later.checkpoint", later.note)

    def progress(self, name: str) -> Progress | None:
        """Return how far an interrupted audit of a log came."""
        text = read_file(self._folder / f"{name}.progress.json", max_bytes=_MAX_PROGRESS_BYTES)
        try:
            return None if text is None else parse_progress(text)
        except MalformedNote as error:
            raise SettingsRefused(f"{name}.progress.json cannot be used: {error}. Remove it.") from error

    def keep_progress(self, name: str, progress: Progress) -> None:
        """Keep how far an audit came."""
        replace_file(self._folder / f"{name}.progress.json", format_progress(progress))

    def end_progress(self, name: str) -> None:
        """Forget it: the audit came to its end."""
        remove_file(self._folder / f"{name}.progress.json")


def open_tiles(progress: Sequence[Sequence[bytes]]) -> tuple[tuple[bytes, ...], ...]:
    """Return what `TreeAudit.progress` gives, as a value that nothing changes any more."""
    return tuple(tuple(hashes) for hashes in progress)
