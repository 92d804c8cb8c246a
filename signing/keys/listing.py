"""`keys.json`: which keys of a folder count, and when each may sign, e.g.

    {"seal-1.pem": {"nbf": 1795305600, "exp": 1795478405},
     "seal-2.pem": {"nbf": 1795478405, "exp": 1858550405},
     "log-1.pem": {"nbf": 1795305600}, "kept_s": 94608000, "unlogged": ["{…}"]}

Times are whole Unix seconds, `exp` is not included; a log's key without one signs until its successor does. A file
that is not listed is never used. A key that is no file has no `.pem` in its name, but a `place` (`signing.keys.places`)
and its `public` half in base64url:

    "seal-3": {"nbf": …, "exp": …, "place": "pkcs11:token=sigill;id=%a1…;type=private", "public": "BGsX0f…"}

`compromised_at`: since when a key is not believed. `kept_s` is the longest lifetime
that seals of this folder ever had (three years where it is missing); `unlogged` are records of what was done to keys
and is not in the guarantor's log yet. Members that are not known here are kept as they are.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeGuard

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding
from sigill.report.trust import REPORT_TYP
from sigill.seal.jws import ACCESS_TOKEN_TYP, EVENT_TYP
from sigill.seal.token import TYP as SEAL_TYP
from sigill.status.token import TYP as STATUS_TYP
from signing.errors import KeyUnusable
from signing.keys.places import Home, parse_place

NAME: Final = "keys.json"
NO_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
KEPT: Final = timedelta(days=1095)
_MAX_BYTES: Final = 1_000_000
_FILE: Final = re.compile(r"(seal|report|status|event|token|log)-([1-9][0-9]{0,3})(?:\.pem)?\Z")
_MAX_UNIX_S: Final = int(NO_END.timestamp())


class KeyKind(StrEnum):
    """What a key signs. The log's are Ed25519, as C2SP says; all others P-256."""

    SEAL = "seal"
    REPORT = "report"
    STATUS = "status"
    EVENT = "event"
    TOKEN = "token"  # noqa: S105 - a word
    LOG = "log"


TYPS: Final[Mapping[KeyKind, str]] = {
    KeyKind.SEAL: SEAL_TYP,
    KeyKind.REPORT: REPORT_TYP,
    KeyKind.STATUS: STATUS_TYP,
    KeyKind.EVENT: EVENT_TYP,
    KeyKind.TOKEN: ACCESS_TOKEN_TYP,
}
"""The token type that each kind of P-256 key is bound to."""

ADDED_LATER: Final = frozenset({KeyKind.STATUS, KeyKind.EVENT, KeyKind.TOKEN})  # folders are about that never had them


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """One generation of a kind of key; it may sign in `[valid_from, valid_until)`, aware, UTC, whole seconds."""

    kind: KeyKind
    generation: int
    valid_from: datetime
    valid_until: datetime = NO_END
    compromised_at: datetime | None = None
    home: Home | None = None
    """Where it lives, if it is no file."""

    @property
    def file(self) -> str:
        """The name of its file, such as `seal-2.pem`; of a key that lives elsewhere what it is called, `seal-2`."""
        return f"{self.kind}-{self.generation}{'' if self.home else '.pem'}"

    def holds(self, at: datetime) -> bool:
        """Tell whether the key's span holds `at`."""
        return self.valid_from <= at < self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What `keys.json` says. `keys` are in the order of kinds, newest generation first."""

    keys: tuple[ListedKey, ...] = ()
    kept_for: timedelta = KEPT
    unlogged: tuple[str, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: KeyKind) -> tuple[ListedKey, ...]:
        """Return a kind's generations, newest first."""
        return tuple(key for key in self.keys if key.kind is kind)


def in_order(keys: Mapping[str, ListedKey]) -> tuple[ListedKey, ...]:
    """Return keys (by the name of their file) as a `Listing` has them."""
    kinds = list(KeyKind)
    return tuple(sorted(keys.values(), key=lambda key: (kinds.index(key.kind), -key.generation)))


