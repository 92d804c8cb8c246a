"""Whom a verifier trusts: one guarantor, its keys and its operators' log keys, as of one moment.

    {"issuer": "https://guarantor.example", "as_of": 1795305600, "jwks": {"keys": […]},
     "logs": [{"operator": "exempelbanken", "origin": "guarantor.example/log/exempelbanken", "vkey": "…+…+…",
               "url": "https://guarantor.example/log/exempelbanken"}]}

The service publishes it; `sigill verify --trust FILE` works from a kept copy with no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding, MalformedKey
from sigill.keys.jwks import PublishedKey, format_jwks, parse_jwks
from sigill.tlog.note import parse_vkey

REPORT_TYP: Final = "ai-verification-report+jwt"  # of verification receipts; they have a key of their own
MAX_TRUST_BYTES: Final = 8 * 1024 * 1024
_MEMBERS: Final = {"issuer", "as_of", "jwks", "logs"}
_LOG_MEMBERS: Final = {"operator", "origin", "vkey", "url"}
_MAX_UNIX_S: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """One operator's log: its origin, the C2SP verifier key of its checkpoints, and where it is served."""

    operator: str
    origin: str
    vkey: str
    url: str


@dataclass(frozen=True, slots=True)
class Trust:
    """A guarantor's issuer name, keys and logs at `as_of` (aware, UTC)."""

    issuer: str
    as_of: datetime
    keys: tuple[PublishedKey, ...]
    logs: Mapping[str, TrustedLog]

    def key(self, kid: str, *, typ: str) -> PublishedKey | None:
        """Return the key bound to this kid and token type, or None."""
        return next((key for key in self.keys if key.kid == kid and key.typ == typ), None)


def format_trust(trust: Trust) -> dict[str, Any]:
    """Return the trust file as a JSON-able value; inverse of `parse_trust`."""
    return {
        "issuer": trust.issuer,
        "as_of": int(trust.as_of.timestamp()),
        "jwks": format_jwks(trust.keys),
        "logs": [
            {"operator": log.operator, "origin": log.origin, "vkey": log.vkey, "url": log.url}
            for log in trust.logs.values()
        ],
    }


def parse_trust(data: bytes) -> Trust:
    """Read a trust file. Raises MalformedKey: half a trust file is none."""
    try:
        value = parse_json(data, max_bytes=MAX_TRUST_BYTES)
    except MalformedEncoding as error:
        raise MalformedKey(f"trust file: {error}") from None
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise MalformedKey("a trust file has exactly issuer, as_of, jwks and logs")
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
    return Trust(
        issuer, datetime.fromtimestamp(as_of, UTC), parse_jwks(value["jwks"]), {log.operator: log for log in logs}
    )


def _parse_log(entry: object) -> TrustedLog:
    if not isinstance(entry, dict) or set(entry) != _LOG_MEMBERS:
        raise MalformedKey("a log has exactly operator, origin, vkey and url")
    if not all(isinstance(member, str) and member for member in entry.values()):
        raise MalformedKey("operator, origin, vkey and url of a log are strings")
    if parse_vkey(entry["vkey"]).name != entry["origin"]:
        raise MalformedKey("a log's verifier key is named as its origin")
    return TrustedLog(entry["operator"], entry["origin"], entry["vkey"], entry["url"])
