"""The steps of a mandate: given, accepted, ended. Each is committed with its leaf in the principal's log.

That log alone orders them, and holds the seals made under the mandate too: whoever reads it sees that none comes
before the acceptance or after the end. The mandatary's log is to hold the same steps (but no offer: nobody writes into
another's history unasked). It is another log, so a notice committed with the step says what is still to be told
there; `tell_notices` does it at once, and again in the worker where it was cut short.

    given     the principal's administrator            the principal's log
    accepted  the mandatary's administrator            both
    revoked   either's administrator, or a registrar   both, if it had been accepted
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select

from registry.errors import ApplicationInvalid, MandateClosed, MandateUnknown
from registry.ids import ID_BYTES
from registry.mandates.model import Mandate, MandateParty, Terms
from registry.mandates.rules import check_parties, is_open, read_terms
from registry.mandates.store import (
    list_mandates,
    load_mandate,
    make_mandate_id,
    note_accepted,
    note_revoked,
    save_mandate,
)
from registry.model import Operator
from registry.operators import load_operator
from registry.steps import Act, Step, log_step
from registry.tables import mandate_notices
from sigill.encoding.strict_json import Json
from storage.engine import reading
from storage.times import from_ms, to_ms
from transparency.append import Guard, Write
from transparency.errors import GuardFailed
from transparency.log import TransparencyLog

MAX_OPEN: Final = 500
_OPERATOR: Final = "the operator"
_BY: Final = {
    MandateParty.PRINCIPAL: (_OPERATOR, "the principal"),
    MandateParty.MANDATARY: ("the mandatary", _OPERATOR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateWorld:
    """What the steps of mandates need of the outside."""

    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    engine: Engine
    log: TransparencyLog


def give_mandate(principal: Operator, mandatary_id: str, terms: Terms, *, world: MandateWorld) -> Mandate:
    """Offer another operator a mandate; it is of no use before that one accepts it.

    Raises OperatorNotFound, ApplicationInvalid, LogUnknown, StoreUnavailable.
    """
    at = world.now().replace(microsecond=0)
    with reading(world.engine) as connection:
        mandatary = load_operator(connection, mandatary_id)
    check_parties(principal, mandatary)
    mandate = Mandate(
        id=make_mandate_id(world.random(ID_BYTES)),
        principal_id=principal.id,
        mandatary_id=mandatary.id,
        terms=read_terms(terms, at=at),
        given_at=at,
    )

    def write(connection: Connection, _index: int) -> None:
        check_parties(load_operator(connection, principal.id), load_operator(connection, mandatary.id))
        given = (each for each in list_mandates(connection, operator_id=principal.id) if is_open(each, at))
        if sum(each.principal_id == principal.id for each in given) >= MAX_OPEN:
            raise ApplicationInvalid(f"{MAX_OPEN} mandates are open already: revoke one first")
        save_mandate(connection, mandate)

    said = {"mandate": mandate.id, "to": mandatary.id, **_format_terms(mandate.terms)}
    step = Step(act=Act.MANDATE_GIVEN, at=at, by=_OPERATOR, said=said)
    log_step(principal.id, step, log=world.log, random=world.random, writes=(write,))
    return mandate


def accept_mandate(mandate_id: str, *, mandatary_id: str, world: MandateWorld) -> Mandate:
    """Accept a mandate that was offered to an operator; one that it accepted before stays as it is.

    Raises MandateUnknown, MandateClosed, ApplicationInvalid (the environments differ by now), StoreUnavailable.
    """
    at = world.now().replace(microsecond=0)
    mandate = _load(mandate_id, world)
    if mandate.mandatary_id != mandatary_id:
        raise MandateUnknown("there is no such mandate for you to accept")
    if mandate.accepted_at is None:
        said: dict[str, Json] = {"mandate": mandate.id, "to": mandate.mandatary_id}
        step = Step(act=Act.MANDATE_ACCEPTED, at=at, by="the mandatary", said=said)
        _commit(mandate, step, _acceptance(mandate, at), world)
    elif not is_open(mandate, at):
        raise MandateClosed("this mandate has ended")
    return _load(mandate_id, world)


def revoke_mandate(mandate_id: str, *, by: MandateParty, who: str, world: MandateWorld) -> Mandate:
    """End a mandate, or an offer, at once and for good; one that was ended before stays as it is.

    `who` is the operator's id or, for a registrar, its name in the public history. Raises MandateUnknown,
    StoreUnavailable.
    """
    at = world.now().replace(microsecond=0)
    mandate = _load(mandate_id, world)
    if by is not MandateParty.REGISTRAR and who != _party(mandate, by):
        raise MandateUnknown("there is no such mandate of yours")
    if mandate.revoked_at is None:
        said: dict[str, Json] = {"mandate": mandate.id, "to": mandate.mandatary_id}
        in_principals, in_mandatarys = _BY.get(by, (who, who))
        step = Step(act=Act.MANDATE_REVOKED, at=at, by=in_principals, said=said)
        _commit(mandate, step, _revocation(mandate, at, by, in_mandatarys), world)
    return _load(mandate_id, world)


def side_of(mandate: Mandate, operator_id: str) -> MandateParty:
    """Return which party of a mandate an operator is. Raises MandateUnknown for one that is neither."""
    for party in (MandateParty.PRINCIPAL, MandateParty.MANDATARY):
        if _party(mandate, party) == operator_id:
            return party
    raise MandateUnknown("there is no such mandate of yours")


def tell_notices(world: MandateWorld, *, limit: int = 100) -> int:
    """Write what is still to be told into the mandataries' logs, the oldest first; return how many steps were."""
    with reading(world.engine) as connection:
        rows = connection.execute(select(mandate_notices).order_by(mandate_notices.c.at_ms).limit(limit)).all()
        found = [(row, load_mandate(connection, row.mandate_id)) for row in rows]
    told = 0
    for row, mandate in found:
        said: dict[str, Json] = {"mandate": mandate.id, "for": mandate.principal_id}
        step = Step(act=Act(row.act), at=from_ms(row.at_ms), by=row.by, said=said)
        waits, done = _still_to_tell(mandate.id, step.act)
        try:
            log_step(mandate.mandatary_id, step, log=world.log, random=world.random, guards=(waits,), writes=(done,))
        except GuardFailed:  # another process told it
            continue
        told += 1
    return told


