"""Rotating and condemning keys in their folder: the new keys first, then the list in one step, then the log.

A crash before the list is replaced leaves a key file that is not listed: nobody signs with it, and the next rotation
takes it up; one on a token or in KMS stays there unused. What was done is noted in the list itself, so that it reaches
the guarantor's log even where the database cannot be reached now (`signing.keys.events`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.tlog.leaf import LeafKind
from signing.keys.folder import alone_in, load_listing, save_listing
from signing.keys.generations import AnyKey, load_key, name_of
from signing.keys.listing import NO_END, KeyKind, ListedKey, Listing, in_order
from signing.keys.places import KmsPlace, Place, TokenPlace
from signing.keys.planning import RotationRefused, compromised, rotated
from signing.keys.salts import SaltKeys
from signing.keys.stores import NO_LOG_IN_KMS, Stores

OVERLAP: Final = timedelta(days=2)
SALTS: Final = "salts"  # what salt keys are called where keys are called by their kind
_SALT_BYTES: Final = 16
_VERSION: Final = 1
Random = Callable[[int], bytes]


class Beside(Enum):
    """Where a new key goes that nobody said a place for."""

    PREDECESSOR = "where the newest generation lives: on the same token, in KMS, or in a file"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where new generations go: a place, a file (None), or beside their predecessors; and how to get there."""

    stores: Stores
    to: Place | Beside | None = Beside.PREDECESSOR


class KeyEvent(StrEnum):
    """What a record of the guarantor's log tells about a key."""

    ROTATED = "rotated"
    COMPROMISED = "compromised"


def rotate(
    folder: Path,
    kinds: Iterable[KeyKind],
    *,
    at: datetime,
    overlap: timedelta,
    random: Random,
    destination: Destination | None = None,
) -> list[ListedKey]:
    """Make and list the next generation of each kind, or of none; return them. Raises RotationRefused, KeyUnusable."""
    with alone_in(folder):
        before = after = load_listing(folder)
        for kind in kinds:
            after = rotated(after, kind, at=at, overlap=overlap)
        made = _carry_out(before, after, destination or Destination(Stores()), folder=folder, random=random)
        return _put_down(folder, made, (), at=at, random=random)


def condemn(  # noqa: PLR0913 - as rotate
    folder: Path,
    kind: KeyKind,
    generation: int,
    *,
    since: datetime,
    at: datetime,
    random: Random,
    destination: Destination | None = None,
) -> list[ListedKey]:
    """List a key as compromised since `since`; return what signs in its place, if it was signing.

    Raises RotationRefused, KeyUnusable.
    """
    with alone_in(folder):
        before = load_listing(folder)
        after = compromised(before, kind, generation, since=since, at=at)
        made = _carry_out(before, after, destination or Destination(Stores()), folder=folder, random=random)
        condemned = [key for key in after.of(kind) if key.generation == generation]
        return _put_down(folder, made, condemned, at=at, random=random)


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


@dataclass(frozen=True, slots=True)
class _Made:
    """A list with its new keys, which exist by now."""

    listing: Listing
    new: list[ListedKey]
    stores: Stores


def _carry_out(before: Listing, after: Listing, destination: Destination, *, folder: Path, random: Random) -> _Made:
    """Make the keys that are new in a list, or find those that are to be used; list each with its home."""
    known = {(key.kind, key.generation) for key in before.keys}
    places = {
        key: _place_for(key.kind, before, destination) for key in after.keys if (key.kind, key.generation) not in known
    }
    if any(key.kind is KeyKind.LOG and isinstance(place, KmsPlace) for key, place in places.items()):
        raise RotationRefused(NO_LOG_IN_KMS)
    new: list[ListedKey] = []
    for key, place in places.items():
        home = None if place is None else destination.stores.settle(key, place, random=random)
        new.append(replace(key, home=home))
        _check_unused(new, before, destination.stores, folder=folder)
    taken = {(key.kind, key.generation): key for key in new}
    keys = {key.file: key for key in (taken.get((key.kind, key.generation), key) for key in after.keys)}
    return _Made(replace(after, keys=in_order(keys)), new, destination.stores)


def _place_for(kind: KeyKind, before: Listing, destination: Destination) -> Place | None:
    if not isinstance(destination.to, Beside):
        return destination.to
    newest = before.of(kind)[0].home
    if newest is None:
        return None
    if isinstance(newest.place, TokenPlace):
        return replace(newest.place, id=None, object=None)
    return KmsPlace(new_in=newest.place.region)


def _check_unused(new: Sequence[ListedKey], before: Listing, stores: Stores, *, folder: Path) -> None:
    """Load the last of the new keys, and refuse it if it signs for something else: each generation has its own."""
    *others, key = new
    name = name_of(load_key(folder, key, stores=stores, make=True))
    if key.home is not None and name in {name_of(load_key(folder, k, stores=stores)) for k in (*before.keys, *others)}:
        raise RotationRefused(f"the key for {key.file} is in the list already; each generation has its own")


def _put_down(
    folder: Path, made: _Made, condemned: Sequence[ListedKey], *, at: datetime, random: Random
) -> list[ListedKey]:
    """Save the list with what is to be logged; return the new keys."""
    events = [*((KeyEvent.COMPROMISED, key) for key in condemned), *((KeyEvent.ROTATED, key) for key in made.new)]
    records = [
        _record(event, _describe(key, load_key(folder, key, stores=made.stores)), at=at, random=random)
        for event, key in events
    ]
    save_listing(folder, replace(made.listing, unlogged=(*made.listing.unlogged, *records)))
    return made.new


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
