"""The invisible carrier: a code in 17 characters that copy and paste keeps and nobody sees.

    U+FEFF, then 16 variation selectors, one per byte (U+FE00..FE0F = 0..15, U+E0100..E01EF = 16..255):
    "Sgl"  version 01  code as 64 bits, big-endian, upper four bits zero  first four bytes of SHA-256 over those 12

A second carrier only: filters may drop it, so the code also stands in plain sight. A run of selectors longer or
shorter than 16 belongs to somebody else's format and stays. It also follows that taking a carrier out never joins
the halves of another one: inside a run, a carrier would be followed by a selector.
"""

import hashlib
import re
from typing import Final

from sigill.text.characters import BLANK, is_plain
from sigill.text.codes import (
    CODE_BITS,
    CODE_PATTERN,
    Code,
    code_of_number,
    format_code_line,
    number_of_code,
    split_code_line,
)
from sigill.vocabulary import Channel

_HEAD: Final = b"Sgl\x01"
_NUMBER_BYTES: Final = 8
_NUMBER: Final = slice(len(_HEAD), len(_HEAD) + _NUMBER_BYTES)
_UNUSED_BITS: Final = 1 << CODE_BITS % 8  # the number's first byte is below it
_CHECK_BYTES: Final = 4
_LOW_SELECTORS: Final = 16
_SELECTORS: Final = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_CARRIER: Final = re.compile(f"\ufeff({_SELECTORS}{{16}})(?!{_SELECTORS})")
_EMBEDDED: Final = re.compile(f"(?:\ufeff({_SELECTORS}{{16}}))?\nSigill ({CODE_PATTERN})\\Z")
_EMBEDDED_LENGTH: Final = 17 + 22  # the carrier, and the code line with the line end before it

_SELECTOR_OF: Final = tuple(
    chr(0xFE00 + byte if byte < _LOW_SELECTORS else 0xE0100 + byte - _LOW_SELECTORS) for byte in range(256)
)
_BYTE_OF: Final = {selector: byte for byte, selector in enumerate(_SELECTOR_OF)}

# A selector turns an SMS into twice as many; the others are spoken or printed.
_VISIBLE_ONLY: Final = frozenset({Channel.SMS, Channel.PHONE, Channel.LETTER, Channel.VISIT, Channel.VIDEO})


def format_carrier(code: Code) -> str:
    """Return the 17 invisible characters that hold `code`."""
    body = _HEAD + number_of_code(code).to_bytes(_NUMBER_BYTES, "big")
    return "\ufeff" + "".join([_SELECTOR_OF[byte] for byte in body + _checksum(body)])


def find_carriers(text: str) -> tuple[tuple[Code, int, int], ...]:
    """Return code, start and end of every well-formed carrier in `text`, in order."""
    found = ((_read(match[1]), match.start(), match.end()) for match in _CARRIER.finditer(text))
    return tuple((code, start, end) for code, start, end in found if code is not None)


def remove_carriers(text: str) -> str:
    """Return `text` without its well-formed carriers, wherever they stand; ill-formed ones remain."""
    return _CARRIER.sub(lambda match: match[0] if _read(match[1]) is None else "", text)


def remove_codes(text: str) -> tuple[str, Code | None]:
    """Return `text` without carriers and code lines, and its code: the one in plain sight, else the last carrier's."""
    body, code = split_code_line(remove_carriers(text))
    if code is None:
        code = next((carried for carried, _, _ in reversed(find_carriers(text))), None)
    return body, code


def split_plain(text: str) -> tuple[str, Code | None] | None:
    """Return what `remove_codes` does, for a plain text as it is or as `embed` makes it; None where it may be another.

    The quick way for most messages: its body is its own canonical form and has no blanks at its end.
    """
    found = _EMBEDDED.search(text[-_EMBEDDED_LENGTH:])
    if found is None:
        return (text, None) if is_plain(text) else None
    if found[1] is not None and not _is_well_formed(_bytes_of(found[1])):
        return None
    body = text[: -len(found[0])]
    return (body, Code(found[2].replace("-", ""))) if is_plain(body) else None


def embed(text: str, code: Code, *, channel: Channel) -> str:
    """Return the text to send: `text`, the invisible carrier where the channel bears it, the code in a last line.

    Carriers and code lines already there are replaced, blanks at the end dropped. `nu1` and the exact hash of the
    result are those of `text`.
    """
    body = text if is_plain(text) else remove_codes(text)[0].rstrip(BLANK)
    carrier = "" if channel in _VISIBLE_ONLY else format_carrier(code)
    return f"{body}{carrier}\n{format_code_line(code)}" if body else carrier + format_code_line(code)


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECK_BYTES]


def _read(selectors: str) -> Code | None:
    data = _bytes_of(selectors)
    return code_of_number(int.from_bytes(data[_NUMBER], "big")) if _is_well_formed(data) else None


def _bytes_of(selectors: str) -> bytes:
    return bytes(map(_BYTE_OF.__getitem__, selectors))


def _is_well_formed(data: bytes) -> bool:
    body = data[:-_CHECK_BYTES]
    return body.startswith(_HEAD) and body[_NUMBER.start] < _UNUSED_BITS and data[-_CHECK_BYTES:] == _checksum(body)
