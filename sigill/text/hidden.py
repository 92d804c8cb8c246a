"""What `nu1` refuses: characters that people cannot see, or that do not look alike to all.

Allowed are the invisible characters that writing needs:

- U+200D between two emoji, and U+FE0E or U+FE0F right after an emoji; after 0-9 # * only as a keycap (U+FE0F U+20E3)
- tag characters in a flag: U+1F3F4, three to six tag letters or digits, U+E007F
- U+200C and U+200D in joining scripts (Arabic, Syriac, Indic and their neighbours): U+200C between two letters or
  after a virama; U+200D beside a virama, or at the edge of a word. Elsewhere they would change nothing that one sees.

Private use is refused because the font decides what it shows.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Final

from sigill.text.characters import LINE_END, category, combining_class

MAX_FINDINGS: Final = 20
_VIRAMA: Final = 9
_LAST_OF_PLANE: Final = 0xFFFE


class Kind(StrEnum):
    """Why a character is refused."""

    BIDI_CONTROL = "bidi_control"
    INVISIBLE = "invisible"
    JOINER = "joiner"
    VARIATION_SELECTOR = "variation_selector"
    TAG = "tag"
    CONTROL = "control"
    UNASSIGNED = "unassigned"
    NONCHARACTER = "noncharacter"
    PRIVATE_USE = "private_use"
    LONE_SURROGATE = "lone_surrogate"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A refused character and its offset in the text that was looked at."""

    kind: Kind
    character: str
    offset: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A refused character: its code point, its offset in characters (from 0) and line (from 1) in the given text."""

    kind: Kind
    code_point: int
    offset: int
    line: int

    @property
    def description(self) -> str:
        """What it is, in plain English: `U+200B, an invisible character`."""
        return f"U+{self.code_point:04X}, {_WORDS[self.kind]}"


_WORDS: Final = {
    Kind.BIDI_CONTROL: "which can make text read in another order than it is written",
    Kind.INVISIBLE: "an invisible character",
    Kind.JOINER: "an invisible joiner that joins nothing",
    Kind.VARIATION_SELECTOR: "an invisible variation selector that is not part of an emoji",
    Kind.TAG: "an invisible tag character outside a flag",
    Kind.CONTROL: "a control character",
    Kind.UNASSIGNED: "a code point without a character in Unicode 18.0",
    Kind.NONCHARACTER: "a code point that is never a character",
    Kind.PRIVATE_USE: "a private-use character that looks different in each font",
    Kind.LONE_SURROGATE: "half of a surrogate pair",
}

_JOINERS: Final = frozenset("\u200c\u200d")
# Invisible without being format characters: grapheme joiner, Hangul and Khmer fillers, blank Braille, object
# replacement, null notehead.
_LISTED: Final = {
    Kind.BIDI_CONTROL: re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"),
    Kind.JOINER: re.compile("[\u200c\u200d]"),
    Kind.VARIATION_SELECTOR: re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"),
    Kind.TAG: re.compile("[\U000e0001\U000e0020-\U000e007f]"),
    Kind.INVISIBLE: re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159]"),
}
# Tab, line feed, and the format characters that are seen: Arabic, Syriac and Kaithi number and abbreviation signs.
_SEEN: Final = re.compile("[\t\n\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
_BY_CATEGORY: Final = {
    "Cf": Kind.INVISIBLE,
    "Cc": Kind.CONTROL,
    "Cn": Kind.UNASSIGNED,
    "Co": Kind.PRIVATE_USE,
    "Cs": Kind.LONE_SURROGATE,
}
_EMOJI: Final = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2"
    "\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    "\u3297\u3299\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201"
    "\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f900-\U0001f9ff\U0001fa70-\U0001faff]"
)
_KEYCAP: Final = re.compile("[0-9#*]\ufe0f\u20e3")
_FLAG: Final = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_JOINING_BLOCKS: Final = re.compile(
    "[\u0600-\u0dff\u1000-\u109f\u1780-\u17df\u1800-\u18af\ua840-\ua87f\ua8e0-\ua8ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\U0001e900-\U0001e95f]"
)


def find_hidden(text: str) -> tuple[Hidden, ...]:
    """Return the first `MAX_FINDINGS` refused characters of a text in NFC with LF line ends."""
    suspects = {character: kind for character in set(text) if (kind := _kind(character)) is not None}
    if not suspects:
        return ()
    flagged = {offset for match in _FLAG.finditer(text) for offset in range(match.start() + 1, match.end())}
    found: list[Hidden] = []
    for match in re.finditer("[" + "".join(map(re.escape, suspects)) + "]", text):
        offset = match.start()
        if offset not in flagged and not _has_use(text, offset):
            found.append(Hidden(suspects[match[0]], match[0], offset))
            if len(found) == MAX_FINDINGS:
                break
    return tuple(found)


def place_findings(
    hidden: Sequence[Hidden], *, given: str, looked_at: str, removed: Sequence[tuple[int, int]]
) -> tuple[Finding, ...]:
    """Return where refused characters of `looked_at` stand in the `given` text, from which `removed` spans were taken.

    Canonicalisation neither makes nor drops such a character, nor changes the order of equal ones, so the nth in one
    text is the nth in the other.
    """
    taken = {offset for start, end in removed for offset in range(start, end)}
    line_ends = [match.end() for match in LINE_END.finditer(given)]
    findings = []
    for item in hidden:
        nth = looked_at.count(item.character, 0, item.offset)
        matches = (match.start() for match in re.finditer(re.escape(item.character), given))
        offset = next(islice((place for place in matches if place not in taken), nth, None))
        line = bisect_right(line_ends, offset) + 1
        findings.append(Finding(item.kind, ord(item.character), offset, line))
    return tuple(findings)


@lru_cache(maxsize=4096)  # texts are written in few characters
def _kind(character: str) -> Kind | None:
    listed = next((kind for kind, pattern in _LISTED.items() if pattern.match(character)), None)
    if listed is not None or _SEEN.match(character):
        return listed
    kind = _BY_CATEGORY.get(category(character))
    return Kind.NONCHARACTER if kind is Kind.UNASSIGNED and _is_noncharacter(ord(character)) else kind


def _is_noncharacter(point: int) -> bool:
    return point & _LAST_OF_PLANE == _LAST_OF_PLANE or 0xFDD0 <= point <= 0xFDEF  # noqa: PLR2004 - Unicode 23.7


def _has_use(text: str, offset: int) -> bool:
    character = text[offset]
    before = text[offset - 1] if offset else ""
    after = text[offset + 1 : offset + 2]
    if character in "\ufe0e\ufe0f":
        return bool(_EMOJI.match(before)) or bool(_KEYCAP.match(text, max(offset - 1, 0)))
    if character == "\u200c":
        return _joins(before) and (_joins(after) or _is_virama(before))
    if character == "\u200d":
        return _joins_emoji(text, offset) or _shapes(before, after)
    return False


def _joins_emoji(text: str, offset: int) -> bool:
    before = text[max(offset - 2, 0) : offset]
    return bool(_EMOJI.match(before[-1:]) or (before[1:] == "\ufe0f" and _EMOJI.match(before))) and bool(
        _EMOJI.match(text, offset + 1)
    )


def _shapes(before: str, after: str) -> bool:
    if (_is_virama(before) and _joins(before)) or (_is_virama(after) and _joins(after)):
        return True
    return _joins(before) != _joins(after) and before not in _JOINERS and after not in _JOINERS


def _joins(character: str) -> bool:
    return bool(_JOINING_BLOCKS.match(character)) and category(character)[0] in "LM"


def _is_virama(character: str) -> bool:
    return character != "" and combining_class(character) == _VIRAMA
