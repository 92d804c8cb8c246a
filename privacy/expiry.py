"""Expiry: what was kept as long as it usually is, is erased by the service itself; so much in one go and no more.

Every leaf is looked at once, in order, when its industry's usual time is over: it is erased then, or, where its own
decision asks for longer or a hold keeps it, entered into `expiries` with the day on which to look again. So a cycle
costs the same however many messages there are. Those that expire together share one `erase` leaf.

A crash between the erasure and the note of how far this came makes the next cycle look at the same leaves again, and
find them erased.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from privacy.candidates import Candidate, Stretch, load_candidates, load_stretch
from privacy.erase import erase_together
from privacy.errors import LegallyHeld
from privacy.holds import Held, load_held
from privacy.tables import expiries, expiry_cursors
from privacy.terms import terms_of
from privacy.world import PrivacyWorld
from registry.model import Operator
from registry.operators import list_operator_ids, load_operator
from sigill.policy.retention import IndustryRetention
from sigill.tlog.erasure import Ground
from storage.bulk import save_rows
from storage.engine import reading, writing
from storage.times import to_ms
from transparency.erasures import Asked
from transparency.errors import StoreUnavailable, TransparencyError

_LOGGER: Final = logging.getLogger("sigill.privacy")
REQUESTER: Final = "the service, by its retention times"
AT_ONCE: Final = 250
"""How many leaves are looked at together: while they are erased, some 60 ms, an operator's messages wait."""

LOOK_AGAIN: Final = timedelta(days=1)
"""When something held is looked at again."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done in one log: erase these, look again at those (index and time), go on from `next_index`."""

    erase: tuple[Candidate, ...]
    later: tuple[tuple[int, datetime], ...]
    seen: tuple[int, ...]
    next_index: int


def expire(world: PrivacyWorld, *, limit: int = 1000) -> int:
    """Look at up to about `limit` leaves and erase what is past its time; return how many were erased.

    Operators come in a random order, so none waits for another's flood. Raises StoreUnavailable.
    """
    erased, left = 0, limit
    try:
        with reading(world.engine) as connection:
            operators = [load_operator(connection, each) for each in list_operator_ids(connection)]
        random.SystemRandom().shuffle(operators)
        for operator in operators:
            while left > 0 and (done := _expire_some(operator, world)) is not None:
                erased, left = erased + done, left - AT_ONCE
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"nothing expired: {type(error).__name__}") from error
    return erased


def _expire_some(operator: Operator, world: PrivacyWorld) -> int | None:
    """Look at the next leaves of an operator; return how many were erased, None where there is nothing to do now."""
    at = world.now().replace(microsecond=0)
    plan = _plan(operator, world, at=at)
    if plan is None:
        return None
    asked = Asked(log_id=operator.id, ground=Ground.RETENTION_EXPIRED, requester=REQUESTER, at=at)
    try:
        by_kind = sorted(plan.erase, key=lambda candidate: (candidate.grave.kind.value, candidate.grave.index))
        for _, group in groupby(by_kind, key=lambda candidate: candidate.grave.kind):
            erase_together(list(group), asked, world=world)
    except StoreUnavailable:
        raise
    except (TransparencyError, LegallyHeld) as error:  # erased or held meanwhile, or a log that may not go on
        _LOGGER.warning("nothing of %s expired, it is tried again: %s", operator.id, error)
        return None
    _save(operator.id, plan, world)
    return len(plan.erase)


def _plan(operator: Operator, world: PrivacyWorld, *, at: datetime) -> _Plan | None:
    """Return what is to be done for one operator, or None: nothing."""
    columns = expiries.c
    due = select(columns.idx).where(columns.log_id == operator.id, columns.due_ms <= to_ms(at))
    cursor = select(expiry_cursors.c.next_idx).where(expiry_cursors.c.log_id == operator.id)
    with reading(world.engine) as connection:
        held = load_held(connection, operator.id)
        if held.everything:
            return None
        seen = connection.execute(due.order_by(columns.due_ms).limit(AT_ONCE)).scalars().all()
        begin = connection.execute(cursor).scalar_one_or_none() or 0
        again = load_candidates(connection, operator.id, seen) if seen else ()
        room = AT_ONCE - len(seen)
        stretch = load_stretch(connection, operator.id, begin=begin, limit=room) if room else Stretch((), begin)
    industry = world.retention.industries[operator.industry]
    fresh, next_index = _of_age(stretch, industry, at=at)
    erase, later = _sort_out([*again, *fresh], industry, held, at=at)
    if not seen and next_index == begin:
        return None
    return _Plan(erase, later, tuple(seen), next_index)


def _of_age(stretch: Stretch, industry: IndustryRetention, *, at: datetime) -> tuple[Sequence[Candidate], int]:
    """Return those whose industry's usual time is over, and the index of the first whose is not."""
    for number, candidate in enumerate(stretch.candidates):
        if candidate.made_at + timedelta(days=industry.usual.days) > at:
            return stretch.candidates[:number], candidate.grave.index
    return stretch.candidates, stretch.end


def _sort_out(
    candidates: Sequence[Candidate], industry: IndustryRetention, held: Held, *, at: datetime
) -> tuple[tuple[Candidate, ...], tuple[tuple[int, datetime], ...]]:
    erase: list[Candidate] = []
    later: list[tuple[int, datetime]] = []
    for candidate in candidates:
        due = terms_of(industry, candidate.decision).due(candidate.made_at)
        if due > at:
            later.append((candidate.grave.index, due))
        elif held.keeps(candidate.grave.index):
            later.append((candidate.grave.index, at + LOOK_AGAIN))
        else:
            erase.append(candidate)
    return tuple(erase), tuple(later)


def _save(operator_id: str, plan: _Plan, world: PrivacyWorld) -> None:
    """Note how far this came, after the erasures are in the log."""
    columns = expiries.c
    with writing(world.engine) as connection:
        if plan.seen:
            connection.execute(delete(expiries).where(columns.log_id == operator_id, columns.idx.in_(plan.seen)))
        rows = [{"log_id": operator_id, "idx": index, "due_ms": to_ms(due)} for index, due in plan.later]
        save_rows(connection, expiries, rows)
        save_rows(connection, expiry_cursors, [{"log_id": operator_id, "next_idx": plan.next_index}])
