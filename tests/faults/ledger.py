"""What clients asked and what they were answered, kept outside the service: append-only, in memory and in a file.

Every message has a serial number of its own, which the seal carries in clear as its `sent` time, so that each seal
found in a log leads back to the one message it can be for.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

_FIRST_SENT: Final = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One message before it is sent. A batch's messages share its key and differ in `position`."""

    serial: int
    key: str
    position: int
    operator: str
    conversation: str | None
    text: str

    @property
    def sent_at(self) -> datetime:
        """The time that names this message in its seal."""
        return _FIRST_SENT + timedelta(seconds=self.serial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An acknowledged seal, as it was answered."""

    serial: int
    id: str
    origin: str
    index: int
    receipt: str
    seal: str
    conversation: str | None
    seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """An acknowledged refusal by the policy, as it was answered."""

    serial: int
    id: str
    origin: str
    index: int


Acknowledged: TypeAlias = Sealed | Denied


@dataclass(slots=True)
class Counts:
    """What happened on the wire. `statuses` counts answers, `broken` requests that got none, `retried` both again."""

    requests: int = 0
    retried: int = 0
    replayed: int = 0
    broken: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def since(self, before: "Counts") -> "Counts":
        """Return what came on top of `before`."""
        return Counts(
            requests=self.requests - before.requests,
            retried=self.retried - before.retried,
            replayed=self.replayed - before.replayed,
            broken=self.broken - before.broken,
            statuses=self.statuses - before.statuses,
            wrong=self.wrong - before.wrong,
        )

    def copy(self) -> "Counts":
        """Return the counts as they are now."""
        return Counts(
            self.requests, self.retried, self.replayed, self.broken, Counter(self.statuses), Counter(self.wrong)
        )


class Ledger:
    """Threads may share it. `path`, where given, gets one JSON line per message asked and per acknowledgment."""

    def __init__(self, path: Path | None = None) -> None:
        self.asked: dict[int, Asked] = {}
        self.acknowledged: list[Acknowledged] = []
        self.counts = Counts()
        self._times: list[float] = []
        self._serial = 0
        self._mutex = threading.Lock()
        self._file: TextIO | None = None if path is None else path.open("a", encoding="utf-8")

    def ask(self, *, key: str, position: int, operator: str, conversation: str | None) -> Asked:
        """Enter a new message under the next serial number."""
        with self._mutex:
            self._serial += 1
            text = f"Meddelande {self._serial} om ditt ärende."
            asked = Asked(
                serial=self._serial,
                key=key,
                position=position,
                operator=operator,
                conversation=conversation,
                text=text,
            )
            self.asked[asked.serial] = asked
            self._write("asked", asdict(asked))
        return asked

    def acknowledge(self, answer: Acknowledged) -> None:
        """Enter what a client was told; the same message again, if it was told again."""
        with self._mutex:
            self.acknowledged.append(answer)
            self._times.append(time.monotonic())
            self._write("sealed" if isinstance(answer, Sealed) else "denied", asdict(answer))

    def count(self, *, status: int | None, again: bool, replayed: bool = False, wrong: str | None = None) -> None:
        """Count one request: its status (None for no answer), and what was wrong about the answer, if anything."""
        with self._mutex:
            self.counts.requests += 1
            self.counts.retried += again
            self.counts.replayed += replayed
            if status is None:
                self.counts.broken += 1
            else:
                self.counts.statuses[status] += 1
            if wrong is not None:
                self.counts.wrong[wrong] += 1

    def longest_silence_s(self, begin: float, end: float) -> float:
        """Return the longest time without any acknowledgment between two moments of the monotonic clock."""
        with self._mutex:
            moments = [begin, *(at for at in self._times if begin <= at <= end), end]
        return max(after - before for before, after in pairwise(moments))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, what: str, value: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"what": what, **value}) + "\n")
            self._file.flush()


def serial_of(sent: datetime) -> int:
    """Return the serial number that a seal's `sent` time stands for."""
    return (sent - _FIRST_SENT) // timedelta(seconds=1)
