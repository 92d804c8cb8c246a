"""What an operator signs when it applies: who it is, where it seals from, and with which keys.

One form only, RFC 8785 JSON, so that signer and guarantor mean the same bytes:

    {"domains":["exempelbanken.example"],"guarantor":"https://guarantor.example","iat":1795305600,
     "identifier":"NTRSE-5560160680","keys":["<RFC 7638 thumbprint>"],"name":"Exempelbanken",
     "nonce":"<from the guarantor>","operator":"exempelbanken","v":1}

`domains` and `keys` are sorted and hold nothing twice. `nonce` is what the guarantor gave out for this one application,
`iat` when the statement was made (whole Unix seconds).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.strict_json import Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding

MAX_STATEMENT_BYTES: Final = 16 * 1024
MAX_DOMAINS: Final = 50
MAX_KEYS: Final = 50
MAX_TEXT: Final = 300
_MAX_UNIX_S: Final = 253_402_300_799  # the end of the year 9999
_VERSION: Final = 1
_MEMBERS: Final = frozenset(
    {"domains", "guarantor", "iat", "identifier", "keys", "name", "nonce", "operator", "v"},
)
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationStatement:
    """One application. `keys` are RFC 7638 thumbprints of the operator's own keys, `signed_at` UTC, whole seconds."""

    guarantor: str
    operator: str
    identifier: str
    name: str
    domains: tuple[str, ...]
    keys: tuple[str, ...]
    nonce: str
    signed_at: datetime


def format_statement(statement: ApplicationStatement) -> bytes:
    """Return the one spelling of `statement`; inverse of `parse_statement`."""
    members: Json = {
        "domains": sorted(set(statement.domains)),
        "guarantor": statement.guarantor,
        "iat": int(statement.signed_at.timestamp()),
        "identifier": statement.identifier,
        "keys": sorted(set(statement.keys)),
        "name": statement.name,
        "nonce": statement.nonce,
        "operator": statement.operator,
        "v": _VERSION,
    }
    return format_canonical_json(members)


def parse_statement(data: bytes) -> ApplicationStatement:
    """Read a statement. Raises MalformedEncoding for every spelling but the one of `format_statement`."""
    value = parse_json(data, max_bytes=MAX_STATEMENT_BYTES)
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise MalformedEncoding(f"a statement is an object with the members {', '.join(sorted(_MEMBERS))}")
    if value["v"] is not _VERSION:
        raise MalformedEncoding('a statement of another version than "v": 1')
    if not isinstance(value["nonce"], str) or not _BASE64URL.fullmatch(value["nonce"]):
        raise MalformedEncoding("nonce is 16 to 128 characters of base64url, as the guarantor gave it")
    statement = ApplicationStatement(
        guarantor=_text(value, "guarantor"),
        operator=_text(value, "operator"),
        identifier=_text(value, "identifier"),
        name=_text(value, "name"),
        domains=_texts(value, "domains", at_most=MAX_DOMAINS),
        keys=_texts(value, "keys", at_most=MAX_KEYS),
        nonce=value["nonce"],
        signed_at=_time(value["iat"]),
    )
    if format_statement(statement) != data:
        raise MalformedEncoding("the statement is not spelled as RFC 8785 JSON with sorted lists")
    return statement


def _text(value: dict[str, Any], member: str) -> str:
    text = value[member]
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT or not text.isprintable():
        raise MalformedEncoding(f"{member} is a text of 1 to {MAX_TEXT} printable characters")
    return text


def _texts(value: dict[str, Any], member: str, *, at_most: int) -> tuple[str, ...]:
    texts = value[member]
    if not isinstance(texts, list) or len(texts) > at_most:
        raise MalformedEncoding(f"{member} is a list of at most {at_most} texts")
    return tuple(_text({member: text}, member) for text in texts)


def _time(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_UNIX_S:
        raise MalformedEncoding("iat is a time in whole Unix seconds")
    return datetime.fromtimestamp(value, UTC)
