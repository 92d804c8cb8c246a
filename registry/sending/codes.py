"""Codes by which an operator shows that a phone number is its own: six digits, ten minutes, three tries.

A code is kept as a hash under a key that is not in the database: six digits are guessed from any other hash. How often
a number is sent one is counted for the number, whoever declared it, so that nobody's phone rings all night.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from registry.model import Environment, Operator
from registry.operators import check_may_seal, load_operator
from registry.sending.contacts import load_contact
from registry.sending.declaring import LASTS, OPERATOR, verify
from registry.sending.errors import CodesExhausted, CodeWrong, ContactStands, GatewayMissing, PhoneNotCallable
from registry.sending.model import Contact, ContactKind, ContactState, Method
from registry.sending.tables import code_sendings, contact_codes, contacts
from registry.sending.values import is_callable
from registry.sending.world import SendingWorld
from storage.engine import reading, writing
from storage.times import from_ms, to_ms

LIFETIME: Final = timedelta(minutes=10)
TRIES: Final = 3
SENDINGS: Final = 3
"""How often within an hour a number is sent a code."""

SENDINGS_OF_OPERATOR: Final = 30
_HOUR: Final = timedelta(hours=1)
_DIGITS: Final = 6
_ENDED: Final = frozenset({ContactState.REFUSED, ContactState.ENDED})


@dataclass(frozen=True, slots=True)
class SentCode:
    """That a code is under way, and until when it can be given."""

    contact: Contact
    expires_at: datetime


def send_code(operator_id: str, contact_id: str, *, way: str, language: str, world: SendingWorld) -> SentCode:
    """Send a new code to a declared number; one sent before is good no longer. `way` is `sms` or `call`.

    Raises ContactUnknown, ContactStands, GatewayMissing, OperatorNotVerified, OperatorSuspended, PhoneNotCallable,
    CodesExhausted, GatewayFailed (then the code may still be under way, and is good for nothing).
    """
    if world.gateway is None:
        raise GatewayMissing("this deployment has no gateway to phones: a registrar can look at the number instead")
    at = world.now()
    with reading(world.engine) as connection:
        contact = _load_phone(connection, operator_id, contact_id)
        operator = load_operator(connection, operator_id)
    _check_may_call(operator)
    if not is_callable(contact.value, operator.markets):
        raise PhoneNotCallable("codes are sent to numbers of the operator's markets, and to none that cost extra")
    code = f"{int.from_bytes(world.random(8), 'big') % 10**_DIGITS:0{_DIGITS}}"
    with writing(world.engine) as connection:
        _count_sending(connection, contact, at=at)
        connection.execute(delete(contact_codes).where(contact_codes.c.contact_id == contact.id))
        connection.execute(
            insert(contact_codes).values(
                contact_id=contact.id,
                hash=_hash(contact, code, world.code_key),
                expires_at_ms=to_ms(at + LIFETIME),
                tries_left=TRIES,
            )
        )
    message_id = f"{contact.id}-{to_ms(at)}"
    try:
        world.gateway(number=contact.value, code=code, way=way, language=language, message_id=message_id)
    except BaseException:
        _forget(contact, world)
        raise
    return SentCode(contact, at + LIFETIME)


def confirm_code(operator_id: str, contact_id: str, code: str, *, world: SendingWorld) -> Contact:
    """Verify a number by the code that was sent to it.

    A try is taken before the code is compared, so that two at a time are two. Raises ContactUnknown, ContactStands,
    CodeWrong, ContactTaken, and what `log_step` raises.
    """
    at = world.now()
    with reading(world.engine) as connection:
        contact = _load_phone(connection, operator_id, contact_id)
    kept = contact_codes.c
    good = (kept.contact_id == contact.id) & (kept.tries_left > 0) & (kept.expires_at_ms > to_ms(at))
    with writing(world.engine) as connection:
        taken = update(contact_codes).where(good).values(tries_left=kept.tries_left - 1)
        found = connection.execute(taken.returning(kept.hash, kept.tries_left)).first()
    if found is None:
        raise CodeWrong("no code is waiting for an answer: let one be sent")
    if not hmac.compare_digest(found.hash, _hash(contact, code, world.code_key)):
        raise CodeWrong(f"this is not the code that was sent; tries left: {found.tries_left}")
    _forget(contact, world)
    return verify(contact, method=Method.PHONE_CODE, by=OPERATOR, note=None, until=at + LASTS, world=world)


def purge_sendings(connection: Connection, *, at: datetime) -> None:
    """Forget when codes were sent, as soon as it counts no longer, and codes that have run out."""
    connection.execute(delete(code_sendings).where(code_sendings.c.at_ms <= to_ms(at - _HOUR)))
    connection.execute(delete(contact_codes).where(contact_codes.c.expires_at_ms <= to_ms(at)))


def _check_may_call(operator: Operator) -> None:
    """Raise for whoever is unknown here: anybody can apply, and would have the service ring whom he likes."""
    check_may_seal(operator)
    if operator.environment is Environment.TEST:
        raise PhoneNotCallable("no codes are sent for an operator of the test environment: nobody knows who it is")


def _load_phone(connection: Connection, operator_id: str, contact_id: str) -> Contact:
    contact = load_contact(connection, contact_id, operator_id=operator_id)
    if contact.kind is not ContactKind.PHONE:
        raise ContactStands("a code is sent to phone numbers only")
    if contact.state in _ENDED:
        raise ContactStands(f"this contact point is {contact.state}: declare it anew")
    return contact


def _count_sending(connection: Connection, contact: Contact, *, at: datetime) -> None:
    """Count a code as sent. Raises CodesExhausted. Whoever else counts for this number waits meanwhile."""
    connection.execute(select(contacts.c.id).where(contacts.c.key == contact.key).order_by("id").with_for_update())
    purge_sendings(connection, at=at)
    for which, most in (
        (code_sendings.c.key == contact.key, SENDINGS),
        (code_sendings.c.operator_id == contact.operator_id, SENDINGS_OF_OPERATOR),
    ):
        count, oldest = connection.execute(select(func.count(), func.min(code_sendings.c.at_ms)).where(which)).one()
        if count >= most:
            wait_s = max(1, int((from_ms(oldest) + _HOUR - at).total_seconds()) + 1)
            raise CodesExhausted(f"at most {most} codes are sent within an hour", after_s=wait_s)
    row = {"key": contact.key, "at_ms": to_ms(at), "operator_id": contact.operator_id}
    connection.execute(insert(code_sendings).values(row))


def _forget(contact: Contact, world: SendingWorld) -> None:
    with writing(world.engine) as connection:
        connection.execute(delete(contact_codes).where(contact_codes.c.contact_id == contact.id))


def _hash(contact: Contact, code: str, key: bytes) -> bytes:
    return hmac.new(key, f"sigill-contact-code\0{contact.id}\0{code}".encode("utf-8", "surrogatepass"), sha256).digest()
