"""From cells and rules to elements of the lattice, for given facts, places and day."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from sigill.policy.compile import CompiledPolicies
from sigill.policy.conditions import holds
from sigill.policy.facts import Facts
from sigill.policy.merge import Ground, Outcome, Rule, merge_all, outcome_of
from sigill.policy.model import Cell, ConditionalRule, Duty, Overlay, Pack
from sigill.policy.words import TOPICS, Basis, Verdict
from sigill.vocabulary import Enquiry

EVERYDAY: Final = (
    Enquiry.INFORMATIONAL,
    Enquiry.TRANSACTIONAL,
    Enquiry.ACCOUNT_CHANGE,
    Enquiry.CANCELLATION,
)
"""The kinds whose cells, where an industry has them, stand for `unclassified` together."""
_LEGAL: Final = frozenset({Basis.LAW, Basis.LAW_IN_SOME_CASES})


def in_period(dated: Overlay | ConditionalRule, on: str) -> bool:
    """Whether the ISO date `on` lies in [starts, ends)."""
    return not (dated.starts is not None and on < dated.starts) and not (dated.ends is not None and dated.ends <= on)


class Gathering:
    """Turns cells and rules into elements of the lattice, for given facts, places and day."""

    def __init__(self, policies: CompiledPolicies, facts: Facts, *, places: frozenset[str], on: str) -> None:
        self._sources = policies.vocabulary.sources
        self._definitions = policies.vocabulary.obligations
        self._facts = facts
        self._places = places
        self._on = on

    def from_pack(self, pack: Pack) -> Iterator[Outcome]:
        """Yield the cell (for unclassified: the four everyday cells there are) and the pack's conditional rules."""
        authorship, enquiry = self._facts.authorship, self._facts.enquiry
        for each in EVERYDAY if enquiry is Enquiry.UNCLASSIFIED else (enquiry,):
            cell = pack.cells.get((each, authorship))
            if cell is not None:
                yield self._from_cell(cell, pack, enquiry=each)
        yield from self.from_rules(pack.rules, layer=pack.name, of_pack=True)

    def _from_cell(self, cell: Cell, pack: Pack, *, enquiry: Enquiry) -> Outcome:
        name = f"{pack.name}.{enquiry}.{self._facts.authorship}"
        verdict = cell.verdict
        basis, sources = self._stand(cell.basis, cell.sources)
        if verdict is Verdict.DENY and (scopes := self._allowed_scopes(cell)):
            verdict, name = Verdict.ALLOW_WITH_OBLIGATIONS, f"{name}/{'+'.join(scopes)}"
        if not cell.person_for.isdisjoint(self._facts.scope):
            verdict, name = Verdict.DENY, f"{name}/{'+'.join(sorted(cell.person_for.intersection(self._facts.scope)))}"
        rule = Rule(id=name, verdict=verdict, basis=basis, sources=sources, why=cell.why, layer=pack.name)
        duties = [self._standing(duty) for duty in cell.duties]
        return outcome_of(duties, rule=rule, definitions=self._definitions)

    def _allowed_scopes(self, cell: Cell) -> list[str]:
        """Return the request's scopes if this deny lets all of them through; what is only a topic does not count."""
        acts = [scope for scope in self._facts.scope if scope not in TOPICS]
        flags = self._facts.operator_flags
        allowed = {each.scope for each in cell.allowed_scopes if each.flag is None or each.flag in flags}
        return acts if allowed.issuperset(acts) else []

    def from_rules(self, rules: Iterable[ConditionalRule], *, layer: str, of_pack: bool) -> Iterator[Outcome]:
        """Yield the rules whose conditions hold."""
        for rule in rules:
            if not in_period(rule, self._on) or not holds(rule.when, self._facts):
                continue
            if rule.unless is not None and holds(rule.unless, self._facts):
                continue
            basis, sources = self._stand(rule.basis, rule.sources)
            if basis is not rule.basis and not of_pack:
                continue  # an overlay speaks only with the law it names
            verdict = rule.verdict or Verdict.ALLOW
            name = f"{layer}.{rule.id}"
            shown = Rule(id=name, verdict=verdict, basis=basis, sources=sources, why=rule.why, layer=layer)
            duties = [self._standing(duty) for duty in rule.duties]
            yield outcome_of(duties, rule=shown, definitions=self._definitions)

    def with_inherited(self, pack: Pack, outcome: Outcome) -> Outcome:
        """Add what every message of the pack inherits: retention, and minutes where a human is offered."""
        duties = [pack.retention, *([pack.handoff] if pack.handoff.obligation in outcome.owed else [])]
        grounds = [self._standing(duty) for duty in duties]
        inherited = [
            Outcome(owed={duty.obligation: {duty.basis: Ground(duty.parameters, tuple(sorted(duty.sources)))}})
            for duty in grounds
        ]
        return merge_all([outcome, *inherited], definitions=self._definitions)

    def _standing(self, duty: Duty) -> Duty:
        basis, sources = self._stand(duty.basis, duty.sources)
        return duty if basis is duty.basis and sources == duty.sources else replace(duty, basis=basis, sources=sources)

    def _stand(self, basis: Basis, names: tuple[str, ...]) -> tuple[Basis, tuple[str, ...]]:
        """Return what a basis is there and then: law or guidance only by a source in force, else our default."""
        if basis is Basis.DEFAULT:
            return basis, names
        sources = [self._sources[name] for name in names]
        standing = {each.id for each in sources if each.stands(on=self._on, places=self._places)}
        binding = [each for each in sources if each.id in standing]
        enough = any(each.can_be_law if basis in _LEGAL else each.can_be_guidance for each in binding)
        if not enough:
            return Basis.DEFAULT, names
        return basis, tuple(each.id for each in sources if each.id in standing or not each.jurisdictions)
