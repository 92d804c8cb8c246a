"""Cases beside a pack: facts and the decision expected, in words a compliance officer can read; run as tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sigill.errors import SigillError
from sigill.policy.compile import CompiledPolicies
from sigill.policy.decision import Decision
from sigill.policy.errors import EnquiryNotInIndustry
from sigill.policy.evaluate import evaluate
from sigill.policy.facts import ConversationFacts, Facts
from sigill.policy.texts import OperatorNames, Texts, render_texts
from sigill.policy.words import Basis, OperatorFlag, Scope, Verdict
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    DisclosureMode,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_OPERATOR: Final = OperatorNames(display_name="Exempelbolaget", phone="020-12 34 56", wait_minutes=3)
_FLAGS: Final = ("first_message", "shown", "handoff_recorded", "vulnerable")
_OPTIONAL_FACTS: Final = (
    *("channel", "direction", "purpose", "language", "scope", "flags", "day", "disclosure"),
    *("after", "human_asked_minutes_ago", *_FLAGS),
)
_EXPECTATIONS: Final[Mapping[str, Callable[[Node], Any]]] = {
    "verdict": lambda node: node.word(Verdict),
    "owes": Node.identifiers,
    "does_not_owe": Node.identifiers,
    "texts": Node.identifiers,
    "instead": Node.identifiers,
    "minutes": Node.integer,
    "keep_days": Node.integer,
    "says": Node.text,
    "policy": Node.text,
    "shows_nothing": Node.boolean,
    "basis": lambda node: {name: each.word(Basis) for name, each in node.table().items()},
    "rules": lambda node: tuple(each.text() for each in node.items()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`expected` is None where the enquiry is expected not to belong to the industry."""

    file: str
    line: int
    title: str
    facts: Facts
    expected: Mapping[str, Any] | None


def load_cases(text: str, *, file: str) -> tuple[Case, ...]:
    """Read a file of cases for one pack. Raises PolicyInvalid."""
    found = parse_yaml(text, file=file).members(required=["pack", "day", "cases"])
    industry = found["pack"].word(Industry)
    day = found["day"].date()
    cases = [_case(node, industry, day) for node in found["cases"].items()]
    titles: set[str] = set()
    for case, node in zip(cases, found["cases"].items(), strict=True):
        if case.title in titles:
            raise node.fault("two cases with one title")
        titles.add(case.title)
    return tuple(cases)


def run_case(case: Case, *, policies: CompiledPolicies, texts: Texts) -> tuple[str, ...]:
    """Return what is otherwise than expected, in words; empty when the case passes."""
    try:
        decision = evaluate(policies, case.facts)
    except EnquiryNotInIndustry as error:
        return () if case.expected is None else (f"expected a decision, was refused: {error}",)
    except SigillError as error:
        return (f"expected a decision, was refused: {error}",)
    if case.expected is None:
        return (f"expected no such enquiry in the industry, was {decision.verdict}",)
    return tuple(_differences(case, decision, texts, case.expected))


def _case(node: Node, industry: Industry, day: str) -> Case:
    found = node.members(required=["case", "facts"], optional=["expect", "expect_no_such_enquiry"])
    if ("expect" in found) == ("expect_no_such_enquiry" in found):
        raise node.fault("a case expects a decision, or expect_no_such_enquiry: true")
    if "expect_no_such_enquiry" in found and not found["expect_no_such_enquiry"].boolean():
        raise found["expect_no_such_enquiry"].fault("only true is written here")
    return Case(
        file=node.file,
        line=node.line,
        title=found["case"].text(),
        facts=_facts(found["facts"], industry, day),
        expected=_expectation(found["expect"]) if "expect" in found else None,
    )


