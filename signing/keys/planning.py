"""What a rotation or a compromise makes of the list of keys: pure, `signing.keys.rotation` carries it out.

Seals of a moment are signed by the newest generation whose span holds that moment. The spans of one kind of P-256 key
do not overlap: the next one is published ahead and begins when the old one ends. A log's next key begins at once and
the old one signs beside it for the overlap, because a checkpoint can carry both signatures.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sigill.keys.jwks import MAX_KEYS
from signing.keys.listing import TYPS, KeyKind, ListedKey, Listing, in_order
from transparency.status_lists import LIFETIME as STATUS_LIFETIME

LIFETIME: Final = timedelta(days=730)
"""How long a P-256 key signs. A log's key has no end of its own: without it nothing could be logged at all."""

HEAD_START: Final = timedelta(seconds=5)
"""What a new key waits at least: every process has found it by then (they look once a second)."""

_SECOND: Final = timedelta(seconds=1)
_MAX_LOG_KEYS: Final = MAX_KEYS  # a trust file takes as many, and one more


class RotationRefused(Exception):
    """A rotation or compromise that makes no sense as the keys stand; says why."""


def rotated(listing: Listing, kind: KeyKind, *, at: datetime, overlap: timedelta) -> Listing:
    """Return the list with the next generation of a kind. Raises RotationRefused where one is under way already.

    An overlap shorter than that of the rotation under way makes another one all the same.
    """
    begin = _whole_second_after(at + HEAD_START)
    older = listing.of(kind)
    if kind is KeyKind.LOG:
        if overlap and any(key.holds(at) for key in older[1:]):
            raise RotationRefused(f"{older[1].file} still signs beside {older[0].file}; with no overlap it stops")
        return _with_next(listing, kind, at=at, begins=begin, ending=older, ends=begin + overlap)
    begins = max(begin, _whole_second_after(at + overlap))
    if at < older[0].valid_from <= begins and older[0].compromised_at is None:
        raise RotationRefused(f"{older[0].file} is the next one already: it signs from {_spell(older[0].valid_from)}")
    return _with_next(listing, kind, at=at, begins=begins, ending=older, ends=begins)


def compromised(listing: Listing, kind: KeyKind, generation: int, *, since: datetime, at: datetime) -> Listing:
    """Return the list with a key that is not believed since `since`; one that signs or would has a successor at once.

    Raises RotationRefused.
    """
    key = next((key for key in listing.of(kind) if key.generation == generation), None)
    if key is None:
        raise RotationRefused(f"there is no {kind} key of generation {generation}")
    if since > at:
        raise RotationRefused("a key is compromised since a time that has been")
    if key.compromised_at is not None and key.compromised_at <= since:
        raise RotationRefused(f"{key.file} is marked as compromised since {_spell(key.compromised_at)} already")
    marked = replace(key, compromised_at=since.replace(microsecond=0))
    listing = _replaced(listing, [marked])
    if key.compromised_at is not None or key.valid_until <= at:
        return listing
    begins = max(key.valid_from, at.replace(microsecond=0))
    if kind is KeyKind.LOG:
        listing = _replaced(listing, [_never_again(marked, at)])
        ending: tuple[ListedKey, ...] = ()  # other log keys may still sign beside
    else:
        ending = listing.of(kind)
    if _has_good_successor(listing, key, at):
        return _replaced(listing, [replace(each, valid_until=_end(each, begins)) for each in ending if each == marked])
    return _with_next(listing, kind, at=at, begins=begins, ending=ending, ends=begins)


def is_published(key: ListedKey, *, kept_for: timedelta, at: datetime) -> bool:
    """Tell whether something that the key signed can still count, or will: as long, it is in the JWKS.

    A log's keys are for good: whoever holds an old checkpoint may come back with it.
    """
    if key.kind is KeyKind.LOG:
        return True
    return at < key.valid_until + (STATUS_LIFETIME if key.kind is KeyKind.STATUS else kept_for)


def _with_next(
    listing: Listing, kind: KeyKind, *, at: datetime, begins: datetime, ending: Iterable[ListedKey], ends: datetime
) -> Listing:
    following = ListedKey(kind=kind, generation=listing.of(kind)[0].generation + 1, valid_from=begins)
    if kind in TYPS:
        following = replace(following, valid_until=begins + LIFETIME)
    made = _replaced(listing, [following, *(replace(key, valid_until=_end(key, ends)) for key in ending)])
    _check_room(made, at)
    return made


def _end(key: ListedKey, old_ends: datetime) -> datetime:
    """Return when an older key ends: one that would begin later only never signs, for the newest one goes first."""
    return min(key.valid_until, max(old_ends, key.valid_from + _SECOND))


def _never_again(key: ListedKey, at: datetime) -> ListedKey:
    """Return a log's key that does not sign from `at` on: all keys whose span holds a time sign, not the newest alone.

    Of one condemned in its first second, or before that, the span lies before: a list has no empty ones.
    """
    ends = at.replace(microsecond=0)
    return replace(key, valid_from=min(key.valid_from, ends - _SECOND), valid_until=ends)


def _has_good_successor(listing: Listing, key: ListedKey, at: datetime) -> bool:
    """Tell whether another key signs at `at` in the place of this one. False for one that has not begun to sign."""
    good = (other for other in listing.of(key.kind) if other.compromised_at is None and other.holds(at))
    return any(other.generation > key.generation for other in good)


def _check_room(listing: Listing, at: datetime) -> None:
    published = [key for key in listing.keys if is_published(key, kept_for=listing.kept_for, at=at)]
    of_logs = sum(key.kind is KeyKind.LOG for key in published)
    if of_logs > _MAX_LOG_KEYS or len(published) - of_logs > MAX_KEYS:
        raise RotationRefused(f"{MAX_KEYS} keys are published already, and each is needed for what it signed")


def _replaced(listing: Listing, keys: Iterable[ListedKey]) -> Listing:
    return replace(listing, keys=in_order({key.file: key for key in listing.keys} | {key.file: key for key in keys}))


def _whole_second_after(at: datetime) -> datetime:
    whole = at.replace(microsecond=0)
    return whole if whole == at else whole + _SECOND


def _spell(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
