"""The little of DER (X.690) that qualified statements need: a SEQUENCE and what is in it, strictly and bounded.

`cryptography` reads any type that is declared, but cannot yet declare "anything, or nothing" (`ANY OPTIONAL`), of which
QCStatement is made.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

SEQUENCE: Final = 0x30
_OID: Final = 0x06
_TEXTS: Final = {0x0C: "utf-8", 0x13: "ascii"}  # UTF8String, PrintableString
_SHORT: Final = 0x80
_MAX_LENGTH_BYTES: Final = 3
_MAX_ITEMS: Final = 100


class MalformedDer(Exception):
    """Not the DER that was expected."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value: its one-byte tag, its content, and the whole of it as it stood."""

    tag: int
    content: bytes
    whole: bytes


def read_sequence(data: bytes) -> tuple[Item, ...]:
    """Return the items of the one SEQUENCE that `data` is. Raises MalformedDer."""
    outer, rest = _read_item(data)
    if rest:
        raise MalformedDer("bytes after the end")
    return items_of(outer)


def items_of(sequence: Item) -> tuple[Item, ...]:
    """Return the items of a SEQUENCE. Raises MalformedDer."""
    if sequence.tag != SEQUENCE:
        raise MalformedDer("not a SEQUENCE")
    items: list[Item] = []
    rest = sequence.content
    while rest:
        if len(items) == _MAX_ITEMS:
            raise MalformedDer("too many items")
        item, rest = _read_item(rest)
        items.append(item)
    return tuple(items)


def oid_of(item: Item) -> str:
    """Return an OBJECT IDENTIFIER in dots. Raises MalformedDer."""
    if item.tag != _OID:
        raise MalformedDer("not an OBJECT IDENTIFIER")
    try:
        return asn1.decode_der(ObjectIdentifier, item.whole).dotted_string
    except ValueError:
        raise MalformedDer("not an OBJECT IDENTIFIER") from None


def text_of(item: Item, *, at_most: int) -> str:
    """Return a UTF8String or PrintableString of printable characters. Raises MalformedDer."""
    encoding = _TEXTS.get(item.tag)
    try:
        text = item.content.decode(encoding) if encoding else None
    except UnicodeDecodeError:
        text = None
    if text is None or len(text) > at_most or not text.isprintable():
        raise MalformedDer("not a short printable text")
    return text


def _read_item(data: bytes) -> tuple[Item, bytes]:
    if len(data) < len(("tag", "length")):
        raise MalformedDer("cut off")
    length, begin = _read_length(data)
    end = begin + length
    if end > len(data):
        raise MalformedDer("cut off")
    return Item(data[0], data[begin:end], data[:end]), data[end:]


def _read_length(data: bytes) -> tuple[int, int]:
    """Return the length of the content and where it begins; only the shortest spelling is DER."""
    first = data[1]
    if first < _SHORT:
        return first, 2
    count = first - _SHORT
    begin = 2 + count
    if not 0 < count <= _MAX_LENGTH_BYTES or len(data) < begin:
        raise MalformedDer("a length that cannot be")
    length = int.from_bytes(data[2:begin], "big")
    if length < _SHORT or length.bit_length() <= 8 * (count - 1):
        raise MalformedDer("a length that is not spelled the shortest way")
    return length, begin
