"""One decision from one set of facts: pure, and a few microseconds when the like was decided before."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Final

from sigill.policy.compile import CompiledPolicies
from sigill.policy.decision import Asked, Decision, Instead, Layer, Obligation
from sigill.policy.errors import EnquiryNotInIndustry, UnknownScope
from sigill.policy.facts import Facts
from sigill.policy.gather import Gathering, in_period
from sigill.policy.instead import instead_of
from sigill.policy.jurisdictions import reach
from sigill.policy.merge import Ground, Outcome, bind, merge_all
from sigill.policy.model import ObligationDefinition, Overlay, Pack
from sigill.policy.show import texts_to_show
from sigill.policy.words import BASIS_RANK, Basis, Doer, Scope, Verdict
from sigill.vocabulary import Enquiry, Industry

_MEMO_LIMIT: Final = 50_000


def evaluate(policies: CompiledPolicies, facts: Facts) -> Decision:
    """Decide. Raises EnquiryNotInIndustry, UnknownJurisdiction, UnknownScope; each says what is allowed."""
    talk = facts.conversation
    key = (  # every fact that a condition, a scope or a text's moment can look at
        facts.industry,
        facts.enquiry,
        facts.authorship,
        facts.channel,
        facts.jurisdictions,
        policies.era(facts.on.isoformat()),
        facts.scope,
        facts.operator_flags,
        facts.direction,
        facts.purpose,
        facts.role,
        facts.vulnerable,
        facts.ai_system_registered,
        facts.disclosure,
        talk.first_ai_message,
        talk.disclosure_shown,
        talk.last_authorship,
        talk.handoff_recorded,
        talk.human_requested_minutes_ago is None,
    )
    decision = policies.memo.get(key)
    if decision is None:
        decision = _decide(policies, facts)
        if len(policies.memo) >= _MEMO_LIMIT:
            policies.memo.clear()
        policies.memo[key] = decision
    if talk.human_requested_minutes_ago is None or talk.handoff_recorded:
        return decision
    return _with_clock(decision, minutes_ago=talk.human_requested_minutes_ago)


def layers_in_force(
    policies: CompiledPolicies, *, industry: Industry, jurisdictions: Iterable[str], on: date
) -> tuple[Layer, ...]:
    """Return the files that decide for an industry in these places on a day. Raises as `evaluate` does."""
    return _layers(policies, _pack(policies, industry), _overlays(policies, reach(jurisdictions), on.isoformat()))


def _with_clock(decision: Decision, *, minutes_ago: int) -> Decision:
    running = tuple(
        each
        if each.deadline_minutes is None
        else replace(each, minutes_left=max(0, each.deadline_minutes - minutes_ago))
        for each in decision.obligations
    )
    return replace(decision, obligations=running)


def _decide(policies: CompiledPolicies, facts: Facts) -> Decision:
    decision = _decide_alone(policies, facts)
    return replace(decision, instead=_instead(policies, facts, decision))


def _instead(policies: CompiledPolicies, facts: Facts, decision: Decision) -> tuple[Instead, ...]:
    pack = policies.packs[facts.industry]
    return instead_of(facts, decision, pack=pack, decide=lambda other: _decide_alone(policies, other))


def _decide_alone(policies: CompiledPolicies, facts: Facts) -> Decision:
    _check_scope(facts.scope)
    places = reach(facts.jurisdictions)
    on = facts.on.isoformat()
    pack = _pack(policies, facts.industry)
    _check_enquiry(pack, facts.enquiry)
    overlays = _overlays(policies, places, on)
    gathered = Gathering(policies, facts, places=places, on=on)
    outcomes = [*gathered.from_pack(pack)]
    for overlay in overlays:
        outcomes.extend(gathered.from_rules(overlay.rules, layer=overlay.name, of_pack=False))
    outcome = gathered.with_inherited(pack, merge_all(outcomes, definitions=policies.vocabulary.obligations))
    layers = _layers(policies, pack, overlays)
    names = [pack.name, *(overlay.name for overlay in overlays)]
    denied = outcome.verdict is Verdict.DENY
    made_it = [rule for rule in outcome.rules if not denied or rule.verdict is Verdict.DENY]
    rules = sorted(made_it, key=lambda rule: (names.index(rule.layer), rule.id))
    obligations = () if denied else _obligations(policies, outcome)
    return Decision(
        verdict=_verdict(policies, outcome),
        rules=tuple(rules),
        obligations=obligations,
        text_keys=texts_to_show(policies.vocabulary.obligations, obligations, facts),
        layers=layers,
        name="+".join(names),
        version="+".join(layer.version for layer in layers),
        digest=sha256(b"".join(layer.digest for layer in layers)).digest(),
        instead=(),
    )


def _check_scope(scope: Iterable[str]) -> None:
    for each in scope:
        if each not in Scope.__members__.values():
            raise UnknownScope(f"unknown scope {each[:40]!r}", given=each, allowed=tuple(sorted(Scope)))


def _pack(policies: CompiledPolicies, industry: Industry) -> Pack:
    pack = policies.packs.get(industry)
    if pack is None:
        raise EnquiryNotInIndustry(f"there is no pack for {industry}", given=industry, allowed=())
    return pack


def _check_enquiry(pack: Pack, enquiry: Enquiry) -> None:
    allowed = {*(each for each, _ in pack.cells), Enquiry.UNCLASSIFIED}
    if enquiry not in allowed:
        reason = f"{enquiry} is no kind of enquiry in {pack.industry}"
        raise EnquiryNotInIndustry(reason, given=enquiry, allowed=tuple(sorted(allowed)))


def _overlays(policies: CompiledPolicies, places: frozenset[str], on: str) -> list[Overlay]:
    return [
        overlay
        for overlay in policies.overlays
        if (overlay.jurisdiction is None or overlay.jurisdiction in places) and in_period(overlay, on)
    ]


def _verdict(policies: CompiledPolicies, outcome: Outcome) -> Verdict:
    definitions = policies.vocabulary.obligations
    owes = any(definitions[name].doer is Doer.OPERATOR for name in outcome.owed)
    return Verdict.ALLOW_WITH_OBLIGATIONS if outcome.verdict is Verdict.ALLOW and owes else outcome.verdict


def _obligations(policies: CompiledPolicies, outcome: Outcome) -> tuple[Obligation, ...]:
    definitions = policies.vocabulary.obligations
    return tuple(_obligation(definitions, name, outcome.owed[name]) for name in definitions if name in outcome.owed)


def _obligation(
    definitions: Mapping[str, ObligationDefinition], name: str, grounds: Mapping[Basis, Ground]
) -> Obligation:
    definition = definitions[name]
    basis, bound = bind(definition, grounds)
    asked = sorted(grounds, key=BASIS_RANK.__getitem__)
    deadline = bound.parameters.get(definition.deadline) if definition.deadline else None
    return Obligation(
        id=name,
        title=definition.title,
        parameters=bound.parameters,
        basis=basis,
        sources=bound.sources,
        asked=tuple(
            Asked(basis=each, parameters=grounds[each].parameters, sources=grounds[each].sources) for each in asked
        ),
        deadline_minutes=deadline if isinstance(deadline, int) else None,
    )


def _layers(policies: CompiledPolicies, pack: Pack, overlays: Iterable[Overlay]) -> tuple[Layer, ...]:
    words = policies.vocabulary
    return (
        Layer(name=pack.name, version=pack.version, digest=pack.digest),
        *(Layer(name=each.name, version=each.version, digest=each.digest) for each in overlays),
        Layer(name="obligations", version=words.obligations_version, digest=words.obligations_digest),
        Layer(name="sources", version=words.sources_version, digest=words.sources_digest),
    )
