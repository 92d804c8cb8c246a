"""The steps of a contact point: declared by the operator, verified, refused or ended, each in the operator's log.

What is only declared is nobody's yet: its step names the kind and not the value, for a history is public.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from registry.ids import ID_BYTES, make_id
from registry.model import EvidenceKind, Operator
from registry.operators import load_operator
from registry.sending.contacts import (
    contest_contact,
    end_contact,
    find_held,
    hold_contact,
    load_contact,
    save_contact,
)
from registry.sending.errors import ContactStands, ContactTaken
from registry.sending.model import Contact, ContactId, ContactKind, ContactState, Method
from registry.sending.resembling import find_resembled
from registry.sending.values import read_contact, read_note
from registry.sending.world import SendingWorld
from registry.steps import Act, Step, log_step
from sigill.encoding.strict_json import Json
from storage.engine import reading
from transparency.append import Write

LASTS: Final = timedelta(days=365)
OPERATOR: Final = "the operator"
HELD: Final = "held by another operator"
RESEMBLES: Final = "resembles another operator's name"
_OPEN: Final = frozenset({ContactState.DECLARED, ContactState.CONTESTED, ContactState.VERIFIED})


def declare_contact(operator_id: str, kind: ContactKind, text: str, *, world: SendingWorld) -> Contact:
    """Declare what the operator sends from; what is another's or looks like another's waits for a registrar.

    Raises ContactInvalid, OperatorNotFound, and what `log_step` raises.
    """
    value, at = read_contact(kind, text, unlisted=world.unlisted), world.now()
    with reading(world.engine) as connection:
        operator = load_operator(connection, operator_id)
        others = [each for each in find_held(connection, [value.key]) if each.operator_id != operator.id]
        resembled = find_resembled(connection, value, operator_id=operator.id)
    note = HELD if others else None if resembled is None else RESEMBLES
    contact = Contact(
        id=ContactId(make_id("ct", world.random(ID_BYTES))),
        operator_id=operator.id,
        kind=kind,
        value=value.value,
        key=value.key,
        state=ContactState.DECLARED if note is None else ContactState.CONTESTED,
        declared_at=at,
        note=note,
    )

    def write(connection: Connection, _index: int) -> None:
        save_contact(connection, contact)

    said: dict[str, Json] = {"contact": contact.id, "kind": kind.value, "state": contact.state.value}
    _log(contact, Step(act=Act.CONTACT_DECLARED, at=at, by=OPERATOR, said=said), write, world)
    return contact


def drop_contact(operator_id: str, contact_id: str, *, world: SendingWorld) -> Contact:
    """End a contact point at the operator's word; one that is over stays as it is. Raises ContactUnknown."""
    with reading(world.engine) as connection:
        contact = load_contact(connection, contact_id, operator_id=operator_id)
    if contact.state not in _OPEN:
        return contact
    return _end(contact_id, by=OPERATOR, note=None, operator_id=operator_id, world=world)


def verify_by_domain(operator_id: str, contact_id: str, *, world: SendingWorld) -> Contact:
    """Verify a mail domain by the operator's proven control of it, or of a domain that it lies under.

    Raises ContactUnknown, ContactStands (also for one that is not proven), ContactTaken.
    """
    at = world.now()
    with reading(world.engine) as connection:
        contact = load_contact(connection, contact_id, operator_id=operator_id)
        operator = load_operator(connection, contact.operator_id)
        proven = world.proven_domains(connection, operator_id, at)
    if contact.kind is not ContactKind.MAIL_DOMAIN:
        raise ContactStands("only a mail domain is verified by the operator's proven domain")
    if not any(contact.value == domain or contact.value.endswith(f".{domain}") for domain in proven):
        raise ContactStands("the operator has not proven its control of this domain, or one it lies under, yet")
    until = min(at + LASTS, max(_domain_evidence_ends(operator, at), default=at + LASTS))
    return verify(contact, method=Method.PROVEN_DOMAIN, by=OPERATOR, note=None, until=until, world=world)


