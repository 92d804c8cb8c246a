"""The code in plain sight: 12 Crockford symbols, 60 random bits, shown as `7K3F-9Q2M-XT4B`.

A sealed message may end in a line holding only

    Sigill 7K3F-9Q2M-XT4B
    https://sigill.example/s/7K3F-9Q2M-XT4B

The code reader for people is tolerant (lower case, blanks, O for 0, I or L for 1). The code *line* is not: only
upper case, with both hyphens or none, so that no sentence a person writes is taken for one.
"""

import re
from typing import Final, NewType

from sigill.encoding.ulid import CROCKFORD, PAIRS
from sigill.errors import MalformedCode
from sigill.text.characters import BLANK, LINE_END, nfc, squeeze

Code = NewType("Code", str)

CODE_SYMBOLS: Final = 12
CODE_BITS: Final = 60
RANDOM_BYTES: Final = 8
_MAX_TYPED: Final = 64
_GROUP: Final = f"[{CROCKFORD}]{{4}}"
CODE_PATTERN: Final = f"{_GROUP}-{_GROUP}-{_GROUP}"  # as `format_code` writes it
_CODE: Final = re.compile(f"[{CROCKFORD}]{{12}}\\Z")
_SEPARATORS: Final = re.compile(r"[\s\u2010-\u2015-]+")
_TO_BASE_32: Final = str.maketrans(CROCKFORD, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_CODE_LINE: Final = re.compile(
    r"(?:Sigill |https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?/s/)"
    f"({CODE_PATTERN}|[{CROCKFORD}]{{12}})\\Z"
)


def make_code(randomness: bytes) -> Code:
    """Return the code of eight random bytes; the upper four bits are not used."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError("a code takes eight random bytes")
    return code_of_number(int.from_bytes(randomness, "big") & ((1 << CODE_BITS) - 1))


def code_of_number(number: int) -> Code:
    """Return the code whose 60 bits are `number`; inverse of `number_of_code`."""
    return Code("".join([PAIRS[(number >> shift) & 1023] for shift in range(CODE_BITS - 10, -1, -10)]))


def number_of_code(code: Code) -> int:
    """Return the 60 bits of a code."""
    return int(code.translate(_TO_BASE_32), 32)


def parse_code(text: str) -> Code:
    """Read a code as people type it: any case, blanks, hyphens and dashes anywhere, O as 0, I and L as 1.

    Returns the 12 symbols without hyphens. Raises MalformedCode.
    """
    if len(text) > _MAX_TYPED:
        raise MalformedCode(f"a code typed in more than {_MAX_TYPED} characters")
    symbols = _SEPARATORS.sub("", text)
    symbols = symbols.upper().translate(_LOOKALIKES) if symbols.isascii() else symbols
    if not _CODE.match(symbols):
        raise MalformedCode("a code is 12 of the symbols " + CROCKFORD)
    return Code(symbols)


def format_code(code: Code) -> str:
    """Return the code in three groups: `7K3F-9Q2M-XT4B`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def format_code_line(code: Code) -> str:
    """Return the last line of a sealed message, without line ends: `Sigill 7K3F-9Q2M-XT4B`."""
    return f"Sigill {format_code(code)}"


def parse_code_line(line: str) -> Code | None:
    """Return the code of a line holding only a code or a link to it, None for any other line.

    Blanks and NFC are folded first, so a line is a code line before canonicalisation exactly when it is one after.
    """
    found = _CODE_LINE.match(squeeze(nfc(line)))
    return Code(found[1].replace("-", "")) if found else None


def find_code_line(text: str) -> Code | None:
    """Return the code in the last line that is not blank, None where that line is no code line."""
    return split_code_line(text)[1]


def split_code_line(text: str) -> tuple[str, Code | None]:
    """Return `text` without the code line at its end and the blanks before it, and the code.

    A mail sealed twice ends in two code lines: then all go, and the last one's code is returned. Removing one alone
    would leave a text whose canonical form has another canonical form. Without a code line `text` comes back as is.
    """
    starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    end = len(text)
    code: Code | None = None
    for start in reversed(starts):
        line = text[start:end].strip(BLANK)
        found = parse_code_line(line) if line else None
        if line and found is None:
            break
        if found is not None:
            code = code or found
            body_end = start
        end = start
    return (text[:body_end].rstrip(BLANK), code) if code else (text, None)
