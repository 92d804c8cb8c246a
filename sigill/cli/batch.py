"""`sigill sign --batch FILE.jsonl`: seal many messages, one JSON object a line, in the order of the file.

A line has `text` and whatever `Client.sign` takes (`recipient`, `conversation`, …); what stands on the command line
holds for lines that do not say it. Results are JSON lines on standard output, progress is told on standard error.

Exit codes: 0 all sealed; 2 nothing sent, for the lines named; 3 the service went away: run again with the same
`--run`; 11 to 99: ten more than the number of messages that were refused or failed (99: 89 or more).
"""

import argparse
import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sigill.cli.exits import Exit, Stop
from sigill.cli.show import harmless, say, tell
from sigill.client.errors import ClientError, NotSealable, NotSent, Refused, RequestRefused, ServiceUnavailable
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding

if TYPE_CHECKING:
    from sigill.client import Client
    from sigill.client.sealed import Sealed

MAX_LINE_BYTES: Final = 1024 * 1024
_MOST_FAULTS_TOLD: Final = 20
_FAILED: Final = 10
_MOST_FAILED: Final = 99
_TOLD_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number, from 1, and the message it holds."""

    number: int
    message: Mapping[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--batch` and `--run`."""
    parser.add_argument(
        "--batch",
        metavar="FILE.jsonl",
        help="seal every line of a file: a JSON object with text, and what else differs from line to line. "
        "Ends with 0 if all are sealed, else with 10 more than the number that are not",
    )
    parser.add_argument(
        "--run",
        metavar="NAME",
        help="a name for this batch: run again within a day with the same name and file, "
        "it goes on where it was cut off and seals nothing twice",
    )


def run(arguments: argparse.Namespace, *, fields: Mapping[str, Any], client: "Callable[[], Client]") -> int:
    """Seal a file of messages; return the exit code. Raises Stop before anything is sent, if a line cannot be."""
    path = Path(arguments.batch)
    lines = _check_lines(path, fields)
    if not lines:
        raise Stop(f"{path} holds no message.")
    name = arguments.run or secrets.token_hex(4)
    tell(f"Run {name}: if it is cut off, repeat the command with --run {name}")
    signer = client()
    messages: Any = (line.message for line in read_lines(path, fields))
    outcomes = signer.sign_many(messages, idempotency_key=run_key(name, path.name))
    tally = _Tally(len(lines))
    try:
        for number, outcome in zip(lines, outcomes, strict=True):
            _say_result(number, outcome, run_name=name)
            tally.count(outcome)
    except (TypeError, ValueError) as error:  # its lines were looked at before
        raise Stop(f"{path} was changed while it was read. What was sealed until then is in your log.") from error
    return tally.finish(name)


def run_key(name: str, file_name: str) -> str:
    """Return the idempotency key of a run over a file; each request's adds the number of its first message."""
    return format_base64url(hashlib.sha256(f"sigill batch\0{name}\0{file_name}".encode()).digest())


def read_lines(path: Path, fields: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the messages of a file, empty lines left out. Raises Stop at one that is no message."""
    for number, data in _raw_lines(path):
        try:
            yield Line(number, _read_message(data, fields))
        except (MalformedEncoding, ValueError) as error:
            raise Stop(f"Line {number} is no message: {error}.") from error


def _check_lines(path: Path, fields: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the lines with messages, once all of them are known to be sendable."""
    from sigill.client.batch import make_item  # noqa: PLC0415 - needs urllib3, like all that sends

    faults: list[str] = []
    numbers: list[int] = []
    for number, data in _raw_lines(path):
        numbers.append(number)
        try:
            make_item(_read_message(data, fields))
        except (MalformedEncoding, ValueError, TypeError, AttributeError, NotSealable) as error:
            faults.append(f"line {number}: {error}")
    if faults:
        tell(*(harmless(fault) for fault in faults[:_MOST_FAULTS_TOLD]))
        raise Stop(f"{len(faults)} of {len(numbers)} messages cannot be sealed as they are. Nothing was sent.")
    return numbers


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 0
            while data := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(data) > MAX_LINE_BYTES:
                    raise Stop(f"Line {number} of {path} is longer than {MAX_LINE_BYTES} bytes.")
                if data.strip():
                    yield number, data
    except (OSError, ValueError) as error:
        raise Stop(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _read_message(data: bytes, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    value = parse_json(data.strip(), max_bytes=MAX_LINE_BYTES)
    if not isinstance(value, dict):
        raise MalformedEncoding("it is not a JSON object")
    message = {**fields, **value}
    if "sent_at" in message:
        at = datetime.fromisoformat(str(message["sent_at"]))
        if at.tzinfo is None:
            raise ValueError("sent_at needs its offset, as in 2026-11-22T12:00:00+01:00")
        message["sent_at"] = at
    return message


def _say_result(number: int, outcome: "Sealed | ClientError", *, run_name: str) -> None:
    try:
        say(json.dumps({"line": number, **_result(outcome)}, ensure_ascii=False))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Stop(
            f"The results cannot be written: {error.strerror}. Repeat the command with --run {run_name}: "
            "what is sealed already is answered again."
        ) from error


def _result(outcome: "Sealed | ClientError") -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return {"status": "refused", "detail": str(outcome), **_parts(outcome)}
    if isinstance(outcome, ClientError):
        problem = outcome.problem if isinstance(outcome, RequestRefused) else type(outcome).__name__
        return {"status": "not_sent" if isinstance(outcome, NotSent) else "failed", "problem": problem} | {
            "detail": str(outcome)
        }
    return {**outcome.members, "status": "sealed", "embedded_text": outcome.text}


def _parts(refused: Refused) -> dict[str, Any]:
    return {name: refused.members[name] for name in ("decision_id", "rules", "instead") if name in refused.members}


class _Tally:
    """Counts outcomes, and tells the progress: in one line that changes on a terminal, else now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = self._failed = 0
        self._away = False

    def count(self, outcome: object) -> None:
        """Count one outcome."""
        self._done += 1
        if isinstance(outcome, ClientError):
            self._failed += 1
            self._away = self._away or isinstance(outcome, NotSent | ServiceUnavailable)
        if self._done % _TOLD_EVERY == 0 and self._done < self._total:
            self._show()

    def finish(self, name: str) -> int:
        """Tell the sum and return the exit code."""
        self._show()
        if sys.stderr.isatty():
            tell("")
        if self._away:
            tell(f"The service went away. Repeat the command with --run {name}: nothing is sealed twice.")
            return Exit.CANNOT_SAY
        return min(_FAILED + self._failed, _MOST_FAILED) if self._failed else Exit.GENUINE

    def _show(self) -> None:
        line = f"{self._done} of {self._total}: {self._done - self._failed} sealed, {self._failed} not"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line}")
            sys.stderr.flush()
        else:
            tell(line)
