"""The lattice in which policies merge: associative, commutative, idempotent, and monotone towards strictness.

An outcome holds a verdict, rules, and what is owed: per obligation and per basis its strictest parameters. Merging
two outcomes takes the stricter verdict, all rules, all obligations, and per basis the strictest parameters. Which
basis binds is decided last, by `bind`, so nothing is forgotten on the way ("one minute: our default; the law asks
three").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, TypeAlias

from sigill.policy.model import Duty, ObligationDefinition, ParameterDefinition, ParameterKind, Parameters, Value
from sigill.policy.words import BASIS_RANK, Basis, Verdict, strictest

Definitions: TypeAlias = Mapping[str, ObligationDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What decided: e.g. `bank.complaint.ai` of the layer `bank`; `verdict` is what it alone asks for."""

    id: str
    verdict: Verdict
    basis: Basis
    sources: tuple[str, ...]
    why: str
    layer: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What one basis asks of an obligation, and by which sources (sorted)."""

    parameters: Parameters
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An element of the lattice; `Outcome()` is its bottom: allowed, nothing owed."""

    verdict: Verdict = Verdict.ALLOW
    rules: frozenset[Rule] = frozenset()
    owed: Mapping[str, Mapping[Basis, Ground]] = field(default_factory=dict)


def outcome_of(duties: Iterable[Duty], *, rule: Rule, definitions: Definitions) -> Outcome:
    """Return what one rule says as an element of the lattice."""
    alone = (
        Outcome(owed={duty.obligation: {duty.basis: Ground(duty.parameters, tuple(sorted(duty.sources)))}})
        for duty in duties
    )
    return merge_all([Outcome(rule.verdict, frozenset({rule})), *alone], definitions=definitions)


def merge_all(outcomes: Iterable[Outcome], *, definitions: Definitions) -> Outcome:
    """Return the least outcome as strict as each of `outcomes`."""
    return reduce(lambda first, second: merge(first, second, definitions=definitions), outcomes, Outcome())


def merge(first: Outcome, second: Outcome, *, definitions: Definitions) -> Outcome:
    """Return the least outcome as strict as both."""
    owed = dict(first.owed)
    for obligation, grounds in second.owed.items():
        if obligation not in owed:
            owed[obligation] = grounds
            continue
        merged = dict(owed[obligation])
        for basis, ground in grounds.items():
            held = merged.get(basis)
            merged[basis] = ground if held is None else _merge_grounds(held, ground, definitions[obligation].parameters)
        owed[obligation] = merged
    return Outcome(strictest(first.verdict, second.verdict), first.rules | second.rules, owed)


def bind(definition: ObligationDefinition, grounds: Mapping[Basis, Ground]) -> tuple[Basis, Ground]:
    """Return the strictest parameters over all bases, with the basis and sources they show.

    The basis is the strongest of those that ask for the binding value of the definition's measure; where nothing is
    measured it is the strongest of all.
    """
    strongest_first = sorted(grounds, key=BASIS_RANK.__getitem__)
    binding = reduce(
        lambda first, second: merge_parameters(first, second, definition.parameters),
        (grounds[basis].parameters for basis in strongest_first),
    )
    basis = strongest_first[0]
    measure = definition.measure
    if measure is not None and measure in binding:
        basis = next(each for each in strongest_first if grounds[each].parameters.get(measure) == binding[measure])
    return basis, Ground(binding, grounds[basis].sources)


def _merge_grounds(first: Ground, second: Ground, kinds: Mapping[str, ParameterDefinition]) -> Ground:
    parameters = merge_parameters(first.parameters, second.parameters, kinds)
    return Ground(parameters, tuple(sorted({*first.sources, *second.sources})))


def merge_parameters(first: Parameters, second: Parameters, kinds: Mapping[str, ParameterDefinition]) -> Parameters:
    """Return the strictest value of each parameter; one not given is the loosest, but for NARROWS the strictest."""
    merged: dict[str, Value] = {}
    for name, definition in kinds.items():
        in_both = name in first and name in second
        if in_both:
            merged[name] = _stricter(definition, first[name], second[name])
        elif definition.kind is not ParameterKind.NARROWS and (name in first or name in second):
            merged[name] = first[name] if name in first else second[name]
    return merged


def _stricter(definition: ParameterDefinition, first: Any, second: Any) -> Value:  # noqa: ANN401 - typed by its kind
    return _STRICTER[definition.kind](definition, first, second)  # type: ignore[no-any-return]


_STRICTER: Final[dict[ParameterKind, Any]] = {
    ParameterKind.SMALLEST: lambda _, first, second: min(first, second),
    ParameterKind.LARGEST: lambda _, first, second: max(first, second),
    ParameterKind.FLAG: lambda _, first, second: first or second,
    ParameterKind.WORD: lambda definition, first, second: min(first, second, key=definition.words.index),
    ParameterKind.ADDS: lambda _, first, second: tuple(sorted({*first, *second})),
    ParameterKind.LIMITS: lambda _, first, second: tuple(sorted({*first} & {*second})),
    ParameterKind.NARROWS: lambda _, first, second: tuple(sorted({*first, *second})),
}
