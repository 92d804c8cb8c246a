"""All logs of one guarantor and its trust file, published once: what a worker does again and again."""

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from sigill.errors import MalformedKey, MalformedNote
from sigill.report.trust import ROOT, Trust, format_trust, parse_trust
from transparency.errors import LogCorrupt, LogUnknown
from transparency.publishing.logs import publish_log
from transparency.publishing.plan import TRUST, TRUST_NAME
from transparency.publishing.steps import PublishedLog
from transparency.publishing.target import Target, TargetWrong
from transparency.reading import LogReader

_TRUST_LASTS_S: Final = 300
Remembered = MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class Targets:
    """Where to publish for anyone, and, if anywhere, the entries of operators' logs."""

    public: Target
    entries: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one run did: logs that it looked at, and why others failed, by id; whether the trust file was written."""

    logs: tuple[PublishedLog, ...]
    failed: Mapping[str, str]
    unchanged: int
    trust_written: bool

    @property
    def objects(self) -> int:
        """How many objects were written."""
        return sum(log.objects for log in self.logs) + self.trust_written


def publish_all(
    reader: LogReader,
    targets: Targets,
    *,
    root_note: str | None,
    trust: Trust | None = None,
    remembered: Remembered | None = None,
    again: bool = False,
) -> Published:
    """Publish every operator's log, then the root log up to `root_note` (None: not yet), then the trust file.

    In this order, so that no reader finds a head in the root log, or a log in the trust file, that it cannot find
    itself; `root_note` must be older than the call. `remembered` holds what this process published, by log: what has
    not changed since costs nothing. A log that fails does not stop the others; TargetUnavailable and StoreUnavailable
    stop everything and are raised.
    """
    notes = {head.log_id: head.checkpoint for head in reader.heads() if head.log_id != ROOT}
    if root_note is not None:
        notes[ROOT] = root_note
    kept = {} if remembered is None or again else remembered
    done: list[PublishedLog] = []
    failed: dict[str, str] = {}
    for log_id, note in notes.items():
        if kept.get(log_id) == note:
            continue
        try:
            done.append(publish_log(reader, targets.public, log_id, note, entries_target=targets.entries, again=again))
        except (LogCorrupt, LogUnknown, MalformedNote, TargetWrong) as error:
            failed[log_id] = str(error)
        else:
            kept[log_id] = note
    return Published(
        logs=tuple(done),
        failed=failed,
        unchanged=len(notes) - len(done) - len(failed),
        trust_written=trust is not None and publish_trust(targets.public, trust),
    )


def publish_trust(target: Target, trust: Trust) -> bool:
    """Write the trust file unless what is there says the same and is newer, or hardly older; tell whether it was.

    Raises TargetUnavailable, TargetWrong.
    """
    there = target.get(TRUST_NAME)
    if there is not None and not _is_due(there.data, trust):
        return False
    data = (json.dumps(format_trust(trust), ensure_ascii=False) + "\n").encode()
    if not target.swap(TRUST_NAME, data, TRUST, over=there):
        return False  # another publisher was first; the next run looks again
    back = target.get(TRUST_NAME)
    if back is None or (back.data != data and _is_due(back.data, trust)):
        raise TargetWrong(f"{TRUST_NAME} was written, and something else is read back")
    return True


def _is_due(data: bytes, trust: Trust) -> bool:
    try:
        there = format_trust(parse_trust(data))
    except MalformedKey:
        return True
    now = format_trust(trust)
    age_s = int(now["as_of"]) - int(there["as_of"])
    return age_s >= (0 if _timeless(there) != _timeless(now) else _TRUST_LASTS_S)


def _timeless(trust: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in trust.items() if name != "as_of"}
