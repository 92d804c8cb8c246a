"""Legal holds: while one is in force, nothing it covers expires or is erased, whoever asks.

Placing and releasing are leaves of kind `registry` in the operator's own log, over records with salts of their own:

    {"act":"hold_placed","at":1795349280,"hold":"01J…","index":17,"operator":"exempelbanken","reason":"…",
     "requester":"T 1234-26","salt":"…","t":"registry","v":1}

Without `index` everything of the operator is held. The index stands for the message, so that its id goes with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from privacy.candidates import find_candidate
from privacy.errors import HoldNotFound, LegallyHeld, RecordNotFound
from privacy.requester import check_reason, check_requester
from privacy.tables import holds
from privacy.world import PrivacyWorld
from registry.operators import load_operator
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.encoding.ulid import format_ulid
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import reading
from storage.times import from_ms, to_ms
from transparency.append import Append, Guard, Write

_ULID_RANDOM_BYTES: Final = 10
_SALT_BYTES: Final = 16
_IN_FORCE: Final = holds.c.released_at_ms.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold; `index` is the leaf of the message it keeps, None for everything of the operator."""

    id: str
    operator_id: str
    index: int | None
    reason: str
    requester: str
    placed_at: datetime
    placed_by: int
    released_at: datetime | None = None
    released_by: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What of one log is held: everything, or some leaves."""

    everything: bool
    indices: frozenset[int]

    def keeps(self, index: int) -> bool:
        """Tell whether a leaf is held."""
        return self.everything or index in self.indices


def place_hold(
    operator_id: str, *, message_id: str | None = None, reason: str, requester: str, world: PrivacyWorld
) -> Hold:
    """Hold one message, event or refusal of an operator, or everything of it.

    Raises RequesterInvalid, OperatorNotFound, RecordNotFound, LogUnknown, StoreUnavailable.
    """
    check_reason(reason)
    check_requester(requester)
    with reading(world.engine) as connection:
        load_operator(connection, operator_id)
        found = None if message_id is None else find_candidate(connection, message_id, log_id=operator_id)
    if message_id is not None and found is None:
        raise RecordNotFound("nothing of this operator has this id")
    at = world.now().replace(microsecond=0)
    hold_id = format_ulid(at=at, randomness=world.random(_ULID_RANDOM_BYTES))
    row: dict[str, Any] = {
        "id": hold_id,
        "log_id": operator_id,
        "idx": None if found is None else found.grave.index,
        "reason": reason,
        "requester": requester,
        "placed_at_ms": to_ms(at),
    }

    def write(connection: Connection, index: int) -> None:
        connection.execute(insert(holds), row | {"placed_by": index})

    said = _record("hold_placed", row, reason=reason, requester=requester, at=at, salt=world.random(_SALT_BYTES))
    placed_by = world.log.append(_append(operator_id, said, write)).index
    return Hold(
        id=hold_id,
        operator_id=operator_id,
        index=row["idx"],
        reason=reason,
        requester=requester,
        placed_at=at,
        placed_by=placed_by,
    )


def release_hold(hold_id: str, *, reason: str, requester: str, world: PrivacyWorld) -> Hold:
    """Release a hold. Raises RequesterInvalid, HoldNotFound, StoreUnavailable."""
    check_reason(reason)
    check_requester(requester)
    with reading(world.engine) as connection:
        found = connection.execute(select(holds).where(holds.c.id == hold_id, _IN_FORCE)).one_or_none()
    if found is None:
        raise HoldNotFound("no hold of this id is in force")
    at = world.now().replace(microsecond=0)

    def write(connection: Connection, index: int) -> None:
        released = {"released_at_ms": to_ms(at), "released_by": index}
        if connection.execute(update(holds).where(holds.c.id == hold_id, _IN_FORCE).values(released)).rowcount != 1:
            raise HoldNotFound("the hold was released meanwhile")

    row = {"id": found.id, "log_id": found.log_id, "idx": found.idx}
    said = _record("hold_released", row, reason=reason, requester=requester, at=at, salt=world.random(_SALT_BYTES))
    world.log.append(_append(found.log_id, said, write))
    with reading(world.engine) as connection:
        return _hold(connection.execute(select(holds).where(holds.c.id == hold_id)).one())


def list_holds(connection: Connection, *, operator_id: str | None = None) -> tuple[Hold, ...]:
    """Return all holds, or an operator's, in the order they were placed; those released too."""
    query = select(holds) if operator_id is None else select(holds).where(holds.c.log_id == operator_id)
    return tuple(
        _hold(row)
        for row in connection.execute(query.order_by(holds.c.placed_at_ms, holds.c.log_id, holds.c.placed_by))
    )


def load_held(connection: Connection, log_id: str) -> Held:
    """Return what of a log is held now."""
    found = connection.execute(select(holds.c.idx).where(holds.c.log_id == log_id, _IN_FORCE)).scalars().all()
    return Held(None in found, frozenset(index for index in found if index is not None))


def not_held(log_id: str, indices: Sequence[int]) -> Guard:
    """Return the guard that raises LegallyHeld if any of these leaves is held."""

    def check(connection: Connection) -> None:
        query = select(holds).where(holds.c.log_id == log_id, _IN_FORCE)
        for row in connection.execute(query):
            if row.idx is None or row.idx in indices:
                raise LegallyHeld(f"the legal hold {row.id} of {from_ms(row.placed_at_ms):%Y-%m-%d} keeps it")

    return check


def nothing_held(log_id: str) -> Guard:
    """Return the guard that raises LegallyHeld if anything at all of a log is held."""

    def check(connection: Connection) -> None:
        row = connection.execute(select(holds).where(holds.c.log_id == log_id, _IN_FORCE).limit(1)).one_or_none()
        if row is not None:
            raise LegallyHeld(f"the legal hold {row.id} of {from_ms(row.placed_at_ms):%Y-%m-%d} is in force")

    return check


def _record(act: str, row: Mapping[str, Any], *, reason: str, requester: str, at: datetime, salt: bytes) -> bytes:
    """Return the record of what is done with a hold (RFC 8785)."""
    record: dict[str, Json] = {
        "v": 1,
        "t": LeafKind.REGISTRY.value,
        "act": act,
        "at": int(at.timestamp()),
        "hold": row["id"],
        "operator": row["log_id"],
        "reason": reason,
        "requester": requester,
        "salt": format_base64url(salt),
    }
    if row["idx"] is not None:
        record["index"] = row["idx"]
    return format_canonical_json(record)


def _append(log_id: str, record: bytes, write: Write) -> Append:
    return Append(log_id, leaf_of(LeafKind.REGISTRY, record), record=record, writes=(write,))


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        operator_id=row.log_id,
        index=row.idx,
        reason=row.reason,
        requester=row.requester,
        placed_at=from_ms(row.placed_at_ms),
        placed_by=row.placed_by,
        released_at=None if row.released_at_ms is None else from_ms(row.released_at_ms),
        released_by=row.released_by,
    )
