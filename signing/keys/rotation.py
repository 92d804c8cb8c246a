"""Rotating and condemning keys in their folder: key files first, then the list in one step, then the log.

A crash before the list is replaced leaves a key file that is not listed: nobody signs with it, and the next rotation
takes it up. What was done is noted in the list itself, so that it reaches the guarantor's log even where the database
cannot be reached now (`signing.keys.events`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.tlog.leaf import LeafKind
from signing.keys.folder import alone_in, load_listing, save_listing
from signing.keys.generations import AnyKey, load_key, name_of
from signing.keys.listing import NO_END, KeyKind, ListedKey, Listing
from signing.keys.planning import compromised, rotated
from signing.keys.salts import SaltKeys

OVERLAP: Final = timedelta(days=2)
SALTS: Final = "salts"  # what salt keys are called where keys are called by their kind
_SALT_BYTES: Final = 16
_VERSION: Final = 1
Random = Callable[[int], bytes]


class KeyEvent(StrEnum):
    """What a record of the guarantor's log tells about a key."""

    ROTATED = "rotated"
    COMPROMISED = "compromised"


def rotate(
    folder: Path, kinds: Iterable[KeyKind], *, at: datetime, overlap: timedelta, random: Random
) -> list[ListedKey]:
    """Make and list the next generation of each kind, or of none; return them. Raises RotationRefused, KeyUnusable."""
    with alone_in(folder):
        before = after = load_listing(folder)
        for kind in kinds:
            after = rotated(after, kind, at=at, overlap=overlap)
        return _carry_out(folder, before, after, (), at=at, random=random)


def condemn(
    folder: Path, kind: KeyKind, generation: int, *, since: datetime, at: datetime, random: Random
) -> list[ListedKey]:
    """List a key as compromised since `since`; return what signs in its place, if it was signing.

    Raises RotationRefused, KeyUnusable.
    """
    with alone_in(folder):
        before = load_listing(folder)
        after = compromised(before, kind, generation, since=since, at=at)
        condemned = [key for key in after.of(kind) if key.generation == generation]
        return _carry_out(folder, before, after, condemned, at=at, random=random)


def rotate_salts(folder: Path, *, at: datetime, random: Random) -> list[tuple[str, int]]:
    """Make the next salt key of this month for each operator that has one; return who seals with which generation.

    Raises KeyUnusable.
    """
    salts = SaltKeys(folder / "salts")
    made = [(operator, salts.rotate(operator, at)) for operator in salts.operators()]
    made = [(operator, generation) for operator, generation in made if generation]
    if made:
        members = {"kind": SALTS, "month": f"{at:%Y-%m}", "operators": [operator for operator, _ in made]}
        with alone_in(folder):
            listing = load_listing(folder)
            record = _record(KeyEvent.ROTATED, members, at=at, random=random)
            save_listing(folder, replace(listing, unlogged=(*listing.unlogged, record)))
    return made


def _carry_out(
    folder: Path, before: Listing, after: Listing, condemned: Sequence[ListedKey], *, at: datetime, random: Random
) -> list[ListedKey]:
    known = {key.file for key in before.keys}
    new = [key for key in after.keys if key.file not in known]
    made = [(KeyEvent.ROTATED, key, load_key(folder, key, make=True)) for key in new]
    told = [(KeyEvent.COMPROMISED, key, load_key(folder, key)) for key in condemned]
    records = [_record(event, _describe(key, loaded), at=at, random=random) for event, key, loaded in [*told, *made]]
    save_listing(folder, replace(after, unlogged=(*after.unlogged, *records)))
    return new


def _describe(key: ListedKey, loaded: AnyKey) -> dict[str, Any]:
    members = {
        "kind": key.kind.value,
        "generation": key.generation,
        "key": name_of(loaded),
        "from": _format_time(key.valid_from),
    }
    if key.valid_until != NO_END:
        members["until"] = _format_time(key.valid_until)
    if key.compromised_at is not None:
        members["since"] = _format_time(key.compromised_at)
    return members


def _record(event: KeyEvent, members: dict[str, Any], *, at: datetime, random: Random) -> str:
    """Return the record of one event (RFC 8785): what the leaf holds the SHA-256 of."""
    record = {
        "v": _VERSION,
        "t": LeafKind.KEY.value,
        "salt": format_base64url(random(_SALT_BYTES)),
        "event": event.value,
        "at": _format_time(at),
        **members,
    }
    return format_canonical_json(record).decode("utf-8")


def _format_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