def _facts(node: Node, industry: Industry, day: str) -> Facts:
    found = node.members(required=["enquiry", "by", "in"], optional=_OPTIONAL_FACTS)
    flags = {name: name in found and found[name].boolean() for name in _FLAGS}
    asked = found.get("human_asked_minutes_ago")
    return Facts(
        industry=industry,
        jurisdictions=tuple(sorted(found["in"].identifiers())),
        enquiry=found["enquiry"].word(Enquiry),
        authorship=found["by"].word(Authorship),
        channel=found["channel"].word(Channel) if "channel" in found else Channel.CHAT,
        direction=found["direction"].word(Direction) if "direction" in found else Direction.INBOUND,
        purpose=found["purpose"].word(Purpose) if "purpose" in found else Purpose.SERVICE,
        role=Role.OPERATOR,
        language=found["language"].word(Language) if "language" in found else Language.EN,
        scope=tuple(sorted(found["scope"].words(Scope))) if "scope" in found else (),
        draft=None,
        disclosure=found["disclosure"].word(DisclosureMode) if "disclosure" in found else None,
        attestation=AttestationLevel.C,
        vulnerable=flags["vulnerable"],
        ai_system_registered=True,
        operator_flags=tuple(sorted(found["flags"].words(OperatorFlag))) if "flags" in found else (),
        assurance_level=2,
        conversation=ConversationFacts(
            first_ai_message=flags["first_message"],
            disclosure_shown=flags["shown"],
            human_requested_minutes_ago=asked.integer() if asked else None,
            last_authorship=found["after"].word(Authorship) if "after" in found else None,
            handoff_recorded=flags["handoff_recorded"],
        ),
        on=date.fromisoformat(found["day"].date() if "day" in found else day),
    )


def _expectation(node: Node) -> dict[str, Any]:
    found = node.members(required=["verdict"], optional=_EXPECTATIONS)
    expected = {name: _EXPECTATIONS[name](each) for name, each in found.items()}
    if "shows_nothing" in expected:
        if "texts" in expected or not expected["shows_nothing"]:
            raise found["shows_nothing"].fault("shows_nothing is true or not there, and stands without texts")
        expected["texts"] = ()
    return expected


def _differences(case: Case, decision: Decision, texts: Texts, expected: Mapping[str, Any]) -> Iterator[str]:
    owed = {obligation.id: obligation for obligation in decision.obligations}
    minutes = {each.deadline_minutes for each in owed.values() if each.deadline_minutes is not None}
    days = {each.parameters["days"] for each in owed.values() if "days" in each.parameters}
    shown = render_texts(texts, decision.text_keys, language=case.facts.language, operator=_OPERATOR)
    actual = {
        "verdict": decision.verdict,
        "minutes": min(minutes, default=None),
        "keep_days": max(days, default=None),
        "texts": decision.text_keys,
        "policy": decision.name,
    }
    for name, value in actual.items():
        if name in expected and expected[name] != value:
            yield f"{name}: expected {_words(expected[name])}, was {_words(value)}"
    yield from _lacking("owes", expected, owed)
    yield from _lacking("instead", expected, [each.value for each in decision.instead])
    yield from _lacking("rules", expected, [rule.id for rule in decision.rules])
    for name in expected.get("does_not_owe", ()):
        if name in owed:
            yield f"owes {name}, which was not expected"
    for name, basis in expected.get("basis", {}).items():
        if name not in owed or owed[name].basis is not basis:
            yield f"basis of {name}: expected {basis}, was {owed[name].basis if name in owed else 'not owed'}"
    if "says" in expected and not any(expected["says"] in text for text in shown.values()):
        yield f"no text says {expected['says']!r}; shown: {_words(tuple(shown.values()))}"


def _lacking(name: str, expected: Mapping[str, Any], actual: Iterable[str]) -> Iterator[str]:
    held = list(actual)
    for each in expected.get(name, ()):
        if each not in held:
            yield f"{name}: expected {each}; there is {_words(tuple(held))}"


def _words(value: object) -> str:
    return ", ".join(str(item) for item in value) or "nothing" if isinstance(value, tuple) else str(value)
