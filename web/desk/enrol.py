"""Enrolling a first passkey with the link that somebody was sent."""

from typing import Final

from flask import Response, request

from registry.people.enrolment import AskedPasskey, enrol_passkey, enrolment_options
from registry.people.links import open_link
from registry.people.sessions import TOKEN_BYTES, start_session
from sigill.errors import SigillError
from storage.engine import writing
from web.desk.door import Doors
from web.desk.doors import FormRefused, check_origin, door_of, set_door_cookie, set_session_cookie
from web.desk.faults import fault_of
from web.desk.frame import redirect_to, render_desk
from web.desk.notices import notice
from web.desk.request import Fault, Sent
from web.desk.sign_in import MAX_FORM_BYTES, elsewhere
from web.desk.surroundings import frame_of_request, words_of_request
from web.desk.world import DeskWorld

doors: Final = Doors()
_SCRIPTS: Final = ("passkeys.js",)


@doors.page("/enrol")
def enrol(world: DeskWorld) -> Response:
    """Take the token out of the link: it stands behind the `#`, where only the browser sees it."""
    return render_desk(
        "desk/enrol.html",
        frame=frame_of_request(world, None),
        words=words_of_request(),
        scripts=_SCRIPTS,
        instead=elsewhere(world, "/desk/enrol"),
    )


@doors.form("/enrol", note="the token of a link")
def link_opened(world: DeskWorld) -> Response:
    """Greet whom the link is for, and ask the browser for a passkey."""
    return _checked(world, Sent(), None)


@doors.form("/enrol/passkey", note="the token of a link, and an authenticator's answer")
def enrolled(world: DeskWorld) -> Response:
    """Keep the passkey, and sign its person in with it."""
    try:
        check_origin(world)
    except FormRefused:
        return notice(world, 403, "frame.form_refused_title", "frame.form_refused")
    request.max_content_length = MAX_FORM_BYTES
    form = Sent(request.form.to_dict())
    try:
        link = open_link(form["token"], world=world.people)
        person = link.person
        asked = AskedPasskey(
            answer=form["answer"],
            name=form["name"],
            binding=door_of(world),
            link=form["token"],
            invited_by=link.made_by,
        )
        passkey = enrol_passkey(person, asked, by=f"{person.role} {person.id}", world=world.people)
    except SigillError as error:
        return _checked(world, form, fault_of(error, words_of_request()))
    randomness = world.random(TOKEN_BYTES)
    with writing(world.engine) as connection:
        token = start_session(connection, person.id, passkey_id=passkey.id, at=world.now(), randomness=randomness)
    response = redirect_to("/desk", said="passkeys.enrolled", secure=world.secure)
    set_session_cookie(response, token, world=world)
    return response


def _checked(world: DeskWorld, form: Sent, fault: Fault | None) -> Response:
    request.max_content_length = MAX_FORM_BYTES
    try:
        check_origin(world)
        token = request.form.get("token", "")
        person = open_link(token, world=world.people).person
        door = door_of(world, fresh=True)
        options = enrolment_options(person, binding=door, world=world.people)
    except FormRefused:
        return notice(world, 403, "frame.form_refused_title", "frame.form_refused")
    response = render_desk(
        "desk/enrol_passkey.html",
        frame=frame_of_request(world, None),
        words=words_of_request(),
        status=200 if fault is None else fault.status,
        scripts=_SCRIPTS,
        fault=fault,
        person=person,
        token=token,
        options=options,
        form=form,
    )
    set_door_cookie(response, door, world=world)
    return response
