"""The list itself (Token Status List draft-20, section 4): statuses of 1, 2, 4 or 8 bits, packed, then ZLIB (RFC 1950).

    bits 1, statuses 1 0 0 1 1 1 0 1  1 1 0 0 0 1 0 1  ->  bytes b9 a3  ->  "lst": "eNrbuRgAAhcBXQ"

Index i stands in byte i·bits div 8, from the least significant bit up. Sigill writes lists of one bit and reads all.
"""

import zlib
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from sigill.errors import MalformedStatusList

MAX_LIST_BYTES: Final = 1_048_576
"""Inflated bytes of the longest list that is read: 2^20 statuses of 8 bits, 2^23 of one."""

SIZES: Final = (1, 2, 4, 8)
_BYTE: Final = 8
_LEVEL: Final = 9


class Status(IntEnum):
    """What a status says; other values are an application's own (draft-20 section 7.1)."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


def pack_statuses(statuses: Iterable[int], *, bits: int) -> bytes:
    """Return statuses packed; what is left of the last byte is 0. Raises ValueError for one that does not fit."""
    limit, per_byte = 1 << bits, _BYTE // bits
    packed = bytearray()
    for index, status in enumerate(statuses):
        if not 0 <= status < limit:
            raise ValueError(f"status {status} does not fit into {bits} bits")
        if index % per_byte == 0:
            packed.append(0)
        packed[-1] |= status << index % per_byte * bits
    return bytes(packed)


def mark_indices(indices: Iterable[int], *, size: int) -> bytes:
    """Return a list of `size` one-bit statuses, a multiple of 8: INVALID at `indices`, VALID elsewhere.

    Raises ValueError for an index outside the list.
    """
    packed = bytearray(size // _BYTE)
    for index in indices:
        if not 0 <= index < size:
            raise ValueError(f"index {index} is outside a list of {size}")
        packed[index // _BYTE] |= 1 << index % _BYTE
    return bytes(packed)


def status_at(packed: bytes, index: int, *, bits: int) -> int | None:
    """Return the status at an index, None for one outside the list."""
    per_byte = _BYTE // bits
    if not 0 <= index < len(packed) * per_byte:
        return None
    return packed[index // per_byte] >> index % per_byte * bits & (1 << bits) - 1


def deflate(packed: bytes) -> bytes:
    """Return a packed list as a ZLIB stream, at the highest level."""
    return zlib.compress(packed, _LEVEL)


def inflate(stream: bytes) -> bytes:
    """Return the packed list of a ZLIB stream; inverse of `deflate`.

    Never makes more than `MAX_LIST_BYTES`, whatever the stream says. Raises MalformedStatusList for one that is longer,
    cut short, damaged, empty, or followed by anything.
    """
    inflater = zlib.decompressobj()
    try:
        packed = inflater.decompress(stream, MAX_LIST_BYTES + 1)
    except zlib.error:
        raise MalformedStatusList("lst is no ZLIB stream") from None
    if len(packed) > MAX_LIST_BYTES:
        raise MalformedStatusList(f"lst inflates to more than {MAX_LIST_BYTES} bytes")
    if not inflater.eof or inflater.unused_data:
        raise MalformedStatusList("lst is cut short, or something follows it")
    if not packed:
        raise MalformedStatusList("lst holds no status")
    return packed
