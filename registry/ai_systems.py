"""An operator's AI systems come and go by logged steps: the one way in, for its administrator and for the guarantor.

A system that ended stays in the register, named and out of use: old seals name it.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from registry.errors import AiSystemNotFound
from registry.model import AiSystem
from registry.operators import add_ai_system, end_ai_system, load_operator
from registry.steps import Act, Step, log_step
from transparency.append import Appended
from transparency.log import TransparencyLog


def register_ai_system(
    operator_id: str, system: AiSystem, *, by: str, at: datetime, log: TransparencyLog, random: Callable[[int], bytes]
) -> Appended:
    """Register one more AI system of an operator.

    Raises OperatorNotFound, ApplicationInvalid (its ref or name is taken, or there are too many), StoreUnavailable.
    """

    def write(connection: Connection, _index: int) -> None:
        add_ai_system(connection, operator_id, system, at=at)

    said = {"system": system.ref, "name": system.name}
    said |= {name: text for name, text in (("provider", system.provider), ("model", system.model)) if text is not None}
    step = Step(act=Act.AI_SYSTEM_ADDED, at=at, by=by, said=said)
    return log_step(operator_id, step, log=log, random=random, writes=(write,))


def retire_ai_system(
    operator_id: str, ref: str, *, by: str, at: datetime, log: TransparencyLog, random: Callable[[int], bytes]
) -> None:
    """Take an AI system out of use, for good: from then on no seal names it.

    Raises OperatorNotFound, AiSystemNotFound, StoreUnavailable.
    """

    def write(connection: Connection, _index: int) -> None:
        if not any(each.ref == ref and each.active for each in load_operator(connection, operator_id).ai_systems):
            raise AiSystemNotFound("no AI system of this name is in use")
        end_ai_system(connection, operator_id, ref)

    step = Step(act=Act.AI_SYSTEM_ENDED, at=at, by=by, said={"system": ref})
    log_step(operator_id, step, log=log, random=random, writes=(write,))
