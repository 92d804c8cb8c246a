"""Counting the seals that were issued, by day (UTC) and channel, once each: the other side of declared totals.

A counter goes through an operator's log leaf by leaf and remembers how far it came. What is erased later stays counted.
"""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import Connection, Engine, insert, select, update

from registry.sending.tables import sealed_counted, sealed_counts
from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import SigillError
from sigill.tlog.leaf import LeafKind
from sigill.vocabulary import Channel
from storage.engine import reading, writing
from transparency.tables import entries, logs, tokens

STRETCH: Final = 2_000
"""Leaves counted in one transaction."""

_MAX_BYTES: Final = 65_536


def count_seals(engine: Engine, operator_id: str, *, stretches: int = 50) -> bool:
    """Count the seals of an operator's log that are not counted yet; tell whether all are.

    Any number of processes may count at once: whoever comes second to a stretch counts nothing of it.
    """
    return any(not _count_stretch(engine, operator_id) for _ in range(stretches))


def counted_seals(connection: Connection, operator_id: str, *, since: date) -> dict[date, dict[Channel, int]]:
    """Return the seals counted from a day on, by day and channel."""
    kept = sealed_counts.c
    query = select(sealed_counts).where((kept.operator_id == operator_id) & (kept.day >= since.isoformat()))
    found: dict[date, dict[Channel, int]] = {}
    for row in connection.execute(query):
        found.setdefault(date.fromisoformat(row.day), {})[Channel(row.channel)] = row.sealed
    return found


def _count_stretch(engine: Engine, operator_id: str) -> bool:
    """Count the next leaves; tell whether there may be more."""
    with reading(engine) as connection:
        begin = _next(connection, operator_id)
        size = connection.execute(select(logs.c.size).where(logs.c.log_id == operator_id)).scalar_one_or_none() or 0
        end = min(size, begin + STRETCH)
        if end <= begin:
            return False
        counted = _count(connection, operator_id, begin, end)
    with writing(engine) as connection:
        if _advance(connection, operator_id, begin, end):
            for (day, channel), number in counted.items():
                _add(connection, operator_id, day, channel, number)
    return end < size


def _next(connection: Connection, operator_id: str) -> int:
    query = select(sealed_counted.c.next_idx).where(sealed_counted.c.operator_id == operator_id)
    return connection.execute(query).scalar_one_or_none() or 0


def _count(connection: Connection, operator_id: str, begin: int, end: int) -> Counter[tuple[str, str]]:
    query = (
        select(tokens.c.jws)
        .join(entries, (entries.c.log_id == tokens.c.log_id) & (entries.c.idx == tokens.c.idx))
        .where(tokens.c.log_id == operator_id, tokens.c.idx >= begin, tokens.c.idx < end)
        .where(entries.c.kind == LeafKind.SEAL.value)
    )
    found = (_day_and_channel(row.jws) for row in connection.execute(query))
    return Counter(each for each in found if each is not None)


def _day_and_channel(jws: str) -> tuple[str, str] | None:
    """Return when and where a seal of our own was for: when it was sealed, also where it was sent before.

    None for a row that is damaged: the check of the rows tells of it, and it must not keep others from being counted.
    """
    try:
        claims = parse_json(parse_base64url(jws.partition(".")[2].partition(".")[0]), max_bytes=_MAX_BYTES)
        return datetime.fromtimestamp(claims["iat"], UTC).date().isoformat(), Channel(claims["ch"]).value
    except (SigillError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _advance(connection: Connection, operator_id: str, begin: int, end: int) -> bool:
    """Note how far the count came, if nobody did so meanwhile."""
    kept = sealed_counted.c
    here = (kept.operator_id == operator_id) & (kept.next_idx == begin)
    if connection.execute(update(sealed_counted).where(here).values(next_idx=end)).rowcount:
        return True
    if begin:
        return False
    locked = select(logs.c.log_id).where(logs.c.log_id == operator_id).with_for_update()
    connection.execute(locked)  # the first of two that begin; the other finds the row
    if connection.execute(select(kept.next_idx).where(kept.operator_id == operator_id)).first() is not None:
        return False
    connection.execute(insert(sealed_counted).values(operator_id=operator_id, next_idx=end))
    return True


def _add(connection: Connection, operator_id: str, day: str, channel: str, number: int) -> None:
    kept = sealed_counts.c
    here = (kept.operator_id == operator_id) & (kept.day == day) & (kept.channel == channel)
    if not connection.execute(update(sealed_counts).where(here).values(sealed=kept.sealed + number)).rowcount:
        row = {"operator_id": operator_id, "day": day, "channel": channel, "sealed": number}
        connection.execute(insert(sealed_counts).values(row))
