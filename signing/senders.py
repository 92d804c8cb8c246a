"""In whose name a message is sealed: the caller's own operator, or another one that gave it a mandate."""

from dataclasses import dataclass

from registry.mandates.acting import Acting
from registry.model import Operator
from registry.operators import check_may_seal, load_operator
from signing.errors import RequestInvalid
from signing.world import SigningWorld
from storage.engine import reading


@dataclass(frozen=True, slots=True, eq=False)
class Sender:
    """The operator of the seals, and (None: itself) who seals for it."""

    operator: Operator
    acting: Acting | None = None

    @property
    def revisions(self) -> tuple[int, ...]:
        """Return what tells an older value of the same sender from a newer one."""
        return (self.operator.revision,) if self.acting is None else self.acting.revisions

    def check_may_seal(self) -> None:
        """Raise OperatorNotVerified or OperatorSuspended unless the operator, and who acts for it, stand verified."""
        if self.acting is not None:
            check_may_seal(self.acting.mandatary)
        check_may_seal(self.operator)


def find_sender(caller: Operator, on_behalf_of: str | None, *, world: SigningWorld) -> Sender:
    """Return in whose name the caller's message is sealed. Raises MandateMissing, RequestInvalid."""
    if on_behalf_of is None:
        return Sender(caller)
    if on_behalf_of == caller.id:
        raise RequestInvalid("/on_behalf_of", "this is your own operator: leave it out")
    acting = world.actings.find(world.engine, caller, on_behalf_of)
    return Sender(acting.principal, acting)


def find_anew(sender: Sender, *, world: SigningWorld) -> Sender:
    """Return the same sender as it stands now. Raises OperatorNotFound, MandateMissing."""
    if sender.acting is not None:
        acting = world.actings.find_anew(world.engine, sender.acting)
        return Sender(acting.principal, acting)
    with reading(world.engine) as connection:
        return Sender(load_operator(connection, sender.operator.id))
