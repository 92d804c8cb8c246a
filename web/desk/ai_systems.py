"""The AI systems of an operator: which there are, one more, and one taken out of use."""

from typing import Final

from flask import Response

from registry.ai_systems import register_ai_system, retire_ai_system
from registry.application import read_ai_system
from registry.model import Role
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("ai_systems")
_BY: Final = "the operator"
_ROLES: Final = frozenset({Role.ADMIN})


@pages.page("/ai-systems", roles=_ROLES, navigation="ai_systems.title")
def ai_systems(request: DeskRequest) -> Response:
    """List the operator's AI systems, those out of use last."""
    ordered = sorted(request.own_operator().ai_systems, key=lambda each: (not each.active, each.name))
    return request.render("desk/ai_systems.html", systems=ordered)


@pages.action("/ai-systems/new", roles=_ROLES, shows=ai_systems, recent=True)
def add(request: DeskRequest) -> Response:
    """Register one more."""
    form, world = request.form, request.world
    system = read_ai_system(
        ref=form["system"].strip(),
        name=form["name"].strip(),
        provider=form["provider"].strip() or None,
        model=form["model"].strip() or None,
    )
    register_ai_system(request.own_operator().id, system, by=_BY, at=world.now(), log=world.log, random=world.random)
    return request.go("/ai-systems", said="ai_systems.added")


@pages.action("/ai-systems/end", roles=_ROLES, shows=ai_systems, recent=True)
def end(request: DeskRequest) -> Response:
    """Take one out of use, for good."""
    world = request.world
    retire_ai_system(
        request.own_operator().id, request.form["system"], by=_BY, at=world.now(), log=world.log, random=world.random
    )
    return request.go("/ai-systems", said="ai_systems.ended")
