"""The doors of the desk: its cookies, and whether a form was really sent from a page of ours."""

import hmac
from typing import Final

from flask import Response, request

from registry.people.sessions import LASTS, Session
from web.desk.world import DeskWorld

_SESSION: Final = "sigill-desk"
_DOOR: Final = "sigill-door"
_DOOR_S: Final = 3600
_DOOR_BYTES: Final = 32
_MAX_COOKIE: Final = 64


class FormRefused(Exception):
    """A form that no page of this session sent. `reason` is one word for the audit trail. Never leaves the desk."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def session_cookie(world: DeskWorld) -> str:
    """Return the cookie of the session, empty if there is none."""
    return _cookie(_SESSION, world)


def set_session_cookie(response: Response, token: str, *, world: DeskWorld) -> None:
    """Hand a session to the browser.

    Lax: a link from a mail, or the way back from an identity provider, is no reason to be signed out; what changes
    anything is protected by itself.
    """
    response.set_cookie(
        _named(_SESSION, world),
        token,
        max_age=int(LASTS.total_seconds()),
        path="/",
        httponly=True,
        secure=world.secure,
        samesite="Lax",
    )


def forget_session_cookie(response: Response, *, world: DeskWorld) -> None:
    """Take the session from the browser."""
    response.delete_cookie(_named(_SESSION, world), path="/", httponly=True, secure=world.secure, samesite="Lax")


def door_cookie(world: DeskWorld) -> str:
    """Return the cookie of a browser that is not signed in yet, empty if there is none."""
    return _cookie(_DOOR, world)


def set_door_cookie(response: Response, token: str, *, world: DeskWorld) -> None:
    """Hand a browser what ties its sign-in to it."""
    response.set_cookie(
        _named(_DOOR, world),
        token,
        max_age=_DOOR_S,
        path="/",
        httponly=True,
        secure=world.secure,
        samesite="Lax",
    )


def check_origin(world: DeskWorld) -> None:
    """Raise FormRefused unless the browser says that a page of ours sent this request (Fetch Metadata, Origin).

    Every browser that can use a passkey says at least one of them with a form.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise FormRefused("cross_site")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in world.origins:
        raise FormRefused("wrong_origin")
    if site is None and origin is None:
        raise FormRefused("no_origin")


def check_form(session: Session, token: str, *, world: DeskWorld) -> None:
    """Raise FormRefused unless the form is one of this session's, sent from a page of ours."""
    check_origin(world)
    if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), session.csrf.encode()):
        raise FormRefused("wrong_token")


def _cookie(name: str, world: DeskWorld) -> str:
    value = request.cookies.get(_named(name, world), "")
    return value if len(value) <= _MAX_COOKIE else ""


def _named(name: str, world: DeskWorld) -> str:
    """Return a cookie's name; by https with the prefix that no subdomain and no plain connection can set."""
    return f"__Host-{name}" if world.secure else name
