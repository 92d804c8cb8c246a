"""Promises: what an operator says of a whole channel, from a day on.

A promise begins on a day that is not past, and ends with notice: the day on which it is ended, and the whole day after
it, are still covered. So nobody drops a promise after the scam it would have told apart. Days are UTC.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from registry.ids import ID_BYTES, make_id
from registry.model import OperatorId
from registry.sending.errors import PromiseInvalid, PromiseUnknown
from registry.sending.model import Promise, PromiseId
from registry.sending.tables import promises
from registry.sending.world import SendingWorld
from registry.steps import Act, Step, log_step
from sigill.encoding.strict_json import Json
from sigill.vocabulary import Channel
from storage.engine import reading
from storage.times import from_ms, to_ms

NOTICE: Final = timedelta(days=2)
"""From the day on which a promise is ended to the first day that it does not cover."""

LATEST: Final = timedelta(days=366)


def make_promise(
    operator_id: str, channel: Channel, *, since: date, until: date | None = None, world: SendingWorld
) -> Promise:
    """Promise something of a channel. Raises PromiseInvalid, and what `log_step` raises."""
    at = world.now()
    today = _day(at)
    if not today <= since <= today + LATEST:
        raise PromiseInvalid(f"a promise begins today ({today}) or within a year, never in the past")
    if until is not None and not max(since + timedelta(days=1), today + NOTICE) <= until:
        raise PromiseInvalid("a promise covers a day at least, and ends two days from today at the earliest")
    promise = Promise(
        id=PromiseId(make_id("pr", world.random(ID_BYTES))),
        operator_id=OperatorId(operator_id),
        channel=channel,
        since=since,
        until=until,
        made_at=at,
    )

    def write(connection: Connection, _index: int) -> None:
        for other in list_promises(connection, operator_id):
            if other.channel is channel and _overlap(other, promise):
                raise PromiseInvalid(f"this is promised already since {other.since}: end that one first")
        _insert(connection, promise)

    step = Step(act=Act.PROMISE_MADE, at=at, by="the operator", said=_said(promise))
    log_step(operator_id, step, log=world.log, random=world.random, writes=(write,))
    return promise


def end_promise(operator_id: str, promise_id: str, *, until: date | None = None, world: SendingWorld) -> Promise:
    """End a promise, by default as soon as may be; without a day, one that has an end stays as it is.

    Raises PromiseUnknown, PromiseInvalid, and what `log_step` raises.
    """
    at = world.now()
    earliest = _day(at) + NOTICE
    with reading(world.engine) as connection:
        promise = load_promise(connection, promise_id, operator_id=operator_id)
    if until is None and promise.until is not None:
        return promise
    chosen = max(earliest, promise.since) if until is None else until
    if chosen < max(earliest, promise.since):
        raise PromiseInvalid(f"a promise ends with notice: on {max(earliest, promise.since)} at the earliest")
    if promise.until is not None and promise.until <= chosen:
        raise PromiseInvalid(f"it ends on {promise.until} already; an end is not put off")

    def write(connection: Connection, _index: int) -> None:
        current = load_promise(connection, promise_id, operator_id=operator_id)
        if current.until != promise.until:
            raise PromiseInvalid("it was ended just now")
        changed = {"until": chosen.isoformat(), "ended_at_ms": to_ms(at)}
        connection.execute(update(promises).where(promises.c.id == promise_id).values(changed))

    said = _said(promise) | {"until": chosen.isoformat()}
    step = Step(act=Act.PROMISE_ENDED, at=at, by="the operator", said=said)
    log_step(operator_id, step, log=world.log, random=world.random, writes=(write,))
    with reading(world.engine) as connection:
        return load_promise(connection, promise_id, operator_id=operator_id)


def list_promises(connection: Connection, operator_id: str) -> tuple[Promise, ...]:
    """Return an operator's promises, the oldest first, those that ended too."""
    query = select(promises).where(promises.c.operator_id == operator_id)
    return tuple(_promise(row) for row in connection.execute(query.order_by(promises.c.made_at_ms, promises.c.id)))


def load_promise(connection: Connection, promise_id: str, *, operator_id: str) -> Promise:
    """Return a promise of an operator. Raises PromiseUnknown."""
    known = (promises.c.id == promise_id.replace("\x00", "")) & (promises.c.operator_id == operator_id)
    row = connection.execute(select(promises).where(known)).first()
    if row is None:
        raise PromiseUnknown("there is no such promise")
    return _promise(row)


def _overlap(one: Promise, other: Promise) -> bool:
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)


def _said(promise: Promise) -> dict[str, Json]:
    return {
        "promise": promise.id,
        "kind": promise.kind.value,
        "channel": promise.channel.value,
        "since": promise.since.isoformat(),
        "until": None if promise.until is None else promise.until.isoformat(),
    }


def _day(at: datetime) -> date:
    return at.date()


def _insert(connection: Connection, promise: Promise) -> None:
    connection.execute(
        insert(promises).values(
            id=promise.id,
            operator_id=promise.operator_id,
            channel=promise.channel.value,
            since=promise.since.isoformat(),
            until=None if promise.until is None else promise.until.isoformat(),
            made_at_ms=to_ms(promise.made_at),
            ended_at_ms=None,
        )
    )


def _promise(row: Row[Any]) -> Promise:
    return Promise(
        id=PromiseId(row.id),
        operator_id=OperatorId(row.operator_id),
        channel=Channel(row.channel),
        since=date.fromisoformat(row.since),
        until=None if row.until is None else date.fromisoformat(row.until),
        made_at=from_ms(row.made_at_ms),
        ended_at=None if row.ended_at_ms is None else from_ms(row.ended_at_ms),
    )