def verify_by_registrar(contact_id: str, *, note: str, by: str, world: SendingWorld) -> Contact:
    """Verify a contact point by a registrar's look; `note` says what was looked at. Who held it before, loses it.

    `by` is a person: `registrar pe-…`. Raises ContactInvalid, ContactUnknown, ContactStands.
    """
    note = read_note("note", note)
    with reading(world.engine) as connection:
        contact = load_contact(connection, contact_id)
        held = [each for each in find_held(connection, [contact.key]) if each.id != contact.id]
    _check_open(contact)
    for each in held:
        _end(each.id, by=by, note="a registrar found it to be another operator's", operator_id=None, world=world)
    return verify(contact, method=Method.REGISTRAR, by=by, note=note, until=world.now() + LASTS, world=world)


def refuse_contact(contact_id: str, *, note: str, by: str, world: SendingWorld) -> Contact:
    """Refuse a contact point, or take a verified one away. Raises as `verify_by_registrar`."""
    note = read_note("note", note)
    return _end(contact_id, by=by, note=note, operator_id=None, world=world, state=ContactState.REFUSED)


def verify(
    contact: Contact, *, method: Method, by: str, note: str | None, until: datetime, world: SendingWorld
) -> Contact:
    """Note a contact point as verified from now, or anew. Raises ContactStands, ContactTaken, and what log_step raises.

    One that another holds, or that looks like another's, is left to a registrar unless one has looked.
    """
    at = world.now()

    def write(connection: Connection, _index: int) -> None:
        now = load_contact(connection, contact.id)
        _check_open(now)
        if now.state is ContactState.CONTESTED and method is not Method.REGISTRAR:
            raise ContactTaken(f"this contact point is {now.note}: a registrar decides")
        hold_contact(connection, now, method=method, note=note, at=at, until=until)

    again = contact.state is ContactState.VERIFIED
    said = _described(contact) | {"method": method.value, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
    if note is not None:
        said["note"] = note
    step = Step(act=Act.CONTACT_RENEWED if again else Act.CONTACT_ADDED, at=at, by=by, said=said)
    try:
        _log(contact, step, write, world)
    except ContactTaken:
        _contest(contact, world)
        raise
    return _load(contact, world)


def _contest(contact: Contact, world: SendingWorld) -> None:
    """Put it where a registrar sees it: its owner proved it, and so did another before."""

    def write(connection: Connection, _index: int) -> None:
        contest_contact(connection, contact, note=HELD)

    if _load(contact, world).state is ContactState.DECLARED:
        said: dict[str, Json] = {"contact": contact.id, "kind": contact.kind.value, "state": "contested"}
        _log(contact, Step(act=Act.CONTACT_CONTESTED, at=world.now(), by=OPERATOR, said=said), write, world)


def _end(
    contact_id: str,
    *,
    by: str,
    note: str | None,
    operator_id: str | None,
    world: SendingWorld,
    state: ContactState = ContactState.ENDED,
) -> Contact:
    at = world.now()
    with reading(world.engine) as connection:
        contact = load_contact(connection, contact_id, operator_id=operator_id)
    _check_open(contact)

    def write(connection: Connection, _index: int) -> None:
        _check_open(load_contact(connection, contact.id))
        end_contact(connection, contact, state=state, note=note, at=at)

    shown = contact.verified_at is not None
    said = _described(contact) if shown else {"contact": contact.id, "kind": contact.kind.value}
    if note is not None:
        said["note"] = note
    act = Act.CONTACT_REFUSED if state is ContactState.REFUSED else Act.CONTACT_ENDED
    _log(contact, Step(act=act, at=at, by=by, said=said), write, world)
    return _load(contact, world)


def _check_open(contact: Contact) -> None:
    if contact.state not in _OPEN:
        raise ContactStands(f"this contact point is {contact.state}: declare it anew")


def _described(contact: Contact) -> dict[str, Json]:
    return {"contact": contact.id, "kind": contact.kind.value, "value": contact.value}


def _domain_evidence_ends(operator: Operator, at: datetime) -> list[datetime]:
    return [
        item.valid_until
        for item in operator.evidence
        if item.kind is EvidenceKind.DOMAIN and item.valid_from <= at < item.valid_until
    ]


def _log(contact: Contact, step: Step, write: Write, world: SendingWorld) -> None:
    log_step(contact.operator_id, step, log=world.log, random=world.random, writes=(write,))


def _load(contact: Contact, world: SendingWorld) -> Contact:
    with reading(world.engine) as connection:
        return load_contact(connection, contact.id)
