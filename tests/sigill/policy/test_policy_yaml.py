"""YAML is read strictly, and every refusal names file, line and reason."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import PolicyInvalid
from sigill.policy.words import Verdict
from sigill.policy.yaml_tree import MAX_BYTES, Node, parse_yaml

_REFUSED = [
    ("", 1, "an empty file"),
    ("a: [1", 2, "not YAML"),
    ("a: 1\nb: \x07", 1, "not YAML"),
    ("a: &x 1\nb: *x", 1, "anchors and aliases"),
    ("a: 1\nb: *x", 2, "anchors and aliases"),
    ("a: 1\nb: !!python/none 1", 2, "tags are not used"),
    ("%YAML 1.1\n---\na: 1", 1, "a directive"),
    ("a: 1\n---\nb: 1", 2, "a second document"),
    ("a: 1\na: 2", 2, "'a' stands here twice"),
    ("1: a", 1, "a key must be a text"),
    ("a: b\nc: NO", 2, "'NO' can be read in two ways"),
    ("a: 2026-08-02", 1, "can be read in two ways"),
    ("a: 1.5", 1, "can be read in two ways"),
    ("a: ~", 1, "can be read in two ways"),
    ("a:", 1, "can be read in two ways"),
    ("a: 0x10", 1, "can be read in two ways"),
    ("a: 017", 1, "can be read in two ways"),
    ("a: 1_000", 1, "can be read in two ways"),
    ("a: Yes", 1, "can be read in two ways"),
    ("[" * 14 + "]" * 14, 1, "nested deeper than 12 levels"),
    ("a: " + "x" * MAX_BYTES, 1, "longer than"),
]


@pytest.mark.parametrize(("text", "line", "reason"), _REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(PolicyInvalid, match=f"^f.yaml, line {line}: .*{re.escape(reason)}"):
        parse_yaml(text, file="f.yaml")


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="line 1: not YAML"):
        parse_yaml("a: \ud800", file="f.yaml")


def test_what_is_left_are_texts_integers_flags_lists_and_tables() -> None:
    found = parse_yaml('a: [1, true, x, "NO", "2026-08-02", [], {}]', file="f.yaml").table()["a"].items()
    assert [node.value for node in found] == [1, True, "x", "NO", "2026-08-02", [], {}]


_NARROWED = [
    ("[]", lambda node: node.items(), "an empty list"),
    ("{}", lambda node: node.table(), "an empty table"),
    ("[]", lambda node: node.table(), "a table"),
    ("{}", lambda node: node.items(), "a list"),
    ("7", lambda node: node.text(), "write it in quotes"),
    ('""', lambda node: node.text(), "empty or has blanks"),
    ('" a"', lambda node: node.text(), "empty or has blanks"),
    ("a b", lambda node: node.identifier(), "not an identifier"),
    ("true", lambda node: node.integer(), "a whole number"),
    ("x", lambda node: node.integer(), "a whole number"),
    ("1", lambda node: node.boolean(), "true or false"),
    ('"2026-02-30"', lambda node: node.date(), "not a date"),
    ('"20260802"', lambda node: node.date(), "not a date"),
    ("maybe", lambda node: node.word(Verdict), "not one of allow, allow_with_obligations, deny"),
    ("[deny, deny]", lambda node: node.words(Verdict), "stands here twice"),
    ("[a, a]", lambda node: node.identifiers(), "stands here twice"),
    ("{a: 1}", lambda node: node.members(required=["b"]), "unknown key 'a'"),
    ("{a: 1}", lambda node: node.members(required=["b"], optional=["a"]), "'b' is missing"),
]


@pytest.mark.parametrize(("text", "narrow", "reason"), _NARROWED)
def test_a_value_of_the_wrong_kind_is_named(text: str, narrow: Callable[[Node], object], reason: str) -> None:
    node = parse_yaml(f"- {text}", file="f.yaml").items()[0]
    with pytest.raises(PolicyInvalid, match=f"f.yaml, line 1: .*{re.escape(reason)}"):
        narrow(node)


@settings(max_examples=200)
@given(st.text(alphabet="abN:-[]{}&*!%#'\"| \n\t10~.,\x00é", max_size=60))
def test_only_policy_invalid_escapes(text: str) -> None:
    try:
        node = parse_yaml(text, file="f.yaml")
    except PolicyInvalid:
        return
    assert node.line >= 1
