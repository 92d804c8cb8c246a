"""Signing in with an identity provider: off to it, and back from it.

Both are links and not forms: a page's policy would not let a form lead away, and the provider sends people back by a
link. What came back is good for this browser alone, and once.
"""

from typing import Final

from flask import Response, request

from registry.errors import ProviderRefused
from registry.people.oidc.provider import Provider
from registry.people.oidc.signing_in import come_back, send_off
from web.desk.door import Doors
from web.desk.doors import door_of, set_door_cookie, set_session_cookie
from web.desk.frame import redirect_to
from web.desk.world import DeskWorld

doors: Final = Doors()


@doors.page("/oidc")
def off(world: DeskWorld) -> Response:
    """Send the browser to the identity provider."""
    door = door_of(world, fresh=True)
    there = send_off(_provider(world), binding=door, world=world.people)
    response = Response("", 303, {"Location": there, "Cache-Control": "no-store"})
    set_door_cookie(response, door, world=world)
    return response


@doors.page("/oidc/callback", note="the identity provider's answer, for the browser that was sent there")
def back(world: DeskWorld) -> Response:
    """Begin a session for whom the provider let in."""
    query = request.args.to_dict()
    made = come_back(query, provider=_provider(world), binding=door_of(world), world=world.people)
    response = redirect_to("/desk", said=None, secure=world.secure)
    set_session_cookie(response, made.token, world=world)
    return response


def _provider(world: DeskWorld) -> Provider:
    if world.provider is None:
        raise ProviderRefused("none", "this service uses no identity provider: sign in with a passkey")
    return world.provider
