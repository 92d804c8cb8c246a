"""People and their passkeys as the database keeps them. Nothing is deleted; what ended stays named."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from registry.errors import PasskeyUnknown, PersonUnknown
from registry.ids import make_id
from registry.model import OperatorId, Role
from registry.people.model import Passkey, Person, PersonId
from registry.tables import passkeys, people
from storage.times import from_ms, from_ms_or_none, to_ms


def make_person_id(randomness: bytes) -> PersonId:
    """Return an id from 20 random bytes: `pe-` and 20 Crockford symbols in lower case."""
    return PersonId(make_id("pe", randomness))


def save_person(connection: Connection, person: Person) -> None:
    """Insert a person."""
    connection.execute(
        insert(people).values(
            id=person.id,
            operator_id=person.operator_id,
            name=person.name,
            role=person.role.value,
            created_at_ms=to_ms(person.created_at),
            ended_at_ms=None,
            oidc_subject=person.oidc_subject,
        )
    )


def load_person(connection: Connection, person_id: str) -> Person:
    """Return a person, also one who has left. Raises PersonUnknown."""
    known = None if "\x00" in person_id else connection.execute(select(people).where(people.c.id == person_id)).first()
    if known is None:
        raise PersonUnknown("there is no such person")
    return _person(known)


def list_people(connection: Connection, *, operator_id: str | None) -> tuple[Person, ...]:
    """Return an operator's people (None: the guarantor's own), the oldest first, those who left too."""
    whose = people.c.operator_id.is_(None) if operator_id is None else people.c.operator_id == operator_id
    rows = connection.execute(select(people).where(whose).order_by(people.c.created_at_ms, people.c.id))
    return tuple(_person(row) for row in rows)


def end_person(connection: Connection, person_id: str, *, at: datetime) -> None:
    """Note that a person has left: with all passkeys, for good. Raises PersonUnknown."""
    load_person(connection, person_id)
    current = (people.c.id == person_id) & people.c.ended_at_ms.is_(None)
    connection.execute(update(people).where(current).values(ended_at_ms=to_ms(at)))
    held = (passkeys.c.person_id == person_id) & passkeys.c.revoked_at_ms.is_(None)
    connection.execute(update(passkeys).where(held).values(revoked_at_ms=to_ms(at)))


def save_passkey(connection: Connection, passkey: Passkey) -> None:
    """Insert a passkey; its id must be new (`load_passkey`)."""
    connection.execute(
        insert(passkeys).values(
            id=passkey.id,
            person_id=passkey.person_id,
            name=passkey.name,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            aaguid=passkey.aaguid,
            attestation=passkey.attestation,
            device_bound=passkey.device_bound,
            transports=list(passkey.transports),
            created_at_ms=to_ms(passkey.created_at),
            used_at_ms=None,
            revoked_at_ms=None,
        )
    )


def load_passkey(connection: Connection, passkey_id: str) -> Passkey:
    """Return a passkey, also a revoked one. Raises PasskeyUnknown."""
    row = connection.execute(select(passkeys).where(passkeys.c.id == passkey_id.replace("\x00", ""))).first()
    if row is None:
        raise PasskeyUnknown("there is no such passkey")
    return _passkey(row)


def list_passkeys(connection: Connection, person_id: str) -> tuple[Passkey, ...]:
    """Return a person's passkeys, the oldest first, revoked ones too."""
    query = select(passkeys).where(passkeys.c.person_id == person_id)
    return tuple(_passkey(row) for row in connection.execute(query.order_by(passkeys.c.created_at_ms, passkeys.c.id)))


def revoke_passkey(connection: Connection, passkey_id: str, *, at: datetime) -> None:
    """Revoke a passkey, for good; one that is revoked stays as it is."""
    current = (passkeys.c.id == passkey_id) & passkeys.c.revoked_at_ms.is_(None)
    connection.execute(update(passkeys).where(current).values(revoked_at_ms=to_ms(at)))


def note_passkey_used(connection: Connection, passkey_id: str, *, sign_count: int, at: datetime) -> None:
    """Remember a passkey's newest count, and when it was used."""
    used = {"sign_count": sign_count, "used_at_ms": to_ms(at)}
    connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(used))


def _person(row: Row[Any]) -> Person:
    return Person(
        id=PersonId(row.id),
        operator_id=None if row.operator_id is None else OperatorId(row.operator_id),
        name=row.name,
        role=Role(row.role),
        created_at=from_ms(row.created_at_ms),
        ended_at=from_ms_or_none(row.ended_at_ms),
        oidc_subject=row.oidc_subject,
    )


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        person_id=PersonId(row.person_id),
        name=row.name,
        public_key=row.public_key,
        sign_count=row.sign_count,
        aaguid=row.aaguid,
        attestation=row.attestation,
        device_bound=row.device_bound,
        transports=tuple(row.transports),
        created_at=from_ms(row.created_at_ms),
        used_at=from_ms_or_none(row.used_at_ms),
        revoked_at=from_ms_or_none(row.revoked_at_ms),
    )
