"""The root log's policy: which witnesses are asked and trusted, from a file, and our own log line before it."""

from pathlib import Path
from typing import Final

from settings import SettingsInvalid
from sigill.errors import MalformedNote
from sigill.tlog.log_policy import LogPolicy, PolicyLog, format_log_policy, parse_log_policy
from sigill.tlog.note import VerifierKey

_MAX_BYTES: Final = 1_000_000


def read_log_policy(path: Path | None) -> LogPolicy:
    """Return the policy of a file; one that asks no witness for no file. Raises SettingsInvalid, naming the line."""
    if path is None:
        return LogPolicy()
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1).decode("utf-8")
        policy = parse_log_policy(text)
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid([f"SIGILL_LOG_POLICY_FILE: {path} cannot be read as a text"]) from None
    except MalformedNote as error:
        raise SettingsInvalid([f"SIGILL_LOG_POLICY_FILE: {path}, {error}"]) from None
    silent = [name for name, witness in policy.witnesses.items() if witness.url is None]
    if silent:
        raise SettingsInvalid([f"SIGILL_LOG_POLICY_FILE: {path} has no address for {name}" for name in silent])
    return policy


def published_policy(policy: LogPolicy, *, keys: tuple[VerifierKey, ...], url: str) -> str:
    """Return the policy for verifiers: the root log under its keys, and the witnesses that are asked."""
    logs = tuple(PolicyLog(key, url) for key in keys)
    return format_log_policy(LogPolicy(logs, policy.witnesses, policy.groups, policy.quorum))
