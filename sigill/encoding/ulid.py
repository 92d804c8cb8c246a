"""ULID: 48 bits of milliseconds and 80 random bits in 26 Crockford symbols, e.g. `01JD8Z6Q2V4T7M9K3C5B1A0XYZ`.

Sorts by time as text. https://github.com/ulid/spec
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sigill.errors import MalformedEncoding

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS: Final = tuple(first + second for first in CROCKFORD for second in CROCKFORD)  # ten bits in two symbols
_VALUE: Final = {symbol: value for value, symbol in enumerate(CROCKFORD)}
_LENGTH: Final = 26
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM_BYTES: Final = 10
_MILLISECOND: Final = timedelta(milliseconds=1)


def format_ulid(*, at: datetime, randomness: bytes) -> str:
    """Return the ULID of the aware time `at`, 1970 or later, and ten random bytes."""
    if len(randomness) != _RANDOM_BYTES:
        raise ValueError("a ULID takes ten random bytes")
    if at < _EPOCH:
        raise ValueError("a ULID has no time before 1970")
    milliseconds = (at - _EPOCH) // _MILLISECOND
    number = (milliseconds << 80) | int.from_bytes(randomness, "big")
    return "".join([PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def parse_ulid_time(text: str) -> datetime:
    """Return the time in a canonical (upper-case) ULID, UTC, to the millisecond. Raises MalformedEncoding."""
    if len(text) != _LENGTH or text[0] > "7" or not all(symbol in _VALUE for symbol in text):
        raise MalformedEncoding("not a ULID of 26 upper-case Crockford symbols")
    number = 0
    for symbol in text[:10]:
        number = (number << 5) | _VALUE[symbol]
    try:
        return _EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        raise MalformedEncoding("a ULID beyond the year 9999") from None
