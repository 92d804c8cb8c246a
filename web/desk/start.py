"""The first page of the desk: who you are here, and what you can do."""

from typing import Final

from flask import Response

from web.desk.parts import EVERYONE, Desk
from web.desk.request import DeskRequest

pages: Final = Desk("start")


@pages.page("", roles=EVERYONE, navigation="frame.start")
def start(request: DeskRequest) -> Response:
    """Greet whoever is signed in, with the pages that are for them."""
    return request.render("desk/start.html")
