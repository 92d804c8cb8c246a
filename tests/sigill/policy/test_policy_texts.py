"""Disclosure texts: complete in seven languages, the same placeholders, a variant for what an operator lacks."""

import re

import pytest

from sigill.errors import PolicyInvalid
from sigill.policy.folder import PolicyFolder, assemble
from sigill.policy.texts import OperatorNames, render_texts
from sigill.vocabulary import Language

_FULL = OperatorNames(display_name="A {operator} & B", phone="020-1", wait_minutes=3)
_BARE = OperatorNames(display_name="A")


def test_texts_are_filled_in_with_what_there_is(small: PolicyFolder) -> None:
    keys = ["ai_chat", "handoff", "letter", "assisted"]
    assert render_texts(small.texts, keys, language=Language.SV, operator=_FULL, agent="Kim") == {
        "ai_chat": "AI at A {operator} & B",
        "handoff": "Wait 3 min",
        "letter": "Call 020-1",
        "assisted": "Kim at A {operator} & B released it",
    }


def test_what_an_operator_lacks_is_left_out(small: PolicyFolder) -> None:
    keys = ["handoff", "letter", "assisted"]
    rendered = render_texts(small.texts, keys, language=Language.SV, operator=_BARE)
    assert rendered == {"handoff": "Wait", "letter": "Write", "assisted": "Staff at A released it"}


_FAULTS = [
    ('ai_voice: "AI voice at {operator}"', "ai_voice: no one", "other placeholders than in English"),
    ('ai_voice: "AI voice at {operator}"', "ai_noise: x", "not the same texts as in English: ai_noise, ai_voice"),
    ('"AI voice at {operator}"', '"at {nobody}"', "unknown placeholder"),
    ('"AI voice at {operator}"', '"at {operator"', "a brace that belongs to no placeholder"),
    ('"AI voice at {operator}"', '"at {phone}"', "need a variant without them"),
    ('text: "Wait {minutes} min"', 'text: "Wait"', "a variant needs one of them"),
    (', without_minutes: "Wait"', "", "a text has one variant"),
    ('without_minutes: "Wait"', 'without_minutes: "Wait {operator}"', "the variant differs in more"),
    ("language: sv", "language: fr", "'fr' is not one of"),
    ("language: sv", "language: nb", "a second file for nb"),
]


@pytest.mark.parametrize(("old", "new", "reason"), _FAULTS)
def test_a_faulty_text_is_refused(files: dict[str, str], old: str, new: str, reason: str) -> None:
    assert old in files["texts/sv.yaml"]
    files["texts/sv.yaml"] = files["texts/sv.yaml"].replace(old, new)
    with pytest.raises(PolicyInvalid, match=re.escape(reason)):
        assemble(files)


def test_a_missing_language_is_refused(files: dict[str, str]) -> None:
    del files["texts/fi.yaml"]
    with pytest.raises(PolicyInvalid, match="no texts in fi"):
        assemble(files)
