"""An operator's appeal, and its answer by a registrar who did not make the decision. Both are steps.

An upheld appeal changes nothing by itself: what follows (lifting, verifying) is decided with its own persons.
"""

from typing import Final

from sqlalchemy import Connection

from registry.deciding.appeals import appealable, close_appeal, deciders, insert_appeal, load_appeal
from registry.deciding.guards import check_registrar
from registry.deciding.hands import check_apart
from registry.deciding.model import Appeal, AppealStatus
from registry.deciding.rules import check_reason
from registry.deciding.world import DecidingWorld
from registry.errors import SecondPersonNeeded
from registry.operators import load_operator
from registry.steps import Act, Step, log_step
from storage.engine import reading
from transparency.errors import GuardFailed

_BY: Final = "the operator"


def appeal(operator_id: str, *, reason: str, world: DecidingWorld) -> Appeal:
    """Appeal against the operator's suspension, revocation or rejected verification, as it stands now.

    Raises ApplicationInvalid, ReasonRefused, OperatorNotFound, AppealRefused, GuardFailed, StoreUnavailable.
    """
    check_reason(reason)
    with reading(world.engine) as connection:
        about = appealable(connection, load_operator(connection, operator_id))
    at = world.now()

    def guard(connection: Connection) -> None:
        if appealable(connection, load_operator(connection, operator_id)) != about:
            raise GuardFailed("the operator was changed meanwhile")

    def write(connection: Connection, index: int) -> None:
        made = Appeal(
            operator_id=operator_id, number=index, about=about, reason=reason, made_at=at, status=AppealStatus.OPEN
        )
        insert_appeal(connection, made)

    step = Step(act=Act.APPEAL_MADE, at=at, by=_BY, said={"about": about, "reason": reason})
    done = log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    with reading(world.engine) as connection:
        return load_appeal(connection, operator_id, done.index)


def answer_appeal(
    operator_id: str, number: int, *, upheld: bool, answer: str, by: str | None, world: DecidingWorld
) -> Appeal:
    """Answer an appeal, once. Raises as `appeal`, and PersonNeeded, AppealUnknown, SecondPersonNeeded, SameHands."""
    check_reason(answer, what="answer")
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        made = load_appeal(connection, operator_id, number)
    at = world.now()

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)
        decided = deciders(connection, made)
        if person in decided:
            raise SecondPersonNeeded("you made this decision: another registrar answers the appeal")
        check_apart(connection, person, decided)

    def write(connection: Connection, _index: int) -> None:
        close_appeal(connection, made, upheld=upheld, by=person, answer=answer, at=at)

    step = Step(
        act=Act.APPEAL_ANSWERED,
        at=at,
        by=f"registrar {person}",
        said={"about": made.about, "appeal": number, "upheld": upheld, "answer": answer},
    )
    log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    with reading(world.engine) as connection:
        return load_appeal(connection, operator_id, number)
