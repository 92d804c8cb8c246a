"""Looking for whom an operator could be taken for; each finding is a step, and waits for a registrar."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from registry.deciding.alike import close_likeness, insert_likeness, load_likeness, names_of, new_hits
from registry.deciding.guards import check_registrar
from registry.deciding.model import FoundLikeness, Hit, LikenessStatus, NameKind
from registry.deciding.rules import check_reason
from registry.deciding.world import DecidingWorld
from registry.model import Environment
from registry.operators import load_operator
from registry.steps import Act, Step, log_step
from sigill.encoding.strict_json import Json
from storage.engine import reading
from transparency.errors import GuardFailed

_BY: Final = "look-alike guard"


def look_at_operator(operator_id: str, *, name: str | None = None, world: DecidingWorld) -> tuple[FoundLikeness, ...]:
    """Look for whom an operator could be taken for by its name and domain, or by the `name` it wants.

    To be called when it has applied, and again before it is verified or renamed: only what is new is noted. Raises
    OperatorNotFound, LogUnknown, StoreUnavailable.
    """
    with reading(world.engine) as connection:
        operator = load_operator(connection, operator_id)
    if operator.environment is Environment.TEST:
        return ()
    return note_likenesses(operator_id, names_of(operator, name=name), world=world)


def note_likenesses(
    operator_id: str, names: Iterable[tuple[NameKind, str]], *, world: DecidingWorld
) -> tuple[FoundLikeness, ...]:
    """Compare names of an operator with those that are known; return what was found that was not noted before."""
    found = []
    for kind, name in names:
        with reading(world.engine) as connection:
            hits = new_hits(connection, operator_id, kind, name)
        if hits:
            with suppress(GuardFailed):  # somebody else has just noted the same
                found.append(_note(operator_id, kind, name, hits, world))
    return tuple(found)


def settle_likeness(
    operator_id: str, number: int, *, accepted: bool, reason: str, by: str | None, world: DecidingWorld
) -> FoundLikeness:
    """Accept or refuse a likeness. A name that was refused is never let in for this operator.

    Raises ApplicationInvalid, ReasonRefused, PersonNeeded, LikenessUnknown, LikenessClosed, StoreUnavailable.
    """
    check_reason(reason)
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        found = load_likeness(connection, operator_id, number)
    at = world.now()

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)

    def write(connection: Connection, _index: int) -> None:
        close_likeness(connection, operator_id, number, accepted=accepted, by=person, reason=reason, at=at)

    step = Step(
        act=Act.LIKENESS_ACCEPTED if accepted else Act.LIKENESS_REFUSED,
        at=at,
        by=f"registrar {person}",
        said={"name": found.name, "likeness": number, "reason": reason},
    )
    log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    with reading(world.engine) as connection:
        return load_likeness(connection, operator_id, number)


def _note(operator_id: str, kind: NameKind, name: str, hits: tuple[Hit, ...], world: DecidingWorld) -> FoundLikeness:
    at = world.now()
    found = FoundLikeness(
        operator_id=operator_id,
        number=-1,
        kind=kind,
        name=name,
        hits=hits,
        status=LikenessStatus.OPEN,
        found_at=at,
    )

    def guard(connection: Connection) -> None:
        if new_hits(connection, operator_id, kind, name) != hits:
            raise GuardFailed("the names that are known have changed")

    def write(connection: Connection, index: int) -> None:
        insert_likeness(connection, replace(found, number=index))

    step = Step(act=Act.LIKENESS_FOUND, at=at, by=_BY, said=_describe(found))
    done = log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    return replace(found, number=done.index)


def _describe(found: FoundLikeness) -> dict[str, Json]:
    resembles: list[Json] = [
        {"operator": hit.operator, "name": hit.known, "likeness": hit.likeness.value} for hit in found.hits
    ]
    return {"kind": found.kind.value, "name": found.name, "resembles": resembles}
