"""Facts have one canonical JSON form, a provenance each, and a digest that needs the salt."""

import json
from dataclasses import fields
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.encoding.strict_json import format_canonical_json
from sigill.policy.errors import MalformedFacts
from sigill.policy.facts import (
    FACT_PROVENANCE,
    ConversationFacts,
    Facts,
    facts_digest,
    facts_from_json,
    facts_to_json,
)
from sigill.policy.words import OperatorFlag, Scope

_talk = st.builds(
    ConversationFacts,
    first_ai_message=st.booleans(),
    disclosure_shown=st.booleans(),
    human_requested_minutes_ago=st.none() | st.integers(0, 10_000_000),
    handoff_recorded=st.booleans(),
)


def _sorted(words: Any) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from([str(word) for word in words]), max_size=4).map(lambda found: tuple(sorted(found)))


_facts = st.builds(
    Facts,
    jurisdictions=_sorted(["SE", "NO", "US-CA"]),
    scope=_sorted(Scope),
    operator_flags=_sorted(OperatorFlag),
    assurance_level=st.integers(0, 3),
    conversation=_talk,
    on=st.dates(),
)


@settings(max_examples=100)
@given(_facts)
def test_facts_come_back_from_their_json(facts: Facts) -> None:
    assert facts_from_json(json.loads(format_canonical_json(facts_to_json(facts)))) == facts


@settings(max_examples=20)
@given(_facts, st.binary(max_size=16))
def test_the_digest_is_over_salt_and_canonical_json(facts: Facts, salt: bytes) -> None:
    assert facts_digest(facts, salt) == sha256(salt + format_canonical_json(facts_to_json(facts))).digest()


def test_every_fact_has_a_provenance() -> None:
    assert list(FACT_PROVENANCE) == [field.name for field in fields(Facts)]


_CHANGES: list[tuple[str, Any]] = [
    ("industry", "circus"),
    ("industry", 1),
    ("jurisdictions", "SE"),
    ("jurisdictions", ["SE", "NO"]),
    ("jurisdictions", ["SE", "SE"]),
    ("jurisdictions", [""]),
    ("jurisdictions", [1]),
    ("jurisdictions", ["É"]),
    ("jurisdictions", ["S"] * 65),
    ("scope", ["anything"]),
    ("operator_flags", ["anything"]),
    ("draft", "robot"),
    ("vulnerable", 0),
    ("assurance_level", True),
    ("assurance_level", 4),
    ("assurance_level", -1),
    ("assurance_level", "1"),
    ("on", "20261122"),
    ("on", "2026-13-01"),
    ("on", 20261122),
    ("conversation", None),
    ("conversation", {}),
    ("surprise", 1),
]


@pytest.mark.parametrize(("name", "value"), _CHANGES)
def test_anything_else_is_malformed(make_facts: Any, name: str, value: Any) -> None:
    changed = json.loads(format_canonical_json(facts_to_json(make_facts())))
    changed[name] = value
    with pytest.raises(MalformedFacts):
        facts_from_json(changed)


def test_minutes_of_a_conversation_are_bounded(make_facts: Any) -> None:
    changed = json.loads(format_canonical_json(facts_to_json(make_facts())))
    changed["conversation"]["human_requested_minutes_ago"] = 10_000_001
    with pytest.raises(MalformedFacts, match=r"conversation\.human_requested_minutes_ago"):
        facts_from_json(changed)


@pytest.mark.parametrize("value", [None, [], "facts", {}])
def test_what_is_no_object_of_facts_is_malformed(value: object) -> None:
    with pytest.raises(MalformedFacts):
        facts_from_json(value)


def test_an_early_year_keeps_its_zeros(make_facts: Any) -> None:
    facts = make_facts(on=date(1, 1, 1))
    assert facts_from_json(json.loads(format_canonical_json(facts_to_json(facts)))) == facts
