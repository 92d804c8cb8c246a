"""The conditions of a decision, read from the database: before it is proposed, and again inside its commit."""

from typing import Final

from sqlalchemy import Connection, func, select

from registry.deciding.alike import names_of, new_hits, unaccepted
from registry.deciding.appeals import is_upheld
from registry.deciding.model import Ask, Decision
from registry.deciding.rules import NEED_EVIDENCE, check_names, check_state, check_successor
from registry.deciding.world import DecidingWorld
from registry.errors import ApplicationInvalid, EvidenceMissing, OperatorNotFound, PersonNeeded
from registry.model import Operator, Role
from registry.operators import load_operator
from registry.tables import operators, people

_NEED_NAMES: Final = NEED_EVIDENCE | {Decision.RENAME}
_NAMES_LOCK: Final = 0x5349_4E41_4D45_5300
"""PostgreSQL's advisory lock of whoever lets a name in; the number is of no meaning to anybody else."""


def check_registrar(connection: Connection, person: str | None, *, lock: bool = False) -> str:
    """Return the id of the registrar who decides. Raises PersonNeeded for anybody else.

    With `lock` (in a writing transaction) the person cannot cease to be one before the commit.
    """
    if person is None:
        raise PersonNeeded("this key belongs to no person: decisions are made by a registrar, with a key of her own")
    query = select(people.c.role, people.c.operator_id, people.c.ended_at_ms).where(people.c.id == person)
    row = connection.execute(query.with_for_update(read=True) if lock else query).first()
    if row is None or row.role != Role.REGISTRAR.value or row.operator_id is not None or row.ended_at_ms is not None:
        raise PersonNeeded("the person this key belongs to is no registrar, or is one no longer")
    return person


def check_decision(
    connection: Connection, operator_id: str, ask: Ask, *, world: DecidingWorld, lock: bool = False
) -> Operator:
    """Return the operator, if what is asked can be decided about it as it stands.

    With `lock` (in a writing transaction) no other name is let in between this look at them and the commit. Raises
    OperatorNotFound, TransitionRefused, ApplicationInvalid (there is no such successor), EvidenceMissing, LikenessOpen.
    """
    if lock and ask.decision in _NEED_NAMES:
        _lock_names(connection)
    operator = load_operator(connection, operator_id)
    check_state(ask, operator, appeal_upheld=is_upheld(connection, operator))
    if ask.decision in NEED_EVIDENCE and (missing := world.missing(operator)):
        raise EvidenceMissing(missing)
    if ask.decision in _NEED_NAMES:
        _check_likenesses(connection, operator, ask)
    if ask.into is not None:
        check_successor(operator, load_successor(connection, ask.into, lock=lock))
    return operator


def load_successor(connection: Connection, into: str, *, lock: bool = False) -> Operator:
    """Return the operator that another is to go over into. Raises ApplicationInvalid.

    With `lock` it cannot change before the commit: a change of it counts its row's revision up.
    """
    if lock and "\x00" not in into:
        connection.execute(select(operators.c.id).where(operators.c.id == into).with_for_update(read=True))
    try:
        return load_operator(connection, into)
    except OperatorNotFound:
        raise ApplicationInvalid("into names no operator") from None


def _lock_names(connection: Connection) -> None:
    """Let one name in at a time: two that are alike stand in two logs, and would not wait for each other.

    SQLite has one writer. On PostgreSQL what is read after this sees what was committed before it (READ COMMITTED).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_NAMES_LOCK)))


def _check_likenesses(connection: Connection, operator: Operator, ask: Ask) -> None:
    """Raise LikenessOpen for a likeness that nobody accepted, and for one that came about since it was looked for."""
    names = names_of(operator, name=ask.name)
    fresh = (name for kind, name in names if new_hits(connection, operator.id, kind, name))
    check_names((*unaccepted(connection, operator.id, names), *fresh))
