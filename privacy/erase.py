"""Erasing a message, an event or a refusal: a leaf that says so, and nothing left but a tombstone; both or neither.

Asked twice, the second asker gets the first one's answer. An operator may have erased whatever its own standing is by
then. The record of a message's withdrawal holds the message's id, so it goes first, with a leaf of its own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from conversations.edits import forget_edits
from conversations.forgetting import forget_entries
from policies.records import forget_decisions
from privacy.candidates import Candidate, find_candidate, load_withdrawn
from privacy.errors import RecordNotFound
from privacy.holds import not_held
from privacy.requester import check_requester
from privacy.terms import check_may_be_erased, terms_of
from privacy.world import PrivacyWorld
from registry.model import Operator
from registry.operators import load_operator
from releases.store import forget_evidence
from sigill.tlog.erasure import Ground
from storage.engine import reading
from transparency.append import Appended, Write
from transparency.erasures import SALT_BYTES, Asked, Grave, Tombstone, erase_append, find_erased_id
from transparency.errors import GuardFailed, LogUnknown, StoreUnavailable

MAX_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure that is durably in the log: `erased` is the leaf whose content is gone, `index` the one that says so.

    `receipt` proves that one (a C2SP tlog-proof).
    """

    id: str
    at: datetime
    ground: str
    requester: str
    origin: str
    erased: int
    index: int
    receipt: str


def erase(message_id: str, *, operator_id: str, ground: Ground, requester: str, world: PrivacyWorld) -> Erasure:
    """Erase what the operator's log holds of that id: a message, an event, or a refusal.

    Raises RequesterInvalid, OperatorNotFound, RecordNotFound, RetentionNotOver, LegallyHeld, Overloaded,
    StoreUnavailable.
    """
    check_requester(requester)
    for _ in range(MAX_TRIES):
        earlier = find_erased_id(world.engine, message_id)
        if earlier is not None and earlier.log_id == operator_id:
            return _answer_again(message_id, earlier, world)
        operator, found = _find(message_id, operator_id, world)
        asked = Asked(log_id=operator_id, ground=ground, requester=requester, at=world.now().replace(microsecond=0))
        terms = terms_of(world.retention.industries[operator.industry], found.decision)
        check_may_be_erased(terms, made_at=found.made_at, ground=ground, at=asked.at)
        try:
            appended = erase_together([found], asked, world=world)
        except GuardFailed:  # somebody was faster
            continue
        return Erasure(
            id=message_id,
            at=asked.at,
            ground=ground.value,
            requester=requester,
            origin=appended.origin,
            erased=found.grave.index,
            index=appended.index,
            receipt=appended.receipt,
        )
    raise GuardFailed("what was to be erased changed during every try")


def erase_together(candidates: Sequence[Candidate], asked: Asked, *, world: PrivacyWorld) -> Appended:
    """Erase candidates of one kind, in the order of their indices, with one leaf; return it.

    Raises GuardFailed, LegallyHeld, Overloaded, StoreUnavailable.
    """
    ids = [candidate.grave.id for candidate in candidates if candidate.grave.id is not None]
    with _reading(world) as connection:
        withdrawn = load_withdrawn(connection, asked.log_id, ids)
    indices = [candidate.grave.index for candidate in candidates]
    guards = (not_held(asked.log_id, indices),)
    if withdrawn:
        world.log.append(erase_append(withdrawn, asked, salt=world.random(SALT_BYTES), guards=guards))
    graves = [candidate.grave for candidate in candidates]
    append = erase_append(graves, asked, salt=world.random(SALT_BYTES), guards=guards, writes=(_forget(graves),))
    return world.log.append(append)


def _forget(graves: Sequence[Grave]) -> Write:
    """Return the write that takes what the packages above the log keep of these."""
    ids = [grave.id for grave in graves if grave.id is not None]
    places = [grave.conversation for grave in graves if grave.conversation is not None]

    def write(connection: Connection, _index: int) -> None:
        forget_decisions(connection, ids)
        forget_edits(connection, ids)
        forget_evidence(connection, ids)
        forget_entries(connection, places)

    return write


@contextmanager
def _reading(world: PrivacyWorld) -> Iterator[Connection]:
    try:
        with reading(world.engine) as connection:
            yield connection
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"what is to be erased could not be read: {type(error).__name__}") from error


def _find(message_id: str, operator_id: str, world: PrivacyWorld) -> tuple[Operator, Candidate]:
    with _reading(world) as connection:
        operator = load_operator(connection, operator_id)
        found = find_candidate(connection, message_id, log_id=operator_id)
    if found is None:
        raise RecordNotFound("nothing of this operator has this id")
    return operator, found


def _answer_again(message_id: str, earlier: Tombstone, world: PrivacyWorld) -> Erasure:
    head = world.log.head(earlier.log_id)
    if head is None:
        raise LogUnknown(f"no log {earlier.log_id[:80]!r}")
    return Erasure(
        id=message_id,
        at=earlier.at,
        ground=earlier.ground,
        requester=earlier.requester,
        origin=head.origin,
        erased=earlier.index,
        index=earlier.erased_by,
        receipt=world.log.receipt_at(  # it was committed alone
            earlier.log_id, earlier.erased_by, earlier.erased_by + 1, at=earlier.at
        ),
    )
