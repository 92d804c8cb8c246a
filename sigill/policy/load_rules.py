"""The parts packs and overlays share: duties, bases with their sources, conditions, conditional rules."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sigill.policy.load_vocabulary import period
from sigill.policy.model import (
    Condition,
    ConditionalRule,
    Duty,
    ParameterDefinition,
    ParameterKind,
    Value,
    Vocabulary,
)
from sigill.policy.words import Basis, OperatorFlag, Scope, Verdict
from sigill.policy.yaml_tree import Node
from sigill.vocabulary import Authorship, Channel, Direction, Enquiry, Industry, Purpose, Role

_CONDITION_WORDS: Final[dict[str, Any]] = {
    "industries": Industry,
    "enquiries": Enquiry,
    "authorship": Authorship,
    "channels": Channel,
    "directions": Direction,
    "purposes": Purpose,
    "roles": Role,
    "flags": OperatorFlag,
    "scopes": Scope,
}
_CONDITION_FLAGS: Final = ("vulnerable", "ai_system_registered")
_INTEGERS: Final = frozenset({ParameterKind.SMALLEST, ParameterKind.LARGEST})


class RuleReader:
    """Reads rules against a vocabulary, and notes which of the sources the file announces are used."""

    def __init__(self, vocabulary: Vocabulary, *, sources: Node) -> None:
        self._vocabulary = vocabulary
        self._announced = sources
        self._known = sources.identifiers()
        self._used: set[str] = set()
        for each in sources.items():
            if each.text() not in vocabulary.sources:
                raise each.fault(f"no such source in sources.yaml: {each.text()!r}")

    def check_all_sources_used(self) -> None:
        """Refuse an announced source that nothing rests on."""
        for each in self._announced.items():
            if each.text() not in self._used:
                raise each.fault(f"nothing in this file rests on the source {each.text()!r}")

    def basis(self, found: Mapping[str, Node]) -> tuple[Basis, tuple[str, ...]]:
        """Return `basis` and `sources`, checked against each other: law needs a law, guidance an authority."""
        basis = found["basis"].word(Basis)
        names = found["sources"].identifiers()
        for node, name in zip(found["sources"].items(), names, strict=True):
            if name not in self._known:
                raise node.fault(f"the source {name!r} is missing from the list at the top of this file")
        self._used.update(names)
        sources = [self._vocabulary.sources[name] for name in names]
        if basis in {Basis.LAW, Basis.LAW_IN_SOME_CASES} and not any(source.can_be_law for source in sources):
            raise found["sources"].fault(f"{basis} needs a source that is in force or has a date")
        if basis is Basis.GUIDANCE and not any(source.can_be_guidance for source in sources):
            raise found["sources"].fault("guidance needs a source that is an authority's view or a law")
        return basis, names

    def duty(self, node: Node, *, basis: Basis | None = None, sources: tuple[str, ...] = ()) -> Duty:
        """Read one duty; with `basis` given it inherits that basis and `sources` unless it states its own."""
        table = node.table()
        if "obligation" not in table:
            raise node.fault("'obligation' is missing")
        name = table["obligation"].text()
        definition = self._vocabulary.obligations.get(name)
        if definition is None:
            raise table["obligation"].fault(f"no such obligation in obligations.yaml: {name!r}")
        own = basis is None or "basis" in table or "sources" in table
        stated = ["obligation", "basis", "sources"] if own else ["obligation"]
        found = node.members(required=stated, optional=definition.parameters)
        if own:
            basis, sources = self.basis(found)
        parameters = {
            key: parameter(value, definition.parameters[key])
            for key, value in found.items()
            if key in definition.parameters
        }
        return Duty(obligation=name, parameters=parameters, basis=basis or Basis.DEFAULT, sources=sources)

    def rules(self, node: Node) -> tuple[ConditionalRule, ...]:
        """Read a list of conditional rules; ids may repeat only with dates that do not overlap."""
        rules: list[ConditionalRule] = []
        for each in node.items():
            rule = self._rule(each)
            for other in rules:
                if other.id == rule.id and overlap((rule.starts, rule.ends), (other.starts, other.ends)):
                    raise each.fault(f"the rule {rule.id!r} stands here twice with overlapping dates")
            rules.append(rule)
        return tuple(rules)

    def _rule(self, node: Node) -> ConditionalRule:
        found = node.members(
            required=["rule", "basis", "sources", "why"],
            optional=["when", "unless", "verdict", "duties", "from", "to"],
        )
        if "verdict" not in found and "duties" not in found:
            raise node.fault("a rule without a verdict and without duties")
        basis, sources = self.basis(found)
        starts, ends = period(found)
        duties = found["duties"].items() if "duties" in found else []
        return ConditionalRule(
            id=found["rule"].identifier(),
            when=condition(found["when"]) if "when" in found else Condition(),
            unless=condition(found["unless"]) if "unless" in found else None,
            verdict=found["verdict"].word(Verdict) if "verdict" in found else None,
            basis=basis,
            sources=sources,
            why=found["why"].text(),
            duties=tuple(self.duty(each, basis=basis, sources=sources) for each in duties),
            starts=starts,
            ends=ends,
        )


def condition(node: Node) -> Condition:
    """Read a condition: lists of words of the facts' own vocabularies, and two flags."""
    found = node.members(required=[], optional=[*_CONDITION_WORDS, *_CONDITION_FLAGS])
    parts: dict[str, Any] = {}
    for name, value in found.items():
        parts[name] = value.boolean() if name in _CONDITION_FLAGS else frozenset(value.words(_CONDITION_WORDS[name]))
    return Condition(**parts)


def parameter(node: Node, definition: ParameterDefinition) -> Value:
    """Read one parameter's value as its definition asks."""
    if definition.kind in _INTEGERS:
        return node.integer()
    if definition.kind is ParameterKind.FLAG:
        return node.boolean()
    if definition.kind is ParameterKind.WORD:
        _check_words([node], definition.words)
        return node.text()
    if definition.words:
        _check_words(node.items(), definition.words)
    return tuple(sorted(node.identifiers()))


def _check_words(nodes: Collection[Node], words: tuple[str, ...]) -> None:
    for each in nodes:
        if each.text() not in words:
            raise each.fault(f"{each.text()[:80]!r} is not one of {', '.join(words)}")


def overlap(first: tuple[str | None, str | None], second: tuple[str | None, str | None]) -> bool:
    """Whether two half-open periods of ISO dates share a day; None is open."""
    starts_before_end = first[0] is None or second[1] is None or first[0] < second[1]
    return starts_before_end and (second[0] is None or first[1] is None or second[0] < first[1])
