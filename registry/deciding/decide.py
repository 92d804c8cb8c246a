"""A decision about an operator: proposed by one registrar, confirmed by another where it takes two.

Every condition is checked again inside the commit. All decisions about one operator wait there for each other, at the
head of its log, so of two that cannot both be made the second finds the first.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, update

from registry.deciding.guards import check_decision, check_registrar, load_successor
from registry.deciding.hands import check_apart
from registry.deciding.looking import look_at_operator
from registry.deciding.model import Ask, Decision, Proposal, ProposalStatus
from registry.deciding.rules import (
    LEADS_TO,
    acts_at_once,
    check_ask,
    check_proposer,
    check_reason,
    check_second,
    persons_needed,
    status_of_effect,
)
from registry.deciding.store import (
    close_proposal,
    confirm_proposal,
    insert_proposal,
    last_position,
    list_proposals,
    load_proposal,
    overtake_others,
)
from registry.deciding.world import DecidingWorld
from registry.errors import ProposalClosed, TransitionRefused
from registry.lifecycle import Decided, change_state_logged
from registry.model import Operator, StateChange
from registry.operators import load_operator
from registry.steps import Act, Step, log_step
from registry.tables import former_names, mergers, operators
from sigill.encoding.strict_json import Json
from sigill.report.standing import State
from storage.engine import reading
from storage.times import to_ms
from transparency.append import Guard, Write
from transparency.errors import GuardFailed

_NO_NUMBER: Final = -1


def propose(operator_id: str, ask: Ask, *, by: str | None, world: DecidingWorld) -> Proposal:
    """Propose a decision; where it takes one person, or is a suspension, it takes effect at once.

    Raises PersonNeeded, OperatorNotFound, ApplicationInvalid, ReasonRefused, TransitionRefused, EvidenceMissing,
    LikenessOpen, GuardFailed, StoreUnavailable.
    """
    check_ask(ask)
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        operator = load_operator(connection, operator_id)
        concerned = (operator,) if ask.into is None else (operator, load_successor(connection, ask.into))
    _look(operator_id, ask, world)
    draft = Proposal(
        operator_id=operator_id,
        number=_NO_NUMBER,
        ask=ask,
        persons=persons_needed(each.industry for each in concerned),
        based_on=len(operator.history) - 1,
        status=ProposalStatus.OPEN,
        proposed_by=person,
        proposed_at=world.now(),
    )

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)
        _check_unchanged(check_decision(connection, operator_id, ask, world=world, lock=True), operator)
        if any(_is_same(each, ask) for each in list_proposals(connection, operator_id)):
            raise TransitionRefused("this was proposed already: confirm or reject that proposal")

    if acts_at_once(ask.decision, persons=draft.persons):
        number = _take_effect(_Effect(draft, operator, (person,), guard), world)
    else:
        number = _wait(draft, guard, world)
    return _load(operator_id, number, world)


def confirm(operator_id: str, number: int, *, by: str | None, world: DecidingWorld) -> Proposal:
    """Be the second person: the decision takes effect, or a suspension that is in force is confirmed.

    Raises ProposalUnknown, ProposalClosed, SecondPersonNeeded, SameHands, and as `propose`.
    """
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        proposal = load_proposal(connection, operator_id, number)
        _check_confirmer(connection, proposal, person)
        operator = load_operator(connection, operator_id)
    if proposal.status is ProposalStatus.UNCONFIRMED:
        return _confirm_suspension(proposal, person, world)
    _look(operator_id, proposal.ask, world)

    def guard(connection: Connection) -> None:
        _check_confirmer(connection, load_proposal(connection, operator_id, number), person)
        for each in sorted((proposal.proposed_by, person)):
            check_registrar(connection, each, lock=True)
        if last_position(connection, operator_id) != proposal.based_on:
            raise ProposalClosed("the operator's state has changed since this was proposed: propose it anew")
        _check_unchanged(check_decision(connection, operator_id, proposal.ask, world=world, lock=True), operator)

    _take_effect(_Effect(proposal, operator, (proposal.proposed_by, person), guard), world)
    return _load(operator_id, number, world)


def reject(operator_id: str, number: int, *, reason: str, by: str | None, world: DecidingWorld) -> Proposal:
    """Reject another's proposal. A suspension stays in force, for lifting it takes its own persons; it is contested.

    Raises PersonNeeded, ApplicationInvalid, ReasonRefused, ProposalUnknown, ProposalClosed, SecondPersonNeeded.
    """
    check_reason(reason)
    return _close(operator_id, number, ProposalStatus.REJECTED, reason=reason, by=by, world=world)


def withdraw(operator_id: str, number: int, *, by: str | None, world: DecidingWorld) -> Proposal:
    """Take one's own proposal back while it waits. Raises as `reject`."""
    return _close(operator_id, number, ProposalStatus.WITHDRAWN, reason=None, by=by, world=world)


