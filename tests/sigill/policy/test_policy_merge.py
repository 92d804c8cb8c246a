"""Merging is a lattice: associative, commutative, idempotent, monotone; and the strictest value shows its own basis."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.policy.merge import Definitions, Ground, Outcome, Rule, bind, merge, merge_all, merge_parameters
from sigill.policy.model import ObligationDefinition, ParameterDefinition, ParameterKind, Parameters
from sigill.policy.words import VERDICT_RANK, Basis, Doer, Verdict

_KINDS = {
    "minutes": ParameterDefinition(kind=ParameterKind.SMALLEST),
    "days": ParameterDefinition(kind=ParameterKind.LARGEST),
    "visible": ParameterDefinition(kind=ParameterKind.FLAG),
    "timing": ParameterDefinition(kind=ParameterKind.WORD, words=("first", "later")),
    "repeat_on": ParameterDefinition(kind=ParameterKind.ADDS),
    "only": ParameterDefinition(kind=ParameterKind.LIMITS),
    "applies_to": ParameterDefinition(kind=ParameterKind.NARROWS),
}


def _definition(name: str) -> ObligationDefinition:
    return ObligationDefinition(
        id=name,
        title=name,
        asks=name,
        doer=Doer.OPERATOR,
        parameters=_KINDS,
        measure="minutes",
        deadline="minutes",
        texts=(),
    )


DEFINITIONS: Definitions = {name: _definition(name) for name in ("p", "q")}

_words = st.sets(st.sampled_from("abc"), min_size=1).map(lambda found: tuple(sorted(found)))
_parameters = st.fixed_dictionaries(
    {},
    optional={
        "minutes": st.integers(0, 5),
        "days": st.integers(0, 5),
        "visible": st.booleans(),
        "timing": st.sampled_from(["first", "later"]),
        "repeat_on": _words,
        "only": _words,
        "applies_to": _words,
    },
)
_sources = st.sets(st.sampled_from(["s", "t", "u"])).map(lambda found: tuple(sorted(found)))
_grounds = st.dictionaries(st.sampled_from(Basis), st.builds(Ground, _parameters, _sources), min_size=1)
_rules = st.frozensets(
    st.builds(
        Rule,
        id=st.sampled_from("xyz"),
        verdict=st.sampled_from(Verdict),
        basis=st.just(Basis.DEFAULT),
        sources=st.just(("s",)),
        why=st.just(""),
        layer=st.just("bank"),
    ),
    max_size=2,
)
_outcomes = st.builds(Outcome, st.sampled_from(Verdict), _rules, st.dictionaries(st.sampled_from("pq"), _grounds))


def _join(first: Outcome, second: Outcome) -> Outcome:
    return merge(first, second, definitions=DEFINITIONS)


def _as_strict(parameters: Parameters, as_what: Parameters) -> bool:
    """Whether merging `as_what` into `parameters` changes nothing."""
    return merge_parameters(parameters, as_what, _KINDS) == dict(parameters)


@pytest.mark.slow
@settings(max_examples=150)
@given(_outcomes, _outcomes, _outcomes)
def test_merging_is_associative(first: Outcome, second: Outcome, third: Outcome) -> None:
    assert _join(_join(first, second), third) == _join(first, _join(second, third))


@pytest.mark.slow
@settings(max_examples=150)
@given(_outcomes, _outcomes)
def test_merging_is_commutative(first: Outcome, second: Outcome) -> None:
    assert _join(first, second) == _join(second, first)


@settings(max_examples=100)
@given(_outcomes)
def test_merging_is_idempotent_and_nothing_is_its_bottom(outcome: Outcome) -> None:
    assert _join(outcome, outcome) == outcome
    assert merge_all([Outcome(), outcome], definitions=DEFINITIONS) == outcome


@pytest.mark.slow
@settings(max_examples=150)
@given(_outcomes, _outcomes)
def test_merging_never_loosens(first: Outcome, second: Outcome) -> None:
    merged = _join(first, second)
    assert VERDICT_RANK[merged.verdict] >= max(VERDICT_RANK[first.verdict], VERDICT_RANK[second.verdict])
    assert merged.rules >= first.rules
    for name, grounds in first.owed.items():
        assert merged.owed[name].keys() >= grounds.keys()
        before, after = (bind(DEFINITIONS[name], each.owed[name])[1].parameters for each in (first, merged))
        assert _as_strict(after, before)
        for basis, ground in grounds.items():
            assert _as_strict(merged.owed[name][basis].parameters, ground.parameters)


def _bound(grounds: Mapping[Basis, Ground]) -> tuple[Basis, Ground]:
    return bind(DEFINITIONS["p"], grounds)


def test_one_minute_is_our_default_where_the_law_asks_three() -> None:
    basis, ground = _bound(
        {Basis.LAW: Ground({"minutes": 3}, ("act",)), Basis.DEFAULT: Ground({"minutes": 1}, ("own",))}
    )
    assert (basis, ground) == (Basis.DEFAULT, Ground({"minutes": 1}, ("own",)))


def test_the_law_shows_where_it_asks_for_the_binding_value_too() -> None:
    basis, ground = _bound(
        {Basis.DEFAULT: Ground({"minutes": 3}, ("own",)), Basis.LAW: Ground({"minutes": 3}, ("act",))}
    )
    assert (basis, ground.sources) == (Basis.LAW, ("act",))


def test_without_a_measured_value_the_strongest_basis_shows() -> None:
    basis, _ = _bound({Basis.DEFAULT: Ground({}, ()), Basis.GUIDANCE: Ground({}, ())})
    assert basis is Basis.GUIDANCE


def test_for_all_is_stricter_than_for_some() -> None:
    assert merge_parameters({"applies_to": ("a",)}, {}, _KINDS) == {}
    assert merge_parameters({"applies_to": ("a",)}, {"applies_to": ("b",)}, _KINDS) == {"applies_to": ("a", "b")}


def test_limits_leave_what_both_allow() -> None:
    assert merge_parameters({"only": ("a", "b")}, {"only": ("b", "c")}, _KINDS) == {"only": ("b",)}
    assert merge_parameters({"only": ("a",)}, {}, _KINDS) == {"only": ("a",)}
