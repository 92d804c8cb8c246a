"""Signing in and out."""

from typing import Final

from flask import Response, request

from registry.people.sessions import csrf_of, end_session
from storage.engine import writing
from web.desk.door import Doors
from web.desk.doors import FormRefused, check_origin, forget_session_cookie, session_cookie
from web.desk.frame import redirect_to, render_desk
from web.desk.notices import notice
from web.desk.surroundings import frame_of_request, words_of_request
from web.desk.world import DeskWorld

doors: Final = Doors()


@doors.page("/sign-in")
def sign_in(world: DeskWorld) -> Response:
    """Show how to sign in."""
    return render_desk("desk/sign_in.html", frame=frame_of_request(world, None), words=words_of_request())


@doors.form("/sign-out", note="a form of the session's own")
def sign_out(world: DeskWorld) -> Response:
    """End the session, if its own form asks for it."""
    token = session_cookie(world)
    try:
        check_origin(world)
    except FormRefused:
        return notice(world, 403, "frame.form_refused_title", "frame.form_refused")
    if token and request.form.get("csrf") == csrf_of(token):
        with writing(world.engine) as connection:
            end_session(connection, token)
    response = redirect_to("/desk/sign-in", said="frame.signed_out_now", secure=world.secure)
    forget_session_cookie(response, world=world)
    return response
