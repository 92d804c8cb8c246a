"""What is known of a sender that a message claims to be from, where the message itself proves nothing.

A claim is a sender (an operator's id or name, a phone number, a sender of text messages, a mail domain or address), a
channel and a day. What comes back is what that operator promises of that channel on that day: never that a message is
false. A number on a display can be forged, so whose it is says only whose promise to look at.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine

from registry.sending.directory import Listed, Pages, name_key
from registry.sending.model import Contact, Promise
from registry.sending.public import load_policy
from registry.sending.searching import Match, contact_keys
from sigill.report.standing import State
from sigill.vocabulary import Channel
from storage.engine import reading

MAX_SENDER: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claim:
    """What a customer says of a message. Its `repr` does not show it."""

    sender: str
    channel: Channel
    day: date | None = None


class Finding(StrEnum):
    """What is known of a claim."""

    PROMISED = "promised"
    NOT_PROMISED = "not_promised"
    NOT_VERIFIED = "not_verified"
    SEVERAL = "several"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Beside an answer: the sender's verified contact points, and what was found of a claim, if one was made.

    `match` says by what the claimed sender was found; `promise` is there for PROMISED only.
    """

    claim: Claim | None = None
    day: date | None = None
    finding: Finding | None = None
    operator: Listed | None = None
    match: Match | None = None
    promise: Promise | None = None
    contacts: tuple[Contact, ...] = ()


_FORGEABLE: Final = frozenset({Match.PHONE, Match.SENDER_NAME, Match.MAIL_DOMAIN})


def is_forgeable(sending: Sending) -> bool:
    """Tell whether the sender was found by something that anybody can make a display show."""
    return sending.match in _FORGEABLE


def look_at_claim(claim: Claim, *, pages: Pages, engine: Engine, at: datetime, unlisted: bool) -> Sending:
    """Return what the claimed sender promises. Raises what the database raises."""
    day = claim.day or at.date()
    found = _find(claim.sender.strip(), pages, at=at, unlisted=unlisted)
    if len(found) != 1:
        return Sending(claim=claim, day=day, finding=Finding.SEVERAL if found else Finding.UNKNOWN)
    ((listed, match),) = found.items()
    if listed.state is not State.VERIFIED:
        return Sending(claim=claim, day=day, finding=Finding.NOT_VERIFIED, operator=listed, match=match)
    with reading(engine) as connection:
        policy = load_policy(connection, listed.id, at=at)
    promise = next((each for each in policy.promised_on(day) if each.channel is claim.channel), None)
    return Sending(
        claim=claim,
        day=day,
        finding=Finding.NOT_PROMISED if promise is None else Finding.PROMISED,
        operator=listed,
        match=match,
        promise=promise,
        contacts=policy.contacts,
    )


def look_at_sender(operator_id: str, *, engine: Engine, at: datetime) -> Sending:
    """Return the verified contact points of a proven sender."""
    with reading(engine) as connection:
        return Sending(contacts=load_policy(connection, operator_id, at=at).contacts)


def _find(sender: str, pages: Pages, *, at: datetime, unlisted: bool) -> dict[Listed, Match]:
    """Return whom a sender may be: by its id, else by a contact point that is its own now, else by its very name."""
    if sender in pages.by_id:
        return {pages.by_id[sender]: Match.NAME}
    for match, key in contact_keys(sender, unlisted=unlisted):
        held = pages.holder(key, at=at)
        if held is not None:
            return {held[0]: match}
    return dict.fromkeys(pages.by_name.get(name_key(sender), ()), Match.NAME)
