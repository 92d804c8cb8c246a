"""Pages of the desk that say one thing: not for you, not here, or something went wrong."""

from flask import Response

from registry.people.sessions import Session
from web.desk.frame import render_desk
from web.desk.request import Fault
from web.desk.surroundings import frame_of_request, words_of_request
from web.desk.world import DeskWorld


def notice(
    world: DeskWorld,
    status: int,
    title: str,
    text: str | None,
    *,
    session: Session | None = None,
    fault: Fault | None = None,
) -> Response:
    """Return a page with a title and one sentence, by their keys, or with what `fault` says."""
    words = words_of_request()
    return render_desk(
        "desk/notice.html",
        frame=frame_of_request(world, session),
        words=words,
        status=status,
        title=words.label(title),
        text=None if text is None else words.label(text),
        fault=fault,
    )
