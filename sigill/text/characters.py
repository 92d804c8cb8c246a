"""What `nu1` knows of Unicode: the pinned character database, line ends, blanks.

Categories and NFC come from one pinned version, so that two installations never disagree on a hash because their
Python differs. The tables below are closed lists, the same in every implementation of `nu1`.
"""

import re
from typing import Final

import unicodedata2  # type: ignore[import-not-found]

UNICODE_VERSION: Final = "18.0.0"

if unicodedata2.unidata_version != UNICODE_VERSION:  # pragma: no cover - a broken installation
    raise ImportError(f"nu1 needs Unicode {UNICODE_VERSION}, found {unicodedata2.unidata_version}")

# CRLF, LF, VT, FF, CR, NEL, LINE SEPARATOR, PARAGRAPH SEPARATOR. VT is what word processors write for a line break
# within a paragraph; UAX #14 breaks after all of them.
LINE_END: Final = re.compile("\r\n|[\n\x0b\x0c\r\x85\u2028\u2029]")
_SPACE: Final = "\t \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"  # TAB and category Zs, a closed list
_SPACES: Final = re.compile(f"[{_SPACE}]+")
BLANK: Final = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)

# Letters, digits and punctuation of Western European languages that nothing folds, joins or hides, single blanks
# between words, at most one empty line between paragraphs, and nothing that could be a code line.
_WORD: Final = "[!-~\xa1-\xac\xae-\u017f\u2013\u2014\u2018-\u201a\u201c-\u201e\u2022\u2026\u20ac]++"
_PLAIN: Final = re.compile(f"{_WORD}(?:(?: |\n\n?){_WORD})*+\\Z")


def is_plain(text: str) -> bool:
    """Tell whether a text surely is in canonical form and has no code line; many others are too, and it says False."""
    return _PLAIN.match(text) is not None and "Sigill " not in text and "/s/" not in text


def nfc(text: str) -> str:
    """Return `text` in Normalization Form C of the pinned Unicode version."""
    normalised: str = unicodedata2.normalize("NFC", text)
    return normalised


def category(character: str) -> str:
    """Return the general category, e.g. `Lu`, of one character in the pinned Unicode version."""
    found: str = unicodedata2.category(character)
    return found


def combining_class(character: str) -> int:
    """Return the canonical combining class of one character; 9 is a virama."""
    found: int = unicodedata2.combining(character)
    return found


def squeeze(line: str) -> str:
    """Return one line with every run of blanks as one U+0020, none at its ends."""
    return _SPACES.sub(" ", line).strip(" ")
