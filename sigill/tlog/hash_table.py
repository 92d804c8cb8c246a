"""Hashes by number, 40 bytes each however many there are: heads by size, erasures by index."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from sigill.tlog.standard_base64 import HASH_BYTES

_NUMBERS: Final = "Q"  # unsigned, 8 bytes


class HashTable:
    """32-byte hashes, each under a number from 0 to 2**63 - 1 and with a second one; numbers only grow."""

    def __init__(self) -> None:
        self._numbers = array(_NUMBERS)
        self._places = array(_NUMBERS)
        self._hashes = bytearray()

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: int, value: bytes, *, place: int = 0) -> None:
        """Add a hash. Raises ValueError unless `number` is larger than all before and the hash has 32 bytes."""
        if len(value) != HASH_BYTES or (self._numbers and number <= self._numbers[-1]):
            raise ValueError("a hash has 32 bytes, and numbers only grow")
        self._numbers.append(number)
        self._places.append(place)
        self._hashes += value

    @property
    def last(self) -> int | None:
        """The largest number, None where there is none."""
        return self._numbers[-1] if self._numbers else None

    def get(self, number: int) -> bytes | None:
        """Return the hash under `number`, or None."""
        at = bisect_left(self._numbers, number)
        return self._hash(at) if at < len(self._numbers) and self._numbers[at] == number else None

    def rows(self) -> Iterator[tuple[int, bytes, int]]:
        """Yield number, hash and place, in the order of the numbers."""
        for at, number in enumerate(self._numbers):
            yield number, self._hash(at), self._places[at]

    def _hash(self, at: int) -> bytes:
        return bytes(self._hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES])
