"""Mandates as the database keeps them. Nothing is deleted: what ended stays to be read.

Each change is committed with its step in the principal's log (`registry.mandates.steps`), which alone orders them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from registry.errors import MandateUnknown
from registry.ids import make_id
from registry.mandates.model import Mandate, MandateId, MandateParty, Terms
from registry.model import OperatorId
from registry.tables import mandate_days, mandates, operators
from sigill.vocabulary import Channel, Enquiry, Purpose
from storage.times import from_ms, to_ms


def make_mandate_id(randomness: bytes) -> MandateId:
    """Return an id from 20 random bytes: `ma-` and 20 Crockford symbols in lower case."""
    return MandateId(make_id("ma", randomness))


def save_mandate(connection: Connection, mandate: Mandate) -> None:
    """Insert a mandate that was just given."""
    terms = mandate.terms
    connection.execute(
        insert(mandates).values(
            id=mandate.id,
            principal_id=mandate.principal_id,
            mandatary_id=mandate.mandatary_id,
            channels=[word.value for word in terms.channels],
            enquiries=None if terms.enquiries is None else [word.value for word in terms.enquiries],
            purposes=[word.value for word in terms.purposes],
            valid_from_ms=to_ms(terms.valid_from),
            valid_until_ms=to_ms(terms.valid_until),
            daily_messages=terms.daily_messages,
            given_at_ms=to_ms(mandate.given_at),
        )
    )


def load_mandate(connection: Connection, mandate_id: str) -> Mandate:
    """Return a mandate, whatever its state. Raises MandateUnknown."""
    row = None
    if "\x00" not in mandate_id:
        row = connection.execute(select(mandates).where(mandates.c.id == mandate_id)).one_or_none()
    if row is None:
        raise MandateUnknown("there is no such mandate")
    return _mandate(row)


def list_mandates(connection: Connection, *, operator_id: str) -> tuple[Mandate, ...]:
    """Return the mandates an operator has given or got, the newest first, those that ended too."""
    own = or_(mandates.c.principal_id == operator_id, mandates.c.mandatary_id == operator_id)
    rows = connection.execute(select(mandates).where(own).order_by(mandates.c.given_at_ms.desc(), mandates.c.id))
    return tuple(_mandate(row) for row in rows)


def list_public(connection: Connection, *, operator_id: str) -> tuple[Mandate, ...]:
    """Return those of an operator's mandates that everybody may see: whoever was named has accepted them."""
    return tuple(each for each in list_mandates(connection, operator_id=operator_id) if each.accepted_at is not None)


def names_of(connection: Connection, found: Iterable[Mandate]) -> dict[str, str]:
    """Return the trading names of the parties of these mandates, by operator."""
    ids = {party for mandate in found for party in (mandate.principal_id, mandate.mandatary_id)}
    rows = connection.execute(select(operators.c.id, operators.c.name).where(operators.c.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}


def list_between(connection: Connection, *, principal_id: str, mandatary_id: str) -> tuple[Mandate, ...]:
    """Return the mandates of the one for the other, the oldest first."""
    query = select(mandates).where(mandates.c.principal_id == principal_id, mandates.c.mandatary_id == mandatary_id)
    rows = connection.execute(query.order_by(mandates.c.given_at_ms, mandates.c.id))
    return tuple(_mandate(row) for row in rows)


def note_accepted(connection: Connection, mandate_id: str, *, at: datetime) -> None:
    """Note that a mandate is accepted."""
    connection.execute(update(mandates).where(mandates.c.id == mandate_id).values(accepted_at_ms=to_ms(at)))


def note_revoked(connection: Connection, mandate_id: str, *, at: datetime, by: MandateParty) -> None:
    """Note that a mandate is ended, for good."""
    values = {"revoked_at_ms": to_ms(at), "revoked_by": by.value}
    connection.execute(update(mandates).where(mandates.c.id == mandate_id).values(values))


def count_sealed(connection: Connection, mandate_id: str, *, day: int) -> int:
    """Return how many messages were sealed under a mandate on a day (of UTC, counted from 1970-01-01)."""
    query = select(mandate_days.c.messages).where(mandate_days.c.mandate_id == mandate_id, mandate_days.c.day == day)
    return connection.execute(query).scalar_one_or_none() or 0


def _mandate(row: Row[Any]) -> Mandate:
    return Mandate(
        id=MandateId(row.id),
        principal_id=OperatorId(row.principal_id),
        mandatary_id=OperatorId(row.mandatary_id),
        terms=Terms(
            channels=tuple(map(Channel, row.channels)),
            enquiries=None if row.enquiries is None else tuple(map(Enquiry, row.enquiries)),
            purposes=tuple(map(Purpose, row.purposes)),
            valid_from=from_ms(row.valid_from_ms),
            valid_until=from_ms(row.valid_until_ms),
            daily_messages=row.daily_messages,
        ),
        given_at=from_ms(row.given_at_ms),
        accepted_at=None if row.accepted_at_ms is None else from_ms(row.accepted_at_ms),
        revoked_at=None if row.revoked_at_ms is None else from_ms(row.revoked_at_ms),
        revoked_by=None if row.revoked_by is None else MandateParty(row.revoked_by),
    )