def parse_listing(data: bytes) -> Listing:
    """Read `keys.json`; inverse of `format_listing`. Raises KeyUnusable: half a list is none.

    A folder from before log keys were listed has one nevertheless, as old as the oldest key.
    """
    try:
        value = parse_json(data, max_bytes=_MAX_BYTES)
    except MalformedEncoding:
        raise _unreadable() from None
    if not isinstance(value, dict):
        raise _unreadable()
    try:
        keys = {name: _parse_key(name, entry) for name, entry in value.items() if _FILE.match(name)}
    except (KeyError, TypeError, ValueError, OverflowError, MalformedEncoding):
        raise _unreadable() from None
    if any(times > 1 for times in Counter((key.kind, key.generation) for key in keys.values()).values()):
        raise _unreadable()
    kinds = {key.kind for key in keys.values()}
    if not set(TYPS) - ADDED_LATER <= kinds:
        raise _unreadable()
    if KeyKind.LOG not in kinds:
        first = ListedKey(kind=KeyKind.LOG, generation=1, valid_from=min(key.valid_from for key in keys.values()))
        keys[first.file] = first
    kept_s, unlogged = value.get("kept_s", int(KEPT.total_seconds())), value.get("unlogged", [])
    if not _is_number(kept_s) or not isinstance(unlogged, list) or not all(isinstance(each, str) for each in unlogged):
        raise _unreadable()
    return Listing(
        keys=in_order(keys),
        kept_for=timedelta(seconds=kept_s),
        unlogged=tuple(unlogged),
        others={name: member for name, member in value.items() if name not in {*keys, "kept_s", "unlogged"}},
    )


def format_listing(listing: Listing) -> bytes:
    """Return the file's content; inverse of `parse_listing`."""
    value: dict[str, Any] = {key.file: _format_key(key) for key in listing.keys}
    if listing.kept_for != KEPT:
        value["kept_s"] = int(listing.kept_for.total_seconds())
    if listing.unlogged:
        value["unlogged"] = list(listing.unlogged)
    return json.dumps(value | dict(listing.others), indent=1).encode("utf-8")


def _parse_key(name: str, entry: Any) -> ListedKey:  # noqa: ANN401 - any JSON value
    kind, _, generation = name.removesuffix(".pem").partition("-")
    if not isinstance(entry, dict):
        raise TypeError("the entry of a key is an object")
    until = entry.get("exp") if kind == KeyKind.LOG.value else entry["exp"]
    compromised = entry.get("compromised_at")
    key = ListedKey(
        kind=KeyKind(kind),
        generation=int(generation),
        valid_from=_time(entry["nbf"]),
        valid_until=NO_END if until is None else _time(until),
        compromised_at=None if compromised is None else _time(compromised),
        home=_parse_home(entry),
    )
    if key.file != name:
        raise ValueError("a file has no place, and what has a place is no file")
    if key.valid_from >= key.valid_until:
        raise ValueError("a key that ends before it begins")
    return key


def _parse_home(entry: Mapping[str, Any]) -> Home | None:
    if "place" not in entry:
        return None
    place = parse_place(entry["place"])
    if place is None or not place.names_key:
        raise ValueError("the place of one key")
    return Home(place, parse_base64url(entry["public"]))


def _format_key(key: ListedKey) -> dict[str, int | str]:
    entry: dict[str, int | str] = {"nbf": int(key.valid_from.timestamp())}
    if key.kind is not KeyKind.LOG or key.valid_until != NO_END:
        entry["exp"] = int(key.valid_until.timestamp())
    if key.compromised_at is not None:
        entry["compromised_at"] = int(key.compromised_at.timestamp())
    if key.home is not None:
        entry |= {"place": str(key.home.place), "public": format_base64url(key.home.public)}
    return entry


def _time(value: object) -> datetime:
    if not _is_number(value):
        raise ValueError("a time in whole Unix seconds")
    return datetime.fromtimestamp(value, UTC)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_UNIX_S


def _unreadable() -> KeyUnusable:
    return KeyUnusable(f"{NAME} does not say when each key is valid")