@dataclass(frozen=True, slots=True)
class _Effect:
    """A decision that is made now: by whom, about the operator as it was read, on which condition."""

    proposal: Proposal
    operator: Operator
    persons: tuple[str, ...]
    guard: Guard

    @property
    def by(self) -> str:
        """Return who decided, as everyone may read it."""
        return f"registrar{'s' if len(self.persons) > 1 else ''} {', '.join(self.persons)}"

    def said(self, status: ProposalStatus) -> dict[str, Json]:
        """Return what is public of the decision, beside its reason."""
        ask = self.proposal.ask
        said: dict[str, Json] = {"decision": ask.decision.value}
        if self.proposal.number != _NO_NUMBER:
            said["proposal"] = self.proposal.number
        if ask.into is not None:
            said["into"] = ask.into
        if status is ProposalStatus.UNCONFIRMED:
            said["confirmed"] = False
        return said


def _take_effect(effect: _Effect, world: DecidingWorld) -> int:
    """Make the decision; return the index of its leaf."""
    proposal, ask, at = effect.proposal, effect.proposal.ask, world.now()
    confirmed = proposal.number != _NO_NUMBER
    status = status_of_effect(persons=proposal.persons, confirmed=confirmed)

    def note(connection: Connection, index: int) -> None:
        number = proposal.number if confirmed else index
        position = None if ask.decision is Decision.RENAME else last_position(connection, proposal.operator_id)
        if confirmed:
            second = effect.persons[-1]
            confirm_proposal(connection, proposal.operator_id, number, by=second, at=at, position=position)
        else:
            made = replace(proposal, number=number, status=status, position=position, closed_at=at)
            insert_proposal(connection, made)
        if position is not None:
            overtake_others(connection, proposal.operator_id, but=number, at=at)

    if ask.name is not None:
        said = {"from": effect.operator.name, "to": ask.name, "reason": ask.reason, **effect.said(status)}
        step = Step(act=Act.RENAMED, at=at, by=effect.by, said=said)
        writes = (_rename(effect.operator, ask.name, at), note)
        guards = (effect.guard,)
        return log_step(
            proposal.operator_id, step, log=world.log, random=world.random, guards=guards, writes=writes
        ).index
    decided = Decided(
        act=Act.DECIDED if ask.into is None else Act.MERGED,
        by=effect.by,
        said=effect.said(status),
        guards=(effect.guard,),
        writes=(note,) if ask.into is None else (_merge(proposal.operator_id, ask.into, at), note),
        after_appeal=effect.operator.state is State.REVOKED,
    )
    change = StateChange(state=LEADS_TO[ask.decision], since=at, reason=ask.reason)
    return change_state_logged(proposal.operator_id, change, log=world.log, random=world.random, decided=decided).index


