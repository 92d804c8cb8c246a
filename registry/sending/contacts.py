"""Contact points as the database keeps them. Nothing is deleted; what ended stays named.

A verified contact point is held: its key has a row of its own, so no two operators ever hold one at a time, whichever
process verifies them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from registry.model import Environment, OperatorId
from registry.sending.errors import ContactInvalid, ContactTaken, ContactUnknown
from registry.sending.model import Contact, ContactId, ContactKind, ContactState, Method
from registry.sending.tables import contact_codes, contact_holders, contacts
from registry.tables import operators
from storage.times import from_ms, from_ms_or_none, to_ms

MAX_CONTACTS: Final = 200
_LIVE: Final = select(operators.c.id).where(operators.c.environment == Environment.LIVE.value)
"""Whose contact points a registrar looks at: what anybody can make by the thousand would hide what matters."""

_OPEN: Final = (ContactState.DECLARED, ContactState.CONTESTED, ContactState.VERIFIED)


def save_contact(connection: Connection, contact: Contact) -> None:
    """Insert a contact point. Raises ContactInvalid: the operator has it already, or too many."""
    current = [each for each in list_contacts(connection, contact.operator_id) if each.state in _OPEN]
    if any(each.key == contact.key for each in current):
        raise ContactInvalid("this contact point is declared already")
    if len(current) >= MAX_CONTACTS:
        raise ContactInvalid(f"there are {MAX_CONTACTS} contact points already: end those that are not used")
    connection.execute(
        insert(contacts).values(
            id=contact.id,
            operator_id=contact.operator_id,
            kind=contact.kind.value,
            value=contact.value,
            key=contact.key,
            state=contact.state.value,
            declared_at_ms=to_ms(contact.declared_at),
            note=contact.note,
        )
    )


def load_contact(connection: Connection, contact_id: str, *, operator_id: str | None = None) -> Contact:
    """Return a contact point, of this operator where one is named. Raises ContactUnknown."""
    row = None
    if "\x00" not in contact_id:
        row = connection.execute(select(contacts).where(contacts.c.id == contact_id)).first()
    if row is None or operator_id not in {None, row.operator_id}:
        raise ContactUnknown("there is no such contact point")
    return _contact(row)


def list_contacts(connection: Connection, operator_id: str) -> tuple[Contact, ...]:
    """Return an operator's contact points, the oldest first, those that ended too."""
    query = select(contacts).where(contacts.c.operator_id == operator_id)
    return tuple(_contact(row) for row in connection.execute(query.order_by(contacts.c.declared_at_ms, contacts.c.id)))


def list_declared(connection: Connection, *, limit: int) -> tuple[Contact, ...]:
    """Return declared contact points of live operators that only a registrar's look can verify, the oldest first."""
    looked_at = (ContactKind.SENDER_NAME.value, ContactKind.APP.value, ContactKind.HANDLE.value)
    waiting = (contacts.c.state == ContactState.DECLARED.value) & contacts.c.kind.in_(looked_at)
    waiting &= contacts.c.operator_id.in_(_LIVE)
    query = select(contacts).where(waiting).order_by(contacts.c.declared_at_ms, contacts.c.id).limit(limit)
    return tuple(_contact(row) for row in connection.execute(query))


def list_contested(connection: Connection, *, limit: int) -> tuple[Contact, ...]:
    """Return contact points of live operators that wait for a registrar, the oldest first."""
    waiting = (contacts.c.state == ContactState.CONTESTED.value) & contacts.c.operator_id.in_(_LIVE)
    query = select(contacts).where(waiting).order_by(contacts.c.declared_at_ms, contacts.c.id).limit(limit)
    return tuple(_contact(row) for row in connection.execute(query))


def find_held(connection: Connection, keys: Collection[str]) -> tuple[Contact, ...]:
    """Return the contact points that are held under these keys, whether or not their time has run out."""
    query = select(contacts).join(contact_holders, contact_holders.c.contact_id == contacts.c.id)
    return tuple(_contact(row) for row in connection.execute(query.where(contact_holders.c.key.in_(list(keys)))))


def list_all_held(connection: Connection) -> Iterable[Contact]:
    """Yield every contact point that is held."""
    query = select(contacts).join(contact_holders, contact_holders.c.contact_id == contacts.c.id)
    return (_contact(row) for row in connection.execute(query))


def hold_contact(
    connection: Connection, contact: Contact, *, method: Method, note: str | None, at: datetime, until: datetime
) -> None:
    """Note a contact point as verified in `[at, until)`, and as this operator's alone.

    Raises ContactTaken where another one holds its key. On PostgreSQL it waits for whoever is about to.
    """
    found: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    row = {"key": contact.key, "contact_id": contact.id}
    connection.execute(found(contact_holders).values(row).on_conflict_do_nothing())
    query = select(contact_holders.c.contact_id).where(contact_holders.c.key == contact.key)
    if connection.execute(query).scalar_one_or_none() != contact.id:
        raise ContactTaken("another operator holds this contact point: a registrar decides whose it is")
    _change(
        connection,
        contact,
        state=ContactState.VERIFIED.value,
        method=method.value,
        note=note,
        verified_at_ms=to_ms(at),
        valid_until_ms=to_ms(until),
    )
    connection.execute(delete(contact_codes).where(contact_codes.c.contact_id == contact.id))


def contest_contact(connection: Connection, contact: Contact, *, note: str) -> None:
    """Leave it to a registrar."""
    _change(connection, contact, state=ContactState.CONTESTED.value, note=note)


def end_contact(
    connection: Connection, contact: Contact, *, state: ContactState, note: str | None, at: datetime
) -> None:
    """Note that a contact point ended or was refused; it is held no longer."""
    connection.execute(delete(contact_holders).where(contact_holders.c.contact_id == contact.id))
    connection.execute(delete(contact_codes).where(contact_codes.c.contact_id == contact.id))
    _change(connection, contact, state=state.value, note=note, ended_at_ms=to_ms(at))


def _change(connection: Connection, contact: Contact, **values: Any) -> None:  # noqa: ANN401 - columns of any type
    connection.execute(update(contacts).where(contacts.c.id == contact.id).values(**values))


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        id=ContactId(row.id),
        operator_id=OperatorId(row.operator_id),
        kind=ContactKind(row.kind),
        value=row.value,
        key=row.key,
        state=ContactState(row.state),
        declared_at=from_ms(row.declared_at_ms),
        note=row.note,
        method=None if row.method is None else Method(row.method),
        verified_at=from_ms_or_none(row.verified_at_ms),
        valid_until=from_ms_or_none(row.valid_until_ms),
        ended_at=from_ms_or_none(row.ended_at_ms),
    )
