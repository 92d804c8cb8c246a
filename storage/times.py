"""Times in the database: whole Unix milliseconds, UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Return an aware time as Unix milliseconds."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """Return Unix milliseconds as an aware UTC time."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def from_ms_or_none(milliseconds: int | None) -> datetime | None:
    """Return Unix milliseconds as an aware UTC time, None for none."""
    return None if milliseconds is None else from_ms(milliseconds)
