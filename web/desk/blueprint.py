"""From a request at /desk to a part's view: who is signed in, may they, and was the form sent by a page of ours.

What goes wrong in a view is a sentence on the page, in the language of whoever reads it; an error nobody foresaw is
logged without content.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from registry.access import Access, mark
from registry.audit import tell_refusal
from registry.errors import SignInStale
from registry.operators import load_operator
from registry.people.sessions import NOTED_EVERY, Session, load_session, note_session_used
from settings.discretion import where_raised
from sigill.errors import SigillError
from storage.engine import reading, writing
from web.desk import menu
from web.desk.doors import FormRefused, check_form, session_cookie
from web.desk.faults import fault_of
from web.desk.frame import redirect_to
from web.desk.notices import notice
from web.desk.parts import DeskRoute
from web.desk.request import DeskRequest, Sent
from web.desk.surroundings import ROUTES, frame_of_request, words_of_request
from web.desk.world import DeskWorld

_LOGGER: Final = logging.getLogger("sigill.web")
MAX_FORM_BYTES: Final = 262_144
RECENT: Final = timedelta(minutes=15)


def make_desk(world: DeskWorld) -> Blueprint:
    """Return the desk with the pages of every part."""
    blueprint = Blueprint("desk", __name__, url_prefix="/desk")
    for door in menu.DOORS:
        view = partial(door.view, world)
        blueprint.add_url_rule(door.path, door.endpoint, mark(view, Access(note=door.note)), methods=[door.method])
    routes = tuple(route for part in menu.PARTS for route in part.routes)
    for route in routes:
        guarded = mark(_guard(world, route), Access(people=route.roles))
        blueprint.add_url_rule(route.path, route.endpoint, guarded, methods=[route.method])
    blueprint.record(lambda state: state.app.extensions.update({ROUTES: routes}))
    blueprint.register_error_handler(Exception, partial(_failed, world))
    return blueprint


def _guard(world: DeskWorld, route: DeskRoute) -> Callable[..., Response]:
    def guarded(**parts: Any) -> Response:  # noqa: ANN401 - what the address holds
        request.max_content_length = MAX_FORM_BYTES
        session = _session(world)
        if session is None:
            return _sign_in_first(world, route)
        if session.person.role not in route.roles:
            _tell("desk_refused", "role", session)
            return notice(world, 403, "frame.not_for_you_title", "frame.not_for_you", session=session)
        if route.method == "POST":
            try:
                check_form(session, request.form.get("csrf", ""), world=world)
            except FormRefused as error:
                _tell("form_refused", error.reason, session)
                return notice(world, 403, "frame.form_refused_title", "frame.form_refused", session=session)
        return _run(world, route, _request(world, session), parts)

    return guarded


def _run(world: DeskWorld, route: DeskRoute, asked: DeskRequest, parts: dict[str, Any]) -> Response:
    try:
        if route.recent and world.now() - asked.session.created_at > RECENT:
            raise SignInStale("sign in again: this takes a sign-in of the last 15 minutes")
        return route.view(asked, **parts)
    except SigillError as error:
        fault = fault_of(error, asked.words)
        if route.shows is None:
            return notice(world, fault.status, "frame.fault_title", None, session=asked.session, fault=fault)
        try:
            return route.shows(replace(asked, fault=fault), **parts)
        except SigillError:  # what the page is about is itself not there
            return notice(world, fault.status, "frame.fault_title", None, session=asked.session, fault=fault)


def _session(world: DeskWorld) -> Session | None:
    token, at = session_cookie(world), world.now()
    with reading(world.engine) as connection:
        session = load_session(connection, token, at=at)
    if session is not None and at - session.used_at >= NOTED_EVERY:
        with writing(world.engine) as connection:
            note_session_used(connection, token, at=at)
    return session


def _request(world: DeskWorld, session: Session) -> DeskRequest:
    operator = None
    if session.person.operator_id is not None:
        with reading(world.engine) as connection:
            operator = load_operator(connection, session.person.operator_id)
    return DeskRequest(
        world=world,
        session=session,
        operator=operator,
        words=words_of_request(),
        frame=frame_of_request(world, session, house="" if operator is None else operator.name),
        form=Sent(request.form.to_dict()),
        lists=request.form.to_dict(flat=False),
        query=request.args.to_dict(),
    )


def _sign_in_first(world: DeskWorld, route: DeskRoute) -> Response:
    if route.method == "POST":
        return notice(world, 403, "frame.signed_out_title", "frame.signed_out")
    return redirect_to("/desk/sign-in", said=None, secure=world.secure)


def _tell(event: str, reason: str, session: Session) -> None:
    tell_refusal(event, reason=reason, person=session.person.id, route=f"{request.method} {request.url_rule}")


def _failed(world: DeskWorld, error: Exception) -> Response:
    if isinstance(error, SigillError):
        fault = fault_of(error, words_of_request())
        return notice(world, fault.status, "frame.fault_title", None, fault=fault)
    if isinstance(error, HTTPException):
        known = {404: "not_found", 405: "not_found", 413: "too_large"}
        word = known.get(error.code or 500, "failed")
        response = notice(world, error.code or 500, f"frame.{word}_title", f"frame.{word}")
        if error.code == 405 and (allow := error.get_response().headers.get("Allow")):  # noqa: PLR2004
            response.headers["Allow"] = allow
        return response
    name, where = type(error).__name__, where_raised(error)
    _LOGGER.error("unforeseen %s at %s %s\n%s", name, request.method, request.url_rule, where)
    return notice(world, 500, "frame.failed_title", "frame.failed")
