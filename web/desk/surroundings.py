"""What surrounds every page of the desk, read from the request: the language, the menu, and what was just done."""

from typing import Final
from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from registry.people.sessions import Session
from web.desk.frame import LANGUAGE_COOKIE, SAID_COOKIE, DeskFrame, NavigationLink
from web.desk.words import DeskWords, choose_desk_language, desk_words
from web.desk.world import DeskWorld

ROUTES: Final = "sigill-desk"
"""Where the app keeps the routes of the desk, in the order of the menu."""


def words_of_request() -> DeskWords:
    """Return the words of the language asked for in the address, else chosen before, else the browser's."""
    try:
        asked = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    except HTTPException:
        asked = None
    return desk_words(choose_desk_language(request.headers.get("Accept-Language"), explicit=asked))


def frame_of_request(world: DeskWorld, session: Session | None, *, house: str = "") -> DeskFrame:
    """Return what stands around the page; `house` is whom the person acts for, empty for the guarantor."""
    words = words_of_request()
    said = request.cookies.get(SAID_COOKIE)
    return DeskFrame(
        language=words.language,
        issuer=world.issuer.removeprefix("https://"),
        demonstration=world.demonstration,
        person=None if session is None else session.person,
        house=house,
        links=() if session is None else _links(session, words),
        said=words.label(said) if said is not None and words.has(said) else None,
        csrf="" if session is None else session.csrf,
    )


def _links(session: Session, words: DeskWords) -> tuple[NavigationLink, ...]:
    here = urlsplit(request.path).path
    shown = [
        (f"/desk{route.path}", route.navigation)
        for route in current_app.extensions[ROUTES]
        if route.navigation is not None and session.person.role in route.roles
    ]
    inside = [path for path, _ in shown if here == path or (here.startswith(f"{path}/") and path != "/desk")]
    nearest = max(inside, key=len, default=None)
    return tuple(NavigationLink(path, words.label(key), path == nearest) for path, key in shown)
