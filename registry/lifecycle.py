"""The life cycle in the log: every step of an operator is a `registry` leaf in the operator's own log.

A step and its leaf are committed together: neither is ever there without the other. Behind the leaf stands a record,
canonical JSON with 128 bits of salt of its own, so the log's hash tells nothing until the record is shown:

    {"operator":"exempelbanken","reason":"…","salt":"…","since":"2026-11-22T12:00:00Z","state":"verified",
     "t":"registry","v":1}

The first record also carries, as `enrolled`, everything the operator was entered with. One that people decided says who
and what else (`act`, `by`, `said`), and has its line in the public history (`registry.steps`).

Times are whole seconds, as in seals. What lets an operator seal counts from the beginning of its second, so the seal
made next already finds it; what ends it counts from the next whole second, so the seals given out before, in the same
second, stay genuine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from registry.errors import TransitionRefused
from registry.model import Operator, StateChange
from registry.operators import AFTER_APPEAL, TRANSITIONS, change_state, held_by, save_operator
from registry.steps import Act, Step, note_step
from registry.tables import operators
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.report.standing import State
from sigill.tlog.leaf import LeafKind, leaf_of
from transparency.append import Append, Appended, Guard, Write
from transparency.log import TransparencyLog

_SALT_BYTES: Final = 16
_VERSION: Final = 1
_ENDS: Final = frozenset({State.SUSPENDED, State.REVOKED})


def enrol(
    operator: Operator,
    *,
    origin: str,
    log: TransparencyLog,
    random: Callable[[int], bytes],
    writes: tuple[Write, ...] = (),
    more: Mapping[str, Json] | None = None,
) -> Appended:
    """Enter an operator that has applied, with everything it holds: its log, its row, and the log's first leaf.

    `writes` are made in the same commit, `more` is said in the record. A crash between leaves at most an empty log,
    which the next try takes up. Raises TransitionRefused (it has gone further than to apply, its id is registered
    already, or another operator stands under its identifier), what `writes` raise, LogConflict, StoreUnavailable.
    """
    if [change.state for change in operator.history] != [State.APPLIED]:
        raise TransitionRefused("an operator is entered as applied; each further step is logged on its own")
    applied = _in_whole_seconds(operator.history[0])
    entered = replace(operator, history=(applied,))
    log.create_log(entered.id, origin)
    record = format_record(entered.id, applied, salt=random(_SALT_BYTES), enrolled=entered, more=more)

    def write(connection: Connection, _index: int) -> None:
        _check_new(connection, entered)
        save_operator(connection, entered, created_at=applied.since)

    return log.append(Append(entered.id, leaf_of(LeafKind.REGISTRY, record), record=record, writes=(write, *writes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """By whom a step of the life cycle was decided, for everyone to read, and what is committed with it.

    `by` and `said` stand in the leaf's record and in the public history: see `registry.steps.Step`. `after_appeal`: an
    appeal against a revocation was upheld, so that there is a way back.
    """

    act: Act
    by: str
    said: Mapping[str, Json]
    guards: tuple[Guard, ...] = ()
    writes: tuple[Write, ...] = ()
    after_appeal: bool = False


def change_state_logged(
    operator_id: str,
    change: StateChange,
    *,
    log: TransparencyLog,
    random: Callable[[int], bytes],
    decided: Decided | None = None,
) -> Appended:
    """Take one step of the life cycle. Raises OperatorNotFound, TransitionRefused, LogUnknown, StoreUnavailable.

    Raises what the guards and writes of `decided` raise, too.
    """
    step = _in_whole_seconds(change)
    record = format_record(operator_id, step, salt=random(_SALT_BYTES), decided=decided)

    def write(connection: Connection, index: int) -> None:
        after_appeal = decided is not None and decided.after_appeal
        change_state(connection, operator_id, step, transitions=AFTER_APPEAL if after_appeal else TRANSITIONS)
        if decided is not None:
            said = {"state": step.state.value, "reason": step.reason, **decided.said}
            taken = Step(act=decided.act, at=change.since.replace(microsecond=0), by=decided.by, said=said)
            note_step(connection, operator_id, taken, index)

    guards, writes = ((), ()) if decided is None else (decided.guards, decided.writes)
    leaf = leaf_of(LeafKind.REGISTRY, record)
    return log.append(Append(operator_id, leaf, record=record, guards=guards, writes=(write, *writes)))


def format_record(
    operator_id: str,
    change: StateChange,
    *,
    salt: bytes,
    enrolled: Operator | None = None,
    decided: Decided | None = None,
    more: Mapping[str, Json] | None = None,
) -> bytes:
    """Return the record of one step (RFC 8785): what the leaf holds the SHA-256 of."""
    record: dict[str, Json] = {
        "v": _VERSION,
        "t": LeafKind.REGISTRY.value,
        "salt": format_base64url(salt),
        "operator": operator_id,
        "state": change.state.value,
        "since": _format_time(change.since),
        "reason": change.reason,
    }
    if enrolled is not None:
        record["enrolled"] = {**_describe(enrolled), **(more or {})}
    if decided is not None:
        record |= {"act": decided.act.value, "by": decided.by, "said": dict(decided.said)}
    return format_canonical_json(record)


def _describe(operator: Operator) -> dict[str, Json]:
    return {
        "name": operator.name,
        "identifier": operator.identifier,
        "industry": operator.industry.value,
        "environment": operator.environment.value,
        "markets": list(operator.markets),
        "flags": list(operator.flags),
        "phone": operator.phone,
        "wait_minutes": operator.wait_minutes,
        "website": operator.website,
        "evidence": [
            {
                "id": item.id,
                "kind": item.kind.value,
                "method": item.method,
                "checked_by": item.checked_by,
                "from": _format_time(item.valid_from),
                "until": _format_time(item.valid_until),
            }
            for item in operator.evidence
        ],
        "ai_systems": [
            {
                "ref": system.ref,
                "name": system.name,
                "provider": system.provider,
                "model": system.model,
                "active": system.active,
            }
            for system in operator.ai_systems
        ],
    }


def _check_new(connection: Connection, operator: Operator) -> None:
    taken = connection.execute(select(operators.c.id).where(operators.c.id == operator.id)).first() is not None
    if taken or held_by(connection, operator.identifier):
        raise TransitionRefused("an operator with this id or identifier is registered already")


def _in_whole_seconds(change: StateChange) -> StateChange:
    since = change.since.replace(microsecond=0)
    if change.state in _ENDS and since != change.since:
        since += timedelta(seconds=1)
    return replace(change, since=since)


def _format_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
