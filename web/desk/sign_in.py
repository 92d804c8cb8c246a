"""Signing in with a passkey, and out."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, request

from registry.errors import PasskeyRefused
from registry.people.sessions import csrf_of, end_session
from registry.people.signing_in import sign_in_by_passkey, sign_in_options
from storage.engine import writing
from web.desk.door import Doors
from web.desk.doors import (
    FormRefused,
    check_origin,
    door_of,
    forget_session_cookie,
    session_cookie,
    set_door_cookie,
    set_session_cookie,
)
from web.desk.faults import fault_of
from web.desk.frame import redirect_to, render_desk
from web.desk.notices import notice
from web.desk.request import Fault
from web.desk.surroundings import frame_of_request, words_of_request
from web.desk.world import DeskWorld

doors: Final = Doors()
MAX_FORM_BYTES: Final = 65_536
_LOCAL: Final = "localhost"


@doors.page("/sign-in")
def sign_in(world: DeskWorld) -> Response:
    """Show how to sign in."""
    return _sign_in_page(world)


@doors.form("/sign-in", note="a passkey's answer to the page's own challenge")
def signed_in(world: DeskWorld) -> Response:
    """Begin a session for whose passkey answered."""
    request.max_content_length = MAX_FORM_BYTES
    try:
        check_origin(world)
    except FormRefused:
        return notice(world, 403, "frame.form_refused_title", "frame.form_refused")
    try:
        made = sign_in_by_passkey(request.form.get("answer", ""), binding=door_of(world), world=world.people)
    except PasskeyRefused as error:
        return _sign_in_page(world, fault_of(error, words_of_request()))
    response = redirect_to("/desk", said=None, secure=world.secure)
    set_session_cookie(response, made.token, world=world)
    return response


@doors.form("/sign-out", note="a form of the session's own")
def sign_out(world: DeskWorld) -> Response:
    """End the session, if its own form asks for it."""
    token = session_cookie(world)
    try:
        check_origin(world)
    except FormRefused:
        return notice(world, 403, "frame.form_refused_title", "frame.form_refused")
    if not token or request.form.get("csrf") != csrf_of(token):
        return redirect_to("/desk", said=None, secure=world.secure)
    with writing(world.engine) as connection:
        end_session(connection, token)
    response = redirect_to("/desk/sign-in", said="frame.signed_out_now", secure=world.secure)
    forget_session_cookie(response, world=world)
    return response


def elsewhere(world: DeskWorld, path: str) -> str | None:
    """Return where a page is to be opened instead, where a browser gives no passkey to the address it was opened at.

    On trial only, where `localhost` takes the place of 127.0.0.1: a proxy may well ask under another name.
    """
    party = world.party
    if party is None or party.id != _LOCAL or urlsplit(f"//{request.host}").hostname == _LOCAL:
        return None
    return f"{party.origin}{path}"


def _sign_in_page(world: DeskWorld, fault: Fault | None = None) -> Response:
    instead = elsewhere(world, "/desk/sign-in")
    usable = world.party is not None and instead is None
    door = door_of(world, fresh=True)
    response = render_desk(
        "desk/sign_in.html",
        frame=frame_of_request(world, None),
        words=words_of_request(),
        status=200 if fault is None else fault.status,
        scripts=("passkeys.js",) if usable else (),
        fault=fault,
        instead=instead,
        provider=None if world.provider is None else urlsplit(world.provider.client.issuer).hostname,
        options=sign_in_options(binding=door, world=world.people) if usable else None,
    )
    set_door_cookie(response, door, world=world)
    return response
