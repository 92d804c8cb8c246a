"""Names that could be taken for another operator's: what a person has to look at before it is let in.

Two names are compared as a hurried reader sees them. Letters that look alike count as one (Unicode's confusables,
UTS #39, through the package confusable-homoglyphs; beside them `i` and `l`, `vv` and `w`); marks on letters, case,
blanks and punctuation count for nothing, nor do legal forms such as AB or GmbH. That is coarse on purpose: nothing is
refused here, a person decides. It is for names of firms and products, domains without their public suffix, and the
senders of text messages.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from confusable_homoglyphs.confusables import confusables_data
from rapidfuzz.distance import OSA

MAX_CHARACTERS: Final = 255
_CLOSE: Final = ((5, 1), (10, 2))
"""From so many characters on, so many slips (a letter more, less or other, or two swapped) still look the same."""
_INSIDE_FROM: Final = 5  # shorter names stand inside too many words: they count only as a word of their own
# fmt: off
_LEGAL_FORMS: Final = frozenset({
    "ab", "ag", "aps", "as", "asa", "ba", "da", "ek", "eg", "gmbh", "hb", "inc", "kb", "kg", "ky", "llc", "llp",
    "ltd", "nuf", "nv", "oy", "oyj", "plc", "publ", "sa", "sarl", "sas", "se", "sl", "slu", "ug",
})
# fmt: on
_BETWEEN: Final = re.compile(r"[^0-9a-z]+")
_DIRECTION: Final = "\u200e"  # stands around letters of the other direction in the data
_BARS: Final = "|∣⏽￨׀"
_ALIKE_TOO: Final = (("vv", "w"), ("i", "l"))


class Likeness(StrEnum):
    """How one name resembles another, the strongest first."""

    SAME = "same"
    LOOKS_THE_SAME = "looks_the_same"
    CLOSE = "close"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A known name that the new one resembles."""

    known: str
    likeness: Likeness


def find_resemblances(name: str, known: Iterable[str]) -> tuple[Resemblance, ...]:
    """Return the known names that `name` could be taken for, the strongest resemblance first, then as they came.

    Names of the same operator are not to be among the known ones. Never raises; what is longer than 255 characters is
    compared by its beginning.
    """
    found = [Resemblance(each, likeness) for each in known if (likeness := compare(name, each)) is not None]
    return tuple(sorted(found, key=lambda each: list(Likeness).index(each.likeness)))


def compare(name: str, known: str) -> Likeness | None:
    """Return how `name` resembles one known name, or None."""
    new, old = _seen(name[:MAX_CHARACTERS]), _seen(known[:MAX_CHARACTERS])
    if not new.joined or not old.joined:
        return None
    if {new.joined, new.whole} & {old.joined, old.whole}:
        return Likeness.SAME if name.casefold() == known.casefold() else Likeness.LOOKS_THE_SAME
    slips = max((slips for length, slips in _CLOSE if len(old.joined) >= length), default=0)
    if slips and OSA.distance(new.joined, old.joined, score_cutoff=slips) <= slips:
        return Likeness.CLOSE
    if set(old.words) <= set(new.words) or (len(old.joined) >= _INSIDE_FROM and old.joined in new.joined):
        return Likeness.CONTAINS
    return None


def skeleton(name: str) -> str:
    """Return what a hurried reader sees: Latin letters and digits, words apart. Two skeletons alike are a warning."""
    return " ".join(_seen(name[:MAX_CHARACTERS]).words)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A name's words but for legal forms, the same in one, and all of its words in one."""

    words: tuple[str, ...]
    joined: str
    whole: str


@lru_cache(maxsize=65_536)
def _seen(name: str) -> _Seen:
    spelled = tuple(word for word in _BETWEEN.split(_alike(name)) if word)
    significant = tuple(word for word in spelled if word not in _forms()) or spelled
    return _Seen(significant, "".join(significant), "".join(spelled))


def _alike(text: str) -> str:
    prototypes = _prototypes()
    for _ in range(2):  # a letter with a mark, or a capital, may look like another only without it
        text = _without_marks("".join([prototypes.get(character, character) for character in text])).casefold()
    for looks, like in _ALIKE_TOO:
        text = text.replace(looks, like)
    return text


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join([character for character in decomposed if unicodedata.category(character) not in {"Mn", "Me", "Cf"}])


@cache
def _forms() -> frozenset[str]:
    return frozenset(map(_alike, _LEGAL_FORMS))


@cache
def _prototypes() -> dict[str, str]:
    """Return what each letter looks like: of all that look alike, the longest spelling in a to z, such as rn for m.

    What stands between words stays what it is; of ASCII's marks only the bar is a letter to a reader.
    """
    groups = _Groups()
    for one, others in confusables_data.items():
        for other in others:
            groups.join(one.strip(_DIRECTION), other["c"].strip(_DIRECTION))
    found: dict[str, str] = {}
    for members in groups.all():
        plain = [member for member in members if re.fullmatch(r"[a-z]+", member)] or [
            member.casefold() for member in members if re.fullmatch(r"[A-Z0-9]+", member)
        ]
        if plain:
            prototype = max(plain, key=lambda each: (len(each), each))
            found.update({each: prototype for each in members if len(each) == 1 and (each.isalnum() or each in _BARS)})
    return found


class _Groups:
    """Strings that look alike, as a forest: each knows one that it looks like, up to the first of its group."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        """Put two strings into one group."""
        self._first[self._find(one)] = self._find(other)

    def all(self) -> list[list[str]]:
        """Return the groups."""
        found: dict[str, list[str]] = {}
        for each in list(self._first):
            found.setdefault(self._find(each), []).append(each)
        return list(found.values())

    def _find(self, each: str) -> str:
        while (first := self._first.setdefault(each, each)) != each:
            each = first
        return each
