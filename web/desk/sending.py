"""What an operator sends from and promises: its administrators declare, show, promise and end."""

from datetime import date
from typing import Final

from flask import Response

from registry.model import Role
from registry.sending.codes import confirm_code, send_code
from registry.sending.contacts import list_contacts
from registry.sending.declaring import declare_contact, drop_contact, verify_by_domain
from registry.sending.errors import ContactInvalid, PromiseInvalid
from registry.sending.model import ContactKind, ContactState
from registry.sending.promises import end_promise, list_promises, make_promise
from sigill.vocabulary import Channel
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("sending")
_ADMINS: Final = frozenset({Role.ADMIN})
_OVER: Final = frozenset({ContactState.ENDED, ContactState.REFUSED})


@pages.page("/sending", roles=_ADMINS, navigation="sending.title")
def sending(request: DeskRequest) -> Response:
    """List contact points and promises, those that are over last."""
    whose, today = request.own_operator().id, request.world.now().date()
    with reading(request.world.engine) as connection:
        contacts = sorted(list_contacts(connection, whose), key=lambda each: each.state in _OVER)
        promises = list_promises(connection, whose)
    return request.render(
        "desk/sending.html",
        contacts=contacts,
        promises=sorted(promises, key=lambda each: each.until is not None and each.until <= today),
        over=_OVER,
        today=today,
        kinds=[(kind.value, request.words.word("contact_kinds", kind)) for kind in ContactKind],
        channels=[(channel.value, request.words.word("channels", channel)) for channel in Channel],
    )


@pages.action("/sending/contacts", roles=_ADMINS, shows=sending)
def declare(request: DeskRequest) -> Response:
    """Declare a contact point."""
    kind = request.form["kind"]
    if kind not in set(ContactKind):
        raise ContactInvalid("choose what kind of contact point it is")
    declare_contact(request.own_operator().id, ContactKind(kind), request.form["value"], world=request.world.sending)
    return request.go("/sending", said="sending.declared")


@pages.action("/sending/code", roles=_ADMINS, shows=sending)
def send(request: DeskRequest) -> Response:
    """Have a code spoken to a number."""
    whose, contact = request.own_operator().id, request.form["contact"]
    send_code(whose, contact, way="call", language="sv", world=request.world.sending)
    return request.go("/sending", said="sending.code_sent")


@pages.action("/sending/confirmation", roles=_ADMINS, shows=sending)
def confirm(request: DeskRequest) -> Response:
    """Verify a number by its code, or without one a mail domain by the domain proven before."""
    whose, contact, code = request.own_operator().id, request.form["contact"], request.form["code"].strip()
    if code:
        confirm_code(whose, contact, code, world=request.world.sending)
    else:
        verify_by_domain(whose, contact, world=request.world.sending)
    return request.go("/sending", said="sending.confirmed")


@pages.action("/sending/end", roles=_ADMINS, shows=sending, recent=True)
def end(request: DeskRequest) -> Response:
    """End a contact point."""
    drop_contact(request.own_operator().id, request.form["contact"], world=request.world.sending)
    return request.go("/sending", said="sending.ended")


@pages.action("/sending/promises", roles=_ADMINS, shows=sending, recent=True)
def promise(request: DeskRequest) -> Response:
    """Promise something of a channel."""
    channel = request.form["channel"]
    if channel not in set(Channel):
        raise PromiseInvalid("choose a channel")
    try:
        since = date.fromisoformat(request.form["since"])
    except ValueError:
        raise PromiseInvalid("give the first day, such as 2027-03-01") from None
    make_promise(request.own_operator().id, Channel(channel), since=since, world=request.world.sending)
    return request.go("/sending", said="sending.promised")


@pages.action("/sending/promise-end", roles=_ADMINS, shows=sending, recent=True)
def end_one(request: DeskRequest) -> Response:
    """End a promise, with notice."""
    end_promise(request.own_operator().id, request.form["promise"], world=request.world.sending)
    return request.go("/sending", said="sending.promise_ended")
