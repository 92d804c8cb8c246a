r"""Whom a verifier trusts: one guarantor, its keys and its operators' log keys, as of one moment.

    {"issuer": "https://guarantor.example", "as_of": 1795305600, "jwks": {"keys": […]},
     "logs": [{"operator": "exempelbanken", "origin": "guarantor.example/log/exempelbanken", "vkey": "…+…+…",
               "url": "https://guarantor.example/log/exempelbanken"}],
     "root": {"origin": "guarantor.example/log/root", "vkey": "…+…+…", "url": "https://guarantor.example/log/root"},
     "log_policy": "log …\nwitness …\nquorum …\n"}

`root` is the log over all logs, `log_policy` the witnesses that the guarantor asks, as a C2SP tlog-policy; both may be
missing. A log that changed its key has `former_vkeys`: those that its older checkpoints were signed with.

The service publishes it; `sigill verify --trust FILE` works from a kept copy with no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding, MalformedKey, MalformedNote
from sigill.keys.jwks import PublishedKey, format_jwks, parse_jwks
from sigill.tlog.log_policy import LogPolicy, parse_log_policy
from sigill.tlog.note import VerifierKey, parse_vkey

REPORT_TYP: Final = "ai-verification-report+jwt"  # of verification receipts; they have a key of their own
MAX_TRUST_BYTES: Final = 8 * 1024 * 1024
ROOT: Final = "root"  # what the root log is called where operators' logs are called by their operators
GUARANTOR: Final = "guarantor"  # what the log of the guarantor's own deeds is called there
_MEMBERS: Final = {"issuer", "as_of", "jwks", "logs"}
_MAY: Final = {"root", "log_policy"}
_LOG_MEMBERS: Final = {"operator", "origin", "vkey", "url"}
_FORMER: Final = "former_vkeys"
_MAX_FORMER: Final = 100
_MAX_UNIX_S: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """One operator's log (or the root log): its origin, the C2SP verifier keys of its checkpoints, where it is served.

    `vkey` signs now; `former` are those that did before.
    """

    operator: str
    origin: str
    vkey: str
    url: str
    former: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Every key that a checkpoint of this log may be signed with."""
        return tuple(map(parse_vkey, (self.vkey, *self.former)))


@dataclass(frozen=True, slots=True)
class Trust:
    """A guarantor's issuer name, keys and logs at `as_of` (aware, UTC), its root log and the witnesses it asks.

    `log_policy` is the text of a tlog-policy.
    """

    issuer: str
    as_of: datetime
    keys: tuple[PublishedKey, ...]
    logs: Mapping[str, TrustedLog]
    root: TrustedLog | None = None
    log_policy: str | None = None

    @property
    def witnesses(self) -> LogPolicy:
        """The policy as a value; one that asks for no witness where there is none. Raises MalformedNote."""
        return LogPolicy() if self.log_policy is None else parse_log_policy(self.log_policy)

    def key(self, kid: str, *, typ: str) -> PublishedKey | None:
        """Return the key bound to this kid and token type, or None."""
        return next((key for key in self.keys if key.kid == kid and key.typ == typ), None)


def format_trust(trust: Trust) -> dict[str, Any]:
    """Return the trust file as a JSON-able value; inverse of `parse_trust`."""
    value: dict[str, Any] = {
        "issuer": trust.issuer,
        "as_of": int(trust.as_of.timestamp()),
        "jwks": format_jwks(trust.keys),
        "logs": [{"operator": log.operator, **_format_log(log)} for log in trust.logs.values()],
    }
    if trust.root is not None:
        value["root"] = _format_log(trust.root)
    if trust.log_policy is not None:
        value["log_policy"] = trust.log_policy
    return value


def parse_trust(data: bytes) -> Trust:
    """Read a trust file. Raises MalformedKey: half a trust file is none."""
    try:
        value = parse_json(data, max_bytes=MAX_TRUST_BYTES)
    except MalformedEncoding as error:
        raise MalformedKey(f"trust file: {error}") from None
    if not isinstance(value, dict) or not _MEMBERS <= set(value) <= _MEMBERS | _MAY:
        raise MalformedKey("a trust file has issuer, as_of, jwks and logs, and may have root and log_policy")
    issuer, as_of, entries = value["issuer"], value["as_of"], value["logs"]
    if not isinstance(issuer, str) or not issuer.startswith("https://"):
        raise MalformedKey("the issuer of a trust file is an https URL")
    if not isinstance(as_of, int) or isinstance(as_of, bool) or not 0 <= as_of <= _MAX_UNIX_S:
        raise MalformedKey("as_of is a time in whole Unix seconds")
    if not isinstance(entries, list):
        raise MalformedKey("logs is an array")
    logs = [_parse_log(entry) for entry in entries]
    if len({log.operator for log in logs}) != len(logs) or len({log.origin for log in logs}) != len(logs):
        raise MalformedKey("a log appears twice in the trust file")
    root = _parse_log(value["root"], operator=ROOT) if "root" in value else None
    return Trust(
        issuer,
        datetime.fromtimestamp(as_of, UTC),
        parse_jwks(value["jwks"]),
        {log.operator: log for log in logs},
        root,
        _parse_policy(value["log_policy"]) if "log_policy" in value else None,
    )


def _format_log(log: TrustedLog) -> dict[str, Any]:
    members: dict[str, Any] = {"origin": log.origin, "vkey": log.vkey, "url": log.url}
    return members | ({_FORMER: list(log.former)} if log.former else {})


def _parse_log(entry: object, *, operator: str | None = None) -> TrustedLog:
    members = _LOG_MEMBERS if operator is None else _LOG_MEMBERS - {"operator"}
    if not isinstance(entry, dict) or not members <= set(entry) <= members | {_FORMER}:
        raise MalformedKey(f"a log has {', '.join(sorted(members))}, and may have {_FORMER}")
    former = entry.get(_FORMER, [])
    if not isinstance(former, list) or len(former) > _MAX_FORMER:
        raise MalformedKey(f"{_FORMER} is an array of at most {_MAX_FORMER} verifier keys")
    if not all(isinstance(member, str) and member for member in (*(entry[name] for name in members), *former)):
        raise MalformedKey("the members of a log are strings")
    if any(parse_vkey(vkey).name != entry["origin"] for vkey in (entry["vkey"], *former)):
        raise MalformedKey("a log's verifier key is named as its origin")
    return TrustedLog(operator or entry["operator"], entry["origin"], entry["vkey"], entry["url"], tuple(former))


def _parse_policy(text: object) -> str:
    if not isinstance(text, str):
        raise MalformedKey("log_policy is a text")
    try:
        parse_log_policy(text)
    except MalformedNote as error:
        raise MalformedKey(f"log_policy: {error}") from None
    return text
