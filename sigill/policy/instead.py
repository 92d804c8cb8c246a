"""What to change so that a refused message may be sent, or so that an unclassified one owes less."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from sigill.policy.decision import Decision, Instead, InsteadKind
from sigill.policy.facts import Facts
from sigill.policy.gather import EVERYDAY
from sigill.policy.model import Pack
from sigill.policy.words import TOPICS, Verdict
from sigill.vocabulary import Authorship, Enquiry

_Decide: TypeAlias = Callable[[Facts], Decision]

_AUTHORSHIPS: Final = {
    Authorship.AI_ASSISTED: "released by a person who read it, could change it, and sent it",
    Authorship.HUMAN: "handed over to a person",
}


def instead_of(facts: Facts, decision: Decision, *, pack: Pack, decide: _Decide) -> tuple[Instead, ...]:
    """Return the changes of one fact that help; each was tried with `decide`, so none is a promise that fails."""
    if decision.verdict is Verdict.DENY:
        return (*_other_authorships(facts, decide), *_other_scopes(facts, pack, decide))
    if facts.enquiry is Enquiry.UNCLASSIFIED:
        return tuple(_classifications(facts, decision, pack, decide))
    return ()


def _allowed(facts: Facts, decide: _Decide) -> bool:
    return decide(facts).verdict is not Verdict.DENY


def _other_authorships(facts: Facts, decide: _Decide) -> Iterator[Instead]:
    for authorship, why in _AUTHORSHIPS.items():
        if _allowed(replace(facts, authorship=authorship), decide):
            yield Instead(kind=InsteadKind.AUTHORSHIP, value=authorship.value, why=why)


def _other_scopes(facts: Facts, pack: Pack, decide: _Decide) -> Iterator[Instead]:
    cell = pack.cells.get((facts.enquiry, facts.authorship))
    topics = {scope for scope in facts.scope if scope in TOPICS}
    for exception in cell.allowed_scopes if cell else ():
        if _allowed(replace(facts, scope=tuple(sorted({*topics, exception.scope.value}))), decide):
            yield Instead(
                kind=InsteadKind.SCOPE, value=exception.scope.value, why="where the message does no more than this"
            )


def _classifications(facts: Facts, decision: Decision, pack: Pack, decide: _Decide) -> Iterator[Instead]:
    owed = {obligation.id for obligation in decision.obligations}
    for enquiry in (each for each in EVERYDAY if (each, facts.authorship) in pack.cells):
        other = decide(replace(facts, enquiry=enquiry))
        spared = sorted(owed - {obligation.id for obligation in other.obligations})
        if spared:
            why = f"said to be {enquiry}, it would not owe {', '.join(spared)}"
            yield Instead(kind=InsteadKind.ENQUIRY, value=enquiry.value, why=why)
