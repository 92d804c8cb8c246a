"""Who and what each decision takes. Pure: no database, no clock.

| decision | from | to | supervised: persons | others | needs |
|---|---|---|---|---|---|
| verify | applied | verified | 2 | 1 | all evidence, no open likeness |
| suspend | verified | suspended | 1 at once, a second within 72 hours | 1 | |
| lift | suspended, or revoked after an upheld appeal | verified | 2 | 1 | all evidence, no open likeness |
| revoke | applied, verified, suspended | revoked | 2 | 1 | |
| rename | applied, verified, suspended | the same | 2 | 1 | no open likeness of the new name |
| merge | verified, suspended | revoked | 2 (either is supervised) | 1 | the other one is verified |
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from registry.application import MAX_REASON, check_text
from registry.deciding.model import Ask, Decision, Proposal, ProposalStatus
from registry.errors import (
    ApplicationInvalid,
    LikenessOpen,
    ProposalClosed,
    ReasonRefused,
    SecondPersonNeeded,
    TransitionRefused,
)
from registry.model import Operator
from sigill.report.standing import State
from sigill.text.personal import looks_personal
from sigill.vocabulary import Industry

SUPERVISED: Final = frozenset({Industry.BANK, Industry.INSURANCE, Industry.PUBLIC, Industry.HEALTHCARE})
NEED_EVIDENCE: Final = frozenset({Decision.VERIFY, Decision.LIFT})
_EVERY: Final = frozenset({State.APPLIED, State.VERIFIED, State.SUSPENDED})
_FROM: Final[Mapping[Decision, frozenset[State]]] = {
    Decision.VERIFY: frozenset({State.APPLIED}),
    Decision.SUSPEND: frozenset({State.VERIFIED}),
    Decision.LIFT: frozenset({State.SUSPENDED}),
    Decision.REVOKE: _EVERY,
    Decision.RENAME: _EVERY,
    Decision.MERGE: frozenset({State.VERIFIED, State.SUSPENDED}),
}
LEADS_TO: Final[Mapping[Decision, State]] = {
    Decision.VERIFY: State.VERIFIED,
    Decision.SUSPEND: State.SUSPENDED,
    Decision.LIFT: State.VERIFIED,
    Decision.REVOKE: State.REVOKED,
    Decision.MERGE: State.REVOKED,
}
"""The state after each decision; a new name leaves it as it is."""


def check_ask(ask: Ask) -> Ask:
    """Return what is asked for, if it can be asked at all. Raises ApplicationInvalid, ReasonRefused."""
    check_reason(ask.reason)
    for member, value, decision in (("name", ask.name, Decision.RENAME), ("into", ask.into, Decision.MERGE)):
        if (value is not None) is not (ask.decision is decision):
            raise ApplicationInvalid(f"{member} belongs to the decision {decision}, and to no other")
    if ask.name is not None:
        return replace(ask, name=check_text("name", ask.name))
    return ask


def check_reason(text: str, *, what: str = "reason") -> str:
    """Return a text that may stand in public for ever. Raises ApplicationInvalid, ReasonRefused."""
    check_text(what, text, at_most=MAX_REASON)
    if looks_personal(text):
        raise ReasonRefused(f"{what} is public and stays for ever: no e-mail address, phone number or personal number")
    return text


def persons_needed(industries: Iterable[Industry]) -> int:
    """Return how many persons a decision about operators of these industries takes."""
    return 1 if SUPERVISED.isdisjoint(industries) else 2


def acts_at_once(decision: Decision, *, persons: int) -> bool:
    """Tell whether the decision takes effect when it is proposed; a suspension always does, since it is in a hurry."""
    return persons == 1 or decision is Decision.SUSPEND


def status_of_effect(*, persons: int, confirmed: bool) -> ProposalStatus:
    """Return where a proposal stands once it has taken effect."""
    return ProposalStatus.DONE if confirmed or persons == 1 else ProposalStatus.UNCONFIRMED


def check_state(ask: Ask, operator: Operator, *, appeal_upheld: bool) -> None:
    """Raise TransitionRefused unless the decision is possible for the operator as it stands."""
    possible = _FROM[ask.decision]
    if ask.decision is Decision.LIFT and appeal_upheld and operator.successor is None:
        possible |= {State.REVOKED}
    if operator.state not in possible:
        raise TransitionRefused(f"an operator that is {operator.state} cannot be decided on: {ask.decision}")
    if ask.name is not None and ask.name == operator.name:
        raise TransitionRefused("the operator is called that already")


def check_successor(operator: Operator, into: Operator) -> None:
    """Raise TransitionRefused unless an operator may go over into another one."""
    if into.id == operator.id or into.state is not State.VERIFIED or into.environment is not operator.environment:
        raise TransitionRefused("an operator goes over into another one that is verified, in the same environment")


def check_names(unaccepted: Iterable[str]) -> None:
    """Raise LikenessOpen if any of the names concerned resembles another's and nobody accepted that."""
    names = ", ".join(repr(name) for name in unaccepted)
    if names:
        raise LikenessOpen(f"this could be taken for another operator's, and no registrar has accepted it: {names}")


def check_second(proposal: Proposal, person: str) -> None:
    """Raise unless a person may confirm or reject the proposal. Raises ProposalClosed, SecondPersonNeeded."""
    check_waits(proposal)
    if person == proposal.proposed_by:
        raise SecondPersonNeeded("you proposed this yourself: another registrar confirms or rejects it")


def check_proposer(proposal: Proposal, person: str) -> None:
    """Raise unless a person may withdraw the proposal. Raises ProposalClosed, SecondPersonNeeded."""
    if proposal.status is not ProposalStatus.OPEN:
        raise ProposalClosed(f"the proposal is {proposal.status}: it cannot be withdrawn")
    if person != proposal.proposed_by:
        raise SecondPersonNeeded("only who proposed it withdraws it; others reject it, with a reason")


def check_waits(proposal: Proposal) -> None:
    """Raise ProposalClosed unless a second person is waited for."""
    if proposal.status not in {ProposalStatus.OPEN, ProposalStatus.UNCONFIRMED}:
        raise ProposalClosed(f"the proposal is {proposal.status}: there is nothing to decide any more")
