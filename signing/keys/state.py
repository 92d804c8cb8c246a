"""What whoever runs the service sees of its keys: a row for each, never a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from signing.keys.generations import Generations, name_of
from signing.keys.listing import KeyKind, ListedKey
from signing.keys.places import FILE
from signing.keys.planning import is_published
from signing.keys.salts import SaltKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """One key. `name` is a kid, the end of a log key's verifier keys, or whose salts it makes.

    `place` is where it lives: `file`, or as `signing.keys.places` spells it.
    """

    kind: str
    generation: int
    name: str
    begins: datetime
    ends: datetime
    state: str
    place: str = FILE


def describe_keys(generations: Generations, salts: SaltKeys, *, at: datetime) -> Iterator[KeyState]:
    """Yield all listed keys, newest first within a kind, and the salt keys of `at`'s month. Raises KeyUnusable."""
    for key in generations.listing.keys:
        yield KeyState(
            kind=key.kind.value,
            generation=key.generation,
            name=name_of(generations.key(key)),
            begins=key.valid_from,
            ends=key.valid_until,
            state=_state(key, generations, at),
            place=FILE if key.home is None else str(key.home.place),
        )
    begins = datetime(at.year, at.month, 1, tzinfo=UTC)
    ends = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    for operator in salts.operators():
        for place, generation in enumerate(salts.generations(operator, at)):
            state = "opening only" if place else "making salts"
            yield KeyState(kind="salts", generation=generation, name=operator, begins=begins, ends=ends, state=state)


def _state(key: ListedKey, generations: Generations, at: datetime) -> str:
    listing = generations.listing
    if key.compromised_at is not None:
        return f"compromised since {key.compromised_at:%Y-%m-%dT%H:%M:%SZ}"
    if key.valid_from > at:
        return "published ahead"
    holding = [other for other in listing.of(key.kind) if other.holds(at)]
    if key in (holding if key.kind is KeyKind.LOG else holding[:1]):
        return "signing"
    is_still = is_published(key, kept_for=listing.kept_for, at=at)
    return "retired but published" if is_still else "retired"
