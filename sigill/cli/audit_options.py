"""What `sigill audit log` and `sigill monitor` are told: where to read, whom to trust, with which key."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sigill.cli.credentials import Caller
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import read_bytes, read_text, read_trust
from sigill.cli.show import harmless, tell
from sigill.client.errors import ServiceUnavailable
from sigill.client.log_source import AT_ONCE, FolderSource, HttpSource, JoinedSource, LogSource
from sigill.client.retry import Patience
from sigill.client.shown_log import is_log_name
from sigill.errors import MalformedKey, MalformedNote
from sigill.report.trust import MAX_TRUST_BYTES, Trust, parse_trust
from sigill.tlog.log_policy import MAX_POLICY_CHARACTERS, LogPolicy, parse_log_policy
from sigill.tlog.proof import HEADER, parse_proof
from sigill.tlog.shown_checkpoint import MAX_CHECKPOINT_BYTES, SeenCheckpoint, see_checkpoint

TRUST_PATH: Final = ".well-known/sigill-trust.json"
_WEB: Final = ("http://", "https://")
_NOBODY: Final = Caller()


@dataclass(frozen=True, slots=True)
class ChosenTrust:
    """The trust file, and whether it is the auditor's own: else a deployment is only held against itself."""

    trust: Trust
    own: bool


def add_trust_options(parser: argparse.ArgumentParser) -> None:
    """Add `--trust` and `--log-policy`."""
    parser.add_argument(
        "--trust",
        metavar="FILE",
        help="believe the keys in this file (see: sigill trust); default: what the deployment itself says",
    )
    parser.add_argument(
        "--log-policy",
        metavar="FILE",
        help="a tlog-policy: which witnesses must have cosigned the root log's checkpoint",
    )


def open_source(name: str, *, caller: Caller = _NOBODY, retry_for_s: float) -> LogSource:
    """Return what logs are read from: a deployment's address, or a folder. Raises Stop."""
    if not name.startswith(_WEB):
        folder = Path(name)
        if not folder.is_dir():
            raise Stop(f"{harmless(name)} is neither an address (https://…) nor a folder.")
        return FolderSource(folder)
    try:
        from sigill.client.access_tokens import choose_bearer  # noqa: PLC0415 - a folder is read without urllib3
        from sigill.client.http import Transport  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise Stop("Reading from a service needs urllib3. Install it: pip install sigill[client]") from None
    patience = Patience(for_s=retry_for_s, on_retry=_tell_pause)
    transport = Transport(name, connections=AT_ONCE)
    bearer = choose_bearer(transport, api_key=caller.api_key, identity=caller.identity)
    return HttpSource(transport, bearer=bearer, patience=patience)


def join_entries(source: LogSource, entries: str | None, *, caller: Caller, retry_for_s: float) -> LogSource:
    """Return a source that reads operators' entries in the place called `entries`, if one is given. Raises Stop."""
    if entries is None:
        return source
    return JoinedSource(source, open_source(entries, caller=caller, retry_for_s=retry_for_s))


def choose_trust(source: LogSource, file: str | None) -> ChosenTrust:
    """Return the trust file given, or the one that the deployment shows. Raises Stop, and what reading raises."""
    if file is not None:
        chosen = ChosenTrust(read_trust(file), own=True)
    else:
        data = source.read(TRUST_PATH, max_bytes=MAX_TRUST_BYTES)
        if data is None:
            raise Stop(f"There is no trust file at {harmless(source.name)}. Give one: --trust FILE")
        try:
            chosen = ChosenTrust(parse_trust(data), own=False)
        except MalformedKey as error:
            raise Stop(f"The deployment's trust file cannot be used: {error}.", code=Exit.CANNOT_SAY) from error
    for name in chosen.trust.logs:
        if not is_log_name(name):
            raise Stop(f"The trust file names a log {harmless(name[:80])!r}, which can be no part of an address.")
    return chosen


def read_policy(file: str | None) -> LogPolicy | None:
    """Return the tlog-policy in a file, None without one. Raises Stop."""
    if file is None:
        return None
    try:
        return parse_log_policy(read_text(file, max_bytes=4 * MAX_POLICY_CHARACTERS))
    except MalformedNote as error:
        raise Stop(f"The log policy cannot be used: {error}.") from error


def read_since(files: Sequence[str], trust: Trust) -> dict[str, list[SeenCheckpoint]]:
    """Return checkpoints that were kept, by origin; a receipt counts for those in it. Raises Stop."""
    logs = {log.origin: log for log in trust.logs.values()} | ({trust.root.origin: trust.root} if trust.root else {})
    kept: dict[str, list[SeenCheckpoint]] = {}
    for file in files:
        for note in _notes_in(file):
            origin = note.partition("\n")[0]
            if origin not in logs:
                raise Stop(
                    f"{harmless(file)} is of the log {harmless(origin[:80])}, which the trust file does not name."
                )
            seen = see_checkpoint(note.encode("utf-8"), origin=origin, keys=logs[origin].keys)
            if not isinstance(seen, SeenCheckpoint):
                raise Stop(f"{harmless(file)} cannot be used: {seen.detail} ({seen.fault}).")
            kept.setdefault(origin, []).append(seen)
    return kept


def _notes_in(file: str) -> list[str]:
    """Return the checkpoints in a file: itself, or those of a receipt and of the receipt in its extra line."""
    try:
        text = read_bytes(file, max_bytes=MAX_CHECKPOINT_BYTES).decode("utf-8")
        notes = []
        while text.startswith(HEADER):
            proof = parse_proof(text)
            notes.append(proof.checkpoint)
            text = "" if proof.extra is None else proof.extra.decode("utf-8")
    except (UnicodeDecodeError, MalformedNote) as error:
        raise Stop(f"{harmless(file)} is no checkpoint and no receipt: {error}.") from error
    return notes or [text]


def _tell_pause(error: ServiceUnavailable, pause_s: float) -> None:
    tell(harmless(f"{error} (Trying again in {pause_s:.1f} s.)"))
