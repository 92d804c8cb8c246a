"""What an `erase` leaf's record says: what was erased from one log, on whose word and on what ground.

    {"at":1795349280,"ground":"data_subject_request","indexes":[17],"kind":"seal","log":"exempelbanken",
     "requester":"DPO-2026-117","salt":"…","t":"erase","v":1}

RFC 8785, with 128 bits of salt of its own; its SHA-256 is the leaf's `h`. `indexes` are of one kind of leaf, at most
500 of them, so a million expired messages make some thousands of leaves. Where a month's salt key was destroyed,
`month` (`2026-11`) stands in their place and `kind` is `salt_key`. `requester` is a reference without personal data.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import MAX_INTEGER, Json, format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.leaf import LeafKind

MAX_INDEXES: Final = 500
MAX_RECORD_BYTES: Final = 16_384
MAX_REQUESTER: Final = 80
SALT_KEY: Final = "salt_key"
_VERSION: Final = 1
_SALT_BYTES: Final = 16
_LOG_ID: Final = re.compile(r"[a-z0-9-]{1,64}\Z")
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
_ERASABLE: Final = frozenset({LeafKind.SEAL, LeafKind.EVENT, LeafKind.DENY, LeafKind.REVOKE})


class Ground(StrEnum):
    """Why something is erased."""

    DATA_SUBJECT_REQUEST = "data_subject_request"
    """The person it is about asked for it (GDPR, Art. 17(1))."""
    LEGAL_OBLIGATION = "legal_obligation"
    """A law asks for it."""
    OPERATOR_REQUEST = "operator_request"
    """The operator wants it, and need not say more."""
    RETENTION_EXPIRED = "retention_expired"
    """It was kept as long as it is usually kept; the service erases by itself."""
    AUTHORITY_ORDER = "authority_order"
    """A court or an authority ordered it; this alone outranks the minimum retention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRecord:
    """The record. `at` is in Unix seconds; `indexes` rise and are empty for a salt key, whose `month` is given.

    `kind` is the kind of the leaves erased, None for a salt key.
    """

    at: int
    ground: Ground
    kind: LeafKind | None
    log_id: str
    requester: str
    salt: bytes
    indexes: tuple[int, ...] = ()
    month: str | None = None


def format_erasure(record: ErasureRecord) -> bytes:
    """Return the bytes that the leaf holds the SHA-256 of. Inverse of `parse_erasure`."""
    value: dict[str, Json] = {
        "v": _VERSION,
        "t": LeafKind.ERASE.value,
        "at": record.at,
        "ground": record.ground.value,
        "kind": SALT_KEY if record.kind is None else record.kind.value,
        "log": record.log_id,
        "requester": record.requester,
        "salt": format_base64url(record.salt),
    }
    if record.month is None:
        value["indexes"] = list(record.indexes)
    else:
        value["month"] = record.month
    return format_canonical_json(value)


def parse_erasure(data: bytes) -> ErasureRecord:
    """Read a record; raises MalformedNote for anything but the one spelling of a record that can be."""
    try:
        record = _read(parse_json(data, max_bytes=MAX_RECORD_BYTES))
    except MalformedEncoding as error:
        raise MalformedNote(f"a record of an erasure that is not canonical: {error}") from None
    if format_erasure(record) != data:
        raise MalformedNote("a record of an erasure that is not in its canonical spelling")
    return record


def is_requester(text: str) -> bool:
    """Tell whether a text may stand as requester: one short printable line."""
    return 0 < len(text) <= MAX_REQUESTER and text.isprintable() and text == text.strip()


def _read(value: object) -> ErasureRecord:
    if not isinstance(value, Mapping):
        raise MalformedNote("a record of an erasure is a JSON object")
    try:
        ground = Ground(str(value.get("ground")))
        kind = None if value.get("kind") == SALT_KEY else LeafKind(str(value.get("kind")))
    except ValueError:
        raise MalformedNote("an erasure of unknown ground or kind") from None
    return ErasureRecord(
        at=_whole_number(value.get("at")),
        ground=ground,
        kind=kind,
        log_id=_text(value, "log", _LOG_ID),
        requester=_requester(value.get("requester")),
        salt=_salt(value.get("salt")),
        indexes=() if kind is None else _indexes(value, kind),
        month=_text(value, "month", _MONTH) if kind is None else None,
    )


def _indexes(value: Mapping[str, Any], kind: LeafKind) -> tuple[int, ...]:
    found = value.get("indexes")
    if kind not in _ERASABLE or not isinstance(found, list) or not 0 < len(found) <= MAX_INDEXES:
        raise MalformedNote("an erasure names 1 to 500 leaves of a kind that can be erased")
    indexes = tuple(_whole_number(each) for each in found)
    if any(first >= second for first, second in pairwise(indexes)):
        raise MalformedNote("the leaves of an erasure are named in order, each once")
    return indexes


def _whole_number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise MalformedNote("an erasure without a number where one belongs")
    return value


def _text(value: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not form.match(text):
        raise MalformedNote(f"an erasure without its {name}")
    return text


def _requester(value: object) -> str:
    if not isinstance(value, str) or not is_requester(value):
        raise MalformedNote("an erasure without a requester")
    return value


def _salt(value: object) -> bytes:
    salt = parse_base64url(value) if isinstance(value, str) else b""
    if len(salt) != _SALT_BYTES:
        raise MalformedNote("an erasure without its salt of 16 bytes")
    return salt