def _commit(mandate: Mandate, step: Step, write: Write, world: MandateWorld) -> None:
    """Take a step in the principal's log; then tell the mandatary's. What was not told is told by the worker."""
    try:
        log_step(mandate.principal_id, step, log=world.log, random=world.random, writes=(write,))
    except GuardFailed:  # somebody else was faster: what is there now is the answer
        return
    tell_notices(world)


def _acceptance(mandate: Mandate, at: datetime) -> Write:
    def write(connection: Connection, _index: int) -> None:
        current = load_mandate(connection, mandate.id)
        if not is_open(current, at):
            raise MandateClosed("this mandate has ended")
        if current.accepted_at is not None:
            raise GuardFailed("it was accepted meanwhile")
        check_parties(load_operator(connection, mandate.principal_id), load_operator(connection, mandate.mandatary_id))
        note_accepted(connection, mandate.id, at=at)
        _save_notice(connection, mandate, Act.MANDATE_ACCEPTED, at=at, by=_OPERATOR)

    return write


def _revocation(mandate: Mandate, at: datetime, by: MandateParty, in_mandatarys: str) -> Write:
    def write(connection: Connection, _index: int) -> None:
        current = load_mandate(connection, mandate.id)
        if current.revoked_at is not None:
            raise GuardFailed("it was revoked meanwhile")
        note_revoked(connection, mandate.id, at=at, by=by)
        if current.accepted_at is not None:
            _save_notice(connection, mandate, Act.MANDATE_REVOKED, at=at, by=in_mandatarys)

    return write


def _save_notice(connection: Connection, mandate: Mandate, act: Act, *, at: datetime, by: str) -> None:
    row = {"mandate_id": mandate.id, "act": act.value, "at_ms": to_ms(at), "by": by}
    connection.execute(insert(mandate_notices).values(row))


def _still_to_tell(mandate_id: str, act: Act) -> tuple[Guard, Write]:
    same = (mandate_notices.c.mandate_id == mandate_id) & (mandate_notices.c.act == act.value)

    def waits(connection: Connection) -> None:
        if connection.execute(select(mandate_notices.c.act).where(same)).first() is None:
            raise GuardFailed("it was told meanwhile")

    def done(connection: Connection, _index: int) -> None:
        connection.execute(delete(mandate_notices).where(same))

    return waits, done


def _load(mandate_id: str, world: MandateWorld) -> Mandate:
    with reading(world.engine) as connection:
        return load_mandate(connection, mandate_id)


def _party(mandate: Mandate, party: MandateParty) -> str:
    return mandate.principal_id if party is MandateParty.PRINCIPAL else mandate.mandatary_id


def _format_terms(terms: Terms) -> dict[str, Json]:
    said: dict[str, Json] = {
        "channels": [word.value for word in terms.channels],
        "enquiries": "all" if terms.enquiries is None else [word.value for word in terms.enquiries],
        "purposes": [word.value for word in terms.purposes],
        "from": f"{terms.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{terms.valid_until:%Y-%m-%dT%H:%M:%SZ}",
    }
    return said if terms.daily_messages is None else said | {"daily_messages": terms.daily_messages}
