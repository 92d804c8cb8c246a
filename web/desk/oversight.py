"""What a registrar ends of an operator's that is neither its standing nor its evidence: a mandate."""

from typing import Final

from flask import Response

from registry.mandates.model import MandateParty
from registry.mandates.steps import MandateWorld, revoke_mandate, side_of
from registry.mandates.store import load_mandate
from registry.model import Role
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.queue import case
from web.desk.request import DeskRequest

pages: Final = Desk("oversight")


@pages.action("/operators/<string:operator_id>/mandates/revocation", roles={Role.REGISTRAR}, shows=case, recent=True)
def revoke(request: DeskRequest, operator_id: str) -> Response:
    """End a mandate that the operator has given or got: at once, for good."""
    mandate_id, world = request.form["mandate"], request.world
    with reading(world.engine) as connection:
        side_of(load_mandate(connection, mandate_id), operator_id)
    steps = MandateWorld(now=world.now, random=world.random, engine=world.engine, log=world.log)
    revoke_mandate(mandate_id, by=MandateParty.REGISTRAR, who=request.by, world=steps)
    return request.go(f"/operators/{operator_id}", said="mandates.revoked_by_registrar")
