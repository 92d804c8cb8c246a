"""Mandates of an operator: whom it lets seal for it, for whom it may, and every step but a registrar's."""

from datetime import UTC, datetime, time
from typing import Final

from flask import Response

from registry.errors import ApplicationInvalid
from registry.mandates.model import Mandate, MandateParty, MandateState, Terms
from registry.mandates.steps import MandateWorld, accept_mandate, give_mandate, revoke_mandate, side_of
from registry.mandates.store import list_mandates, load_mandate, names_of
from registry.model import Role
from sigill.report.words import Words, words
from sigill.vocabulary import Channel, Enquiry, Purpose
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest
from web.desk.world import DeskWorld

pages: Final = Desk("mandates")
_ROLES: Final = frozenset({Role.ADMIN})
_LONGEST_DATE: Final = 10
_MOST_DIGITS: Final = 9


@pages.page("/mandates", roles=_ROLES, navigation="mandates.title")
def mandates(request: DeskRequest) -> Response:
    """List the mandates the operator has given and got, and offer to give one."""
    whose, at = request.own_operator().id, request.world.now()
    with reading(request.world.engine) as connection:
        found = list_mandates(connection, operator_id=whose)
        names = names_of(connection, found)
    said = words(request.frame.spoken)
    return request.render(
        "desk/mandates.html",
        mandates=[view_mandate(each, names, whose, said, at) for each in found],
        channels=[(each.value, said.channel(each)) for each in Channel],
        purposes=[(each.value, said.purpose(each)) for each in Purpose],
        enquiries=[(each.value, said.enquiry(each)) for each in Enquiry],
        ticked={name: request.lists.get(name, []) for name in ("channels", "purposes", "enquiries")},
    )


@pages.action("/mandates/new", roles=_ROLES, shows=mandates, recent=True)
def give(request: DeskRequest) -> Response:
    """Offer another operator a mandate."""
    form, lists, world = request.form, request.lists, request.world
    enquiries = tuple(each for each in Enquiry if each in lists.get("enquiries", []))
    terms = Terms(
        channels=tuple(each for each in Channel if each in lists.get("channels", [])),
        enquiries=enquiries or None,
        purposes=tuple(each for each in Purpose if each in lists.get("purposes", [])),
        valid_from=world.now(),
        valid_until=_end_of(form["until"].strip(), world),
        daily_messages=_number(form["daily"].strip()),
    )
    give_mandate(request.own_operator(), form["to"].strip(), terms, world=_world(world))
    return request.go("/mandates", said="mandates.given")


@pages.action("/mandates/acceptance", roles=_ROLES, shows=mandates, recent=True)
def accept(request: DeskRequest) -> Response:
    """Accept a mandate that was offered."""
    whose = request.own_operator().id
    accept_mandate(request.form["mandate"], mandatary_id=whose, world=_world(request.world))
    return request.go("/mandates", said="mandates.accepted")


@pages.action("/mandates/revocation", roles=_ROLES, shows=mandates, recent=True)
def revoke(request: DeskRequest) -> Response:
    """End a mandate that was given or got, or decline one that was offered: at once, for good."""
    whose, world = request.own_operator().id, _world(request.world)
    with reading(world.engine) as connection:
        side = side_of(load_mandate(connection, request.form["mandate"]), whose)
    revoke_mandate(request.form["mandate"], by=side, who=whose, world=world)
    return request.go("/mandates", said="mandates.revoked")


def view_mandate(mandate: Mandate, names: dict[str, str], whose: str, said: Words, at: datetime) -> dict[str, object]:
    """Return a mandate as a page shows it to the party `whose`."""
    terms, state = mandate.terms, mandate.state_at(at)
    is_given = side_of(mandate, whose) is MandateParty.PRINCIPAL
    covers = [said.channel(each) for each in terms.channels] + [said.purpose(each) for each in terms.purposes]
    return {
        "id": mandate.id,
        "given": is_given,
        "other": names[mandate.mandatary_id if is_given else mandate.principal_id],
        "state": state.value,
        "past": state in {MandateState.EXPIRED, MandateState.REVOKED},
        "acceptable": state is MandateState.OFFERED and not is_given,
        "covers": ", ".join(covers),
        "enquiries": None if terms.enquiries is None else ", ".join(said.enquiry(each) for each in terms.enquiries),
        "begin": mandate.since or terms.valid_from,
        "end": mandate.revoked_at or terms.valid_until,
        "daily": terms.daily_messages,
    }


def _end_of(text: str, world: DeskWorld) -> datetime:
    """Return the end of a day in the desk's zone: the day that is named is the last one. Raises ApplicationInvalid."""
    try:
        day = datetime.strptime(text[: _LONGEST_DATE + 1], "%Y-%m-%d").replace(tzinfo=world.zone)
        return datetime.combine(day, time.max, tzinfo=world.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ApplicationInvalid("the last day is a date such as 2027-10-31") from None


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise ApplicationInvalid("messages a day is a number, or empty")
    return int(text)


def _world(world: DeskWorld) -> MandateWorld:
    return MandateWorld(now=world.now, random=world.random, engine=world.engine, log=world.log)
