"""An operator's own standing, and its appeal against a decision."""

from typing import Final

from flask import Response

from registry.deciding.appealing import appeal
from registry.deciding.appeals import appealable, list_appeals
from registry.errors import AppealRefused
from registry.model import Role
from registry.operators import load_operator
from registry.steps import list_newest_steps
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("appeal")
_ADMINS: Final = frozenset({Role.ADMIN})
_STEPS: Final = 50


@pages.page("/appeal", roles=_ADMINS, navigation="appeal.title")
def standing(request: DeskRequest) -> Response:
    """Show where the operator stands, why, and the way to appeal where there is one."""
    own = request.own_operator().id
    with reading(request.world.engine) as connection:
        operator = load_operator(connection, own)
        try:
            appealable(connection, operator)
            can_appeal = True
        except AppealRefused:
            can_appeal = False
        made, steps = list_appeals(connection, own), list_newest_steps(connection, own, limit=_STEPS)
    return request.render(
        "desk/appeal.html",
        operator=operator,
        missing=request.world.deciding.missing(operator),
        can_appeal=can_appeal,
        appeals=made,
        steps=steps,
    )


@pages.action("/appeal/appeal", roles=_ADMINS, shows=standing, recent=True)
def make(request: DeskRequest) -> Response:
    """Appeal."""
    appeal(request.own_operator().id, reason=request.form["reason"], world=request.world.deciding)
    return request.go("/appeal", said="appeal.made")
