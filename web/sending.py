"""From sending policies to what pages show: contact points, promises, totals, and what was found of a claim. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from registry.sending.model import Contact, ContactKind, DayTotals, Method, Promise, PromiseKind
from registry.sending.public import SendingPolicy
from registry.sending.values import show_phone
from sigill.report.words import Words
from sigill.vocabulary import Channel
from verification.claim_words import tell_claim
from verification.claimed import Sending
from web.dates import tell_day
from web.world import WebWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """One contact point: what it is, how and when it was verified; `dial` for a telephone."""

    kind: str
    value: str
    how: str
    dial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One promise; `over` where it is past."""

    text: str
    ends: str | None
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalView:
    """One channel of one day; what is not known is a dash."""

    day: str
    corrected: bool
    channel: str
    sent: str
    sealed: str
    counted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """An operator's sending policy; `lead` says what the contact points rest on."""

    lead: str
    contacts: tuple[ContactView, ...]
    promises: tuple[PromiseView, ...]
    totals: tuple[TotalView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingView:
    """What stands beside an answer: the sentences on a claim, whose page it is, and contact points below their lead."""

    said: tuple[str, ...]
    operator: str | None
    link: str | None
    lead: str
    contacts: tuple[ContactView, ...]


_UNKNOWN = "–"


def view_policy(policy: SendingPolicy, *, words: Words, world: WebWorld) -> PolicyView:
    """Return a sending policy as the operator's page shows it at this moment."""
    today = world.now().astimezone(UTC).date()
    return PolicyView(
        lead=_lead(policy.contacts, words),
        contacts=view_contacts(policy.contacts, words=words, world=world),
        promises=tuple(_promise(each, today, words, world) for each in policy.promises if each.until != each.since),
        totals=tuple(line for day in policy.totals for line in _day(day, words, world)),
    )


def view_sending(sending: Sending | None, *, words: Words, world: WebWorld) -> SendingView | None:
    """Return what stands beside an answer; None where there is nothing to tell."""
    if sending is None or (sending.claim is None and not sending.contacts):
        return None
    operator = sending.operator
    return SendingView(
        said=tell_claim(sending, words=words, tell_date=lambda day: _tell(day, words, world)),
        operator=None if operator is None else operator.name,
        link=None if operator is None else f"/registry/operators/{operator.id}",
        lead=_lead(sending.contacts, words),
        contacts=view_contacts(sending.contacts, words=words, world=world),
    )


def view_contacts(contacts: Iterable[Contact], *, words: Words, world: WebWorld) -> tuple[ContactView, ...]:
    """Return verified contact points; others are left out."""
    return tuple(
        ContactView(
            kind=words.sending(f"contact_{contact.kind}"),
            value=show_phone(contact.value) if contact.kind is ContactKind.PHONE else contact.value,
            how=words.sending(
                "contact_since",
                how=words.sending(f"by_{contact.method}"),
                time=tell_day(contact.verified_at, language=words.language, zone=world.zone),
            ),
            dial=contact.value if contact.kind is ContactKind.PHONE else None,
        )
        for contact in contacts
        if contact.method is not None and contact.verified_at is not None
    )


def _lead(contacts: Iterable[Contact], words: Words) -> str:
    """Return what stands above contact points: nobody has shown those of a made-up operator."""
    made_up = any(contact.method is Method.DEMONSTRATION for contact in contacts)
    return words.sending("contacts_lead_made_up" if made_up else "contacts_lead")


def _promise(promise: Promise, today: date, words: Words, world: WebWorld) -> PromiseView:
    since = _tell(promise.since, words, world)
    if promise.kind is PromiseKind.ANNOUNCES:
        text = words.sending("promise_announces", since=since)
    else:
        text = words.sending("promise_seals", channel=words.channel(promise.channel), since=since)
    last = None if promise.until is None else promise.until - timedelta(days=1)
    return PromiseView(
        text=text,
        ends=None if last is None else words.sending("promise_ends", last=_tell(last, words, world)),
        over=last is not None and last < today,
    )


def _day(day: DayTotals, words: Words, world: WebWorld) -> list[TotalView]:
    channels = [channel for channel in Channel if channel in day.declared or channel in day.counted]
    return [
        TotalView(
            day=_tell(day.day, words, world),
            corrected=day.version > 1,
            channel=words.channel(channel),
            sent=str(day.declared[channel].sent) if channel in day.declared else _UNKNOWN,
            sealed=str(day.declared[channel].sealed) if channel in day.declared else _UNKNOWN,
            counted=str(day.counted.get(channel, 0)),
        )
        for channel in channels
    ]


def _tell(day: date, words: Words, world: WebWorld) -> str:
    """Return a day as it is; noon keeps it the same day in every zone that customers live in."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=world.zone)
    return tell_day(noon, language=words.language, zone=world.zone)
