"""What a monitor remembers between two looks, in one file that is whole or not there: `monitor.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sigill.client.errors import SettingsRefused
from sigill.client.kept_files import read_file, replace_file
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.heads import SeenHead
from sigill.tlog.note import parse_note
from sigill.tlog.prefix import Head, head_of
from sigill.tlog.standard_base64 import format_base64, parse_hash
from sigill.tlog.tree import Frontier

MAX_FINDINGS: Final = 1_000
_MAX_STATE_BYTES: Final = 64 * 1024 * 1024
_FILE: Final = "monitor.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMemory:
    """What is known of one operator's log.

    `head`: its newest in the root log. `waiting`: heads that were not yet compared with the log. `note`: its newest
    checkpoint that passed. `ahead_since_s`: since when it has been longer than its newest head (POSIX seconds).
    """

    head: SeenHead | None = None
    waiting: tuple[SeenHead, ...] = ()
    note: str | None = None
    ahead_since_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinding:
    """A fault as it is kept: when it was first seen, the files that prove it, whether it was told and acknowledged."""

    finding: Finding
    since_s: int
    evidence: tuple[str, ...] = ()
    told: bool = False
    forgotten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything. `note` is the root log's newest checkpoint that passed, first seen at `note_since_s`.

    `read` is the tree of the root log's entries that were read. `ahead`: since when a witness has shown a longer log.
    """

    note: str | None = None
    note_since_s: int = 0
    read: Frontier = field(default_factory=Frontier)
    logs: Mapping[str, LogMemory] = field(default_factory=dict)
    ahead: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[KeptFinding, ...] = ()


def head_in(note: str | None) -> Head | None:
    """Return the head that a kept note names. Raises MalformedNote."""
    return None if note is None else head_of(parse_checkpoint(parse_note(note).text))


def load_memory(folder: Path) -> Memory:
    """Return what was kept in a folder; nothing, the first time. Raises SettingsRefused."""
    text = read_file(folder / _FILE, max_bytes=_MAX_STATE_BYTES)
    try:
        return Memory() if text is None else parse_memory(text)
    except MalformedNote as error:
        raise SettingsRefused(f"{folder / _FILE} cannot be used: {error}. Move it away to begin anew.") from error


def keep_memory(folder: Path, memory: Memory) -> None:
    """Keep it. Raises SettingsRefused."""
    replace_file(folder / _FILE, format_memory(memory))


def format_memory(memory: Memory) -> str:
    """Return the text of the file; inverse of `parse_memory`."""
    value: Any = {
        "v": _VERSION,
        "note": memory.note,
        "note_since": memory.note_since_s,
        "read": {"size": memory.read.size, "peaks": [format_base64(peak) for peak in memory.read.peaks]},
        "logs": {origin: _format_log(log) for origin, log in memory.logs.items()},
        "ahead": dict(memory.ahead),
        "findings": [_format_finding(kept) for kept in memory.findings],
    }
    return format_canonical_json(value).decode("utf-8") + "\n"


def parse_memory(text: str) -> Memory:
    """Read the file. Raises MalformedNote."""
    try:
        value = parse_json(text.encode("utf-8"), max_bytes=_MAX_STATE_BYTES)
        if value["v"] != _VERSION:
            raise MalformedNote("another version's state")
        memory = Memory(
            note=_text(value["note"]),
            note_since_s=int(value["note_since"]),
            read=Frontier(int(value["read"]["size"]), tuple(parse_hash(peak) for peak in value["read"]["peaks"])),
            logs={str(origin): _parse_log(log) for origin, log in value["logs"].items()},
            ahead={str(name): int(since) for name, since in value["ahead"].items()},
            findings=tuple(_parse_finding(each) for each in value["findings"]),
        )
        if len(memory.read.peaks) != memory.read.size.bit_count():
            raise MalformedNote("a tree with too many or too few peaks")
        for note in (memory.note, *(log.note for log in memory.logs.values())):
            head_in(note)
    except (MalformedEncoding, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedNote(f"not a monitor's state ({type(error).__name__})") from None
    return memory


def _format_log(log: LogMemory) -> dict[str, Any]:
    return {
        "head": None if log.head is None else _format_head(log.head),
        "waiting": [_format_head(head) for head in log.waiting],
        "note": log.note,
        "ahead_since": log.ahead_since_s,
    }


def _parse_log(value: Any) -> LogMemory:  # noqa: ANN401 - any JSON
    since = value["ahead_since"]
    return LogMemory(
        head=None if value["head"] is None else _parse_head(value["head"]),
        waiting=tuple(_parse_head(head) for head in value["waiting"]),
        note=_text(value["note"]),
        ahead_since_s=None if since is None else int(since),
    )


def _format_head(head: SeenHead) -> list[Any]:
    return [head.size, format_base64(head.root), head.index]


def _parse_head(value: Any) -> SeenHead:  # noqa: ANN401 - any JSON
    size, root, index = value
    return SeenHead(int(size), parse_hash(root), int(index))


def _format_finding(kept: KeptFinding) -> dict[str, Any]:
    finding = kept.finding
    return {
        "fault": finding.fault.value,
        "log": finding.origin,
        "where": finding.where,
        "detail": finding.detail,
        "since": kept.since_s,
        "evidence": list(kept.evidence),
        "told": kept.told,
        "forgotten": kept.forgotten,
    }


def _parse_finding(value: Any) -> KeptFinding:  # noqa: ANN401 - any JSON
    finding = Finding(Fault(value["fault"]), str(value["log"]), str(value["where"]), str(value["detail"]))
    return KeptFinding(
        finding=finding,
        since_s=int(value["since"]),
        evidence=tuple(str(name) for name in value["evidence"]),
        told=value["told"] is True,
        forgotten=value["forgotten"] is True,
    )


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MalformedNote("a note is a text")
    return value