def _rename(operator: Operator, name: str, at: datetime) -> Write:
    def write(connection: Connection, _index: int) -> None:
        former = {"operator_id": operator.id, "until_ms": to_ms(at), "name": operator.name}
        connection.execute(insert(former_names).values(former))
        connection.execute(update(operators).where(operators.c.id == operator.id).values(name=name))

    return write


def _merge(operator_id: str, into: str, at: datetime) -> Write:
    def write(connection: Connection, _index: int) -> None:
        connection.execute(insert(mergers).values(operator_id=operator_id, into_id=into, at_ms=to_ms(at)))

    return write


def _wait(draft: Proposal, guard: Guard, world: DecidingWorld) -> int:
    """Log a proposal that waits for a second person; return its number."""
    ask = draft.ask

    def write(connection: Connection, index: int) -> None:
        insert_proposal(connection, replace(draft, number=index))

    said: dict[str, Json] = {"decision": ask.decision.value, "reason": ask.reason}
    said |= {name: value for name, value in (("name", ask.name), ("into", ask.into)) if value is not None}
    step = Step(act=Act.DECISION_PROPOSED, at=draft.proposed_at, by=f"registrar {draft.proposed_by}", said=said)
    return log_step(draft.operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,)).index


def _confirm_suspension(proposal: Proposal, person: str, world: DecidingWorld) -> Proposal:
    operator_id, number, at = proposal.operator_id, proposal.number, world.now()

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)
        _check_confirmer(connection, load_proposal(connection, operator_id, number), person)

    def write(connection: Connection, _index: int) -> None:
        confirm_proposal(connection, operator_id, number, by=person, at=at, position=proposal.position)

    said = {"decision": proposal.ask.decision.value, "proposal": number}
    step = Step(act=Act.DECISION_CONFIRMED, at=at, by=f"registrar {person}", said=said)
    log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    return _load(operator_id, number, world)


def _close(
    operator_id: str, number: int, status: ProposalStatus, *, reason: str | None, by: str | None, world: DecidingWorld
) -> Proposal:
    check = check_second if status is ProposalStatus.REJECTED else check_proposer
    with reading(world.engine) as connection:
        person = check_registrar(connection, by)
        proposal = load_proposal(connection, operator_id, number)
        check(proposal, person)
    at = world.now()

    def guard(connection: Connection) -> None:
        check_registrar(connection, person, lock=True)
        check(load_proposal(connection, operator_id, number), person)

    def write(connection: Connection, _index: int) -> None:
        close_proposal(connection, operator_id, number, status=status, by=person, reason=reason, at=at)

    act = Act.DECISION_REJECTED if status is ProposalStatus.REJECTED else Act.DECISION_WITHDRAWN
    said: dict[str, Json] = {"decision": proposal.ask.decision.value, "proposal": number}
    if reason is not None:
        said["reason"] = reason
    step = Step(act=act, at=at, by=f"registrar {person}", said=said)
    log_step(operator_id, step, log=world.log, random=world.random, guards=(guard,), writes=(write,))
    return _load(operator_id, number, world)


def _check_confirmer(connection: Connection, proposal: Proposal, person: str) -> None:
    check_second(proposal, person)
    check_apart(connection, person, (proposal.proposed_by,))


def _look(operator_id: str, ask: Ask, world: DecidingWorld) -> None:
    if ask.decision in {Decision.VERIFY, Decision.LIFT, Decision.RENAME}:
        look_at_operator(operator_id, name=ask.name, world=world)


def _check_unchanged(now: Operator, read: Operator) -> None:
    if (now.history, now.name) != (read.history, read.name):
        raise GuardFailed("the operator was changed meanwhile")


def _is_same(proposal: Proposal, ask: Ask) -> bool:
    return proposal.status is ProposalStatus.OPEN and proposal.ask.decision is ask.decision


def _load(operator_id: str, number: int, world: DecidingWorld) -> Proposal:
    with reading(world.engine) as connection:
        return load_proposal(connection, operator_id, number)
