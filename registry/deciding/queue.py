"""What waits for a registrar, of all operators; each list bounded, the oldest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, exists, func, select

from registry.applying.kept_checks import list_alarms
from registry.deciding.alike import list_open_likenesses
from registry.deciding.appeals import list_open_appeals
from registry.deciding.model import Appeal, Decision, FoundLikeness, Proposal, ProposalStatus
from registry.deciding.store import list_waiting
from registry.deciding.tables import proposals
from registry.model import OperatorId
from registry.tables import operator_states, operators
from sigill.report.standing import State
from storage.times import from_ms

MAX_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Application:
    """An operator that has applied, and about which nothing is proposed or was rejected."""

    operator_id: OperatorId
    name: str
    industry: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a registrar has to see at once; `what` is a code."""

    operator_id: str
    what: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Everything that waits; `is_cut` where a list was longer than is shown. `names` are the operators', by id."""

    applications: tuple[Application, ...]
    proposals: tuple[Proposal, ...]
    likenesses: tuple[FoundLikeness, ...]
    appeals: tuple[Appeal, ...]
    alarms: tuple[Alarm, ...]
    names: Mapping[str, str]
    is_cut: bool


def load_queue(connection: Connection, *, at: datetime) -> Queue:
    """Return what waits at `at`: at most 200 of each kind."""
    asked = MAX_LISTED + 1
    applications = _applications(connection, asked)
    waiting = list_waiting(connection, limit=asked)
    likenesses = list_open_likenesses(connection, limit=asked)
    appeals = list_open_appeals(connection, limit=asked)
    alarms = (
        *(
            Alarm(each.operator_id, "suspension_unconfirmed", each.proposed_at)
            for each in waiting
            if each.is_overdue(at)
        ),
        *(Alarm(each.operator_id, f"check_{each.kind.value}", each.checked_at) for each in list_alarms(connection)),
    )
    named = {each.operator_id for each in waiting} | {each.operator_id for each in likenesses}
    named |= {each.operator_id for each in appeals} | {each.operator_id for each in alarms}
    return Queue(
        applications=applications[:MAX_LISTED],
        proposals=waiting[:MAX_LISTED],
        likenesses=likenesses[:MAX_LISTED],
        appeals=appeals[:MAX_LISTED],
        alarms=alarms[:MAX_LISTED],
        names=_names(connection, named),
        is_cut=any(len(each) > MAX_LISTED for each in (applications, waiting, likenesses, appeals)),
    )


def _names(connection: Connection, operator_ids: Iterable[str]) -> dict[str, str]:
    query = select(operators.c.id, operators.c.name).where(operators.c.id.in_(set(operator_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _applications(connection: Connection, limit: int) -> tuple[Application, ...]:
    """Return who has applied and gone no further: their life cycle has one state."""
    newest = (
        select(operator_states.c.operator_id, func.max(operator_states.c.position).label("position"))
        .group_by(operator_states.c.operator_id)
        .subquery()
    )
    same = and_(operator_states.c.operator_id == newest.c.operator_id, operator_states.c.position == newest.c.position)
    handled = exists().where(
        proposals.c.operator_id == operators.c.id,
        proposals.c.decision == Decision.VERIFY.value,
        proposals.c.status.in_([ProposalStatus.OPEN.value, ProposalStatus.REJECTED.value]),
    )
    query = (
        select(operators.c.id, operators.c.name, operators.c.industry, operator_states.c.since_ms)
        .join(operator_states, operator_states.c.operator_id == operators.c.id)
        .join(newest, same)
        .where(operator_states.c.state == State.APPLIED.value, ~handled)
        .order_by(operator_states.c.since_ms, operators.c.id)
        .limit(limit)
    )
    rows = connection.execute(query)
    return tuple(Application(OperatorId(row.id), row.name, row.industry, from_ms(row.since_ms)) for row in rows)
