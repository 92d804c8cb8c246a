"""Where an operator stands: what is shown of it, what is missing, its domains, and the checks its people ask for."""

from typing import Final

from flask import Response

from registry.applying.checking import check_operators_domain, check_operators_registers
from registry.applying.domains import list_domains, name_domain
from registry.applying.kept_checks import list_checks, proven_domains
from registry.assurance import attained_level
from registry.checks.needed import missing_evidence
from registry.model import Role
from registry.operators import load_operator
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("standing")
_ADMIN: Final = frozenset({Role.ADMIN})
_SHOWN: Final = 30


@pages.page("/standing", roles=_ADMIN, navigation="standing.title")
def standing(request: DeskRequest) -> Response:
    """Show where the operator of whoever asks stands."""
    whose, at = request.own_operator().id, request.world.now()
    with reading(request.world.engine) as connection:
        operator = load_operator(connection, whose)
        made = list_checks(connection, whose, limit=_SHOWN)
        challenges = list_domains(connection, whose)
        proven = proven_domains(connection, whose, at=at)
    return request.render(
        "desk/standing.html",
        operator=operator,
        level=int(attained_level(operator.evidence, at=at)),
        missing=missing_evidence(operator, made, at=at),
        challenges=challenges,
        proven=proven,
        checks=made,
    )


@pages.action("/standing/domains", roles=_ADMIN, shows=standing)
def add_domain(request: DeskRequest) -> Response:
    """Name a domain; the page then says what to publish for it."""
    name_domain(request.own_operator().id, request.form["domain"], world=request.world.applying)
    return request.go("/standing", said="standing.named")


@pages.action("/standing/domains/check", roles=_ADMIN, shows=standing)
def check_domain(request: DeskRequest) -> Response:
    """Check a domain now."""
    check_operators_domain(request.own_operator().id, request.form["checked"], world=request.world.applying)
    return request.go("/standing", said="standing.checked")


@pages.action("/standing/registers", roles=_ADMIN, shows=standing)
def ask_registers(request: DeskRequest) -> Response:
    """Have the registers asked now."""
    check_operators_registers(request.own_operator().id, world=request.world.applying)
    return request.go("/standing", said="standing.checked")
