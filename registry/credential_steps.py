"""Changes of who may act for whom, each logged: in the operator's own log, or the guarantor's for those of no operator.

What is said of a client or an API key is its id, role, AI system and the names of its keys; never what people call it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from registry.steps import Act, Step, log_step
from sigill.encoding.strict_json import Json
from sigill.report.trust import GUARANTOR
from transparency.log import TransparencyLog

BY_OPERATOR: Final = "the operator"
BY_GUARANTOR: Final = "the guarantor"


class Unchanged(Exception):
    """Raised by a change that finds nothing to do: then nothing is logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationWorld:
    """What registering needs of the outside; `random(n)` is a CSPRNG, `guarantor_origin` the origin of its own log.

    `by` is who does it, as everyone may read it in the history.
    """

    issuer: str
    engine: Engine
    log: TransparencyLog
    guarantor_origin: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    by: str = BY_OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is done, when, and what is said of it; `write` does it, and may raise Unchanged."""

    act: Act
    at: datetime
    said: Mapping[str, Json]
    write: Callable[[Connection], None]


def take_step(operator_id: str | None, change: Change, *, world: RegistrationWorld) -> bool:
    """Make a change and log it, together or not at all; return whether there was anything to do.

    Raises what `change.write` raises, LogUnknown, StoreUnavailable.
    """
    if operator_id is None:
        world.log.create_log(GUARANTOR, world.guarantor_origin)

    def write(connection: Connection, _index: int) -> None:
        change.write(connection)

    step = Step(act=change.act, at=change.at, by=world.by, said=change.said)
    try:
        log_step(operator_id or GUARANTOR, step, log=world.log, random=world.random, writes=(write,))
    except Unchanged:
        return False
    return True
