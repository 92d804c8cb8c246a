"""One-use links to enrol a passkey with: 256 random bits, good for 24 hours, kept as a hash.

The token stands behind the `#` of the link, so no server, proxy or log between gets to see it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from registry.errors import EnrolmentRefused, PersonUnknown
from registry.people.model import Person
from registry.people.store import load_person
from registry.people.world import PeopleWorld
from registry.tables import enrolments
from sigill.encoding.base64url import format_base64url
from storage.engine import reading, writing
from storage.times import to_ms

LASTS: Final = timedelta(hours=24)
_TOKEN_BYTES: Final = 32
_MAX_TOKEN: Final = 64


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """Whose a link is, and who made it (as `Step.by`)."""

    person: Person
    made_by: str


def make_link(person: Person, *, by: str, world: PeopleWorld) -> str:
    """Return a new link for somebody; it takes the place of an older one. Raises PersonUnknown, PasskeysUnavailable.

    Who makes a link could use it: the step of the passkey that is enrolled with it says who that was.
    """
    party, at = world.needed_party(), world.now()
    token = format_base64url(world.random(_TOKEN_BYTES))
    with writing(world.engine) as connection:
        if load_person(connection, person.id).ended_at is not None:
            raise PersonUnknown("this person has left")
        connection.execute(delete(enrolments).where(enrolments.c.person_id == person.id))
        row = {"digest": _digest(token), "person_id": person.id, "expires_at_ms": to_ms(at + LASTS), "made_by": by}
        connection.execute(insert(enrolments).values(row))
    return f"{party.origin}/desk/enrol#{token}"


def open_link(token: str, *, world: PeopleWorld) -> OpenedLink:
    """Return whose link this is; it stays good. Raises EnrolmentRefused."""
    with reading(world.engine) as connection:
        return find_link(connection, token, world=world)


def find_link(connection: Connection, token: str, *, world: PeopleWorld) -> OpenedLink:
    """Return whose link this is, as the connection sees it. Raises EnrolmentRefused."""
    query = select(enrolments).where(enrolments.c.digest == _digest(token))
    row = connection.execute(query).first() if 0 < len(token) <= _MAX_TOKEN else None
    if row is None or row.expires_at_ms <= to_ms(world.now()):
        raise EnrolmentRefused("this link was used, or is older than 24 hours: ask for a new one")
    person = load_person(connection, row.person_id)
    if person.ended_at is not None:
        raise EnrolmentRefused("this link is of somebody who left")
    return OpenedLink(person, row.made_by)


def use_link(connection: Connection, token: str) -> None:
    """Use a link up. Raises EnrolmentRefused where somebody was faster."""
    if not connection.execute(delete(enrolments).where(enrolments.c.digest == _digest(token))).rowcount:
        raise EnrolmentRefused("this link was used")


def purge_links(connection: Connection, *, at: datetime) -> int:
    """Forget the links that are over at `at`; return how many."""
    return connection.execute(delete(enrolments).where(enrolments.c.expires_at_ms <= to_ms(at))).rowcount


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
