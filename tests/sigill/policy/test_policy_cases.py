"""Cases: a faulty file is refused, a difference is told in words."""

import re
from dataclasses import replace

import pytest

from sigill.errors import PolicyInvalid
from sigill.policy.cases import load_cases, run_case
from sigill.policy.folder import PolicyFolder

_CASES = """
pack: bank
day: "2026-11-22"
cases:
  - case: An AI answers
    facts:
      enquiry: informational
      by: ai
      in: [SE]
      channel: chat
      direction: inbound
      purpose: service
      language: sv
      scope: [identity_question]
      flags: [online_platform]
      day: "2026-11-23"
      disclosure: inline
      after: human
      human_asked_minutes_ago: 1
      first_message: false
    expect:
      verdict: allow_with_obligations
      owes: [disclose_ai]
      does_not_owe: [review]
      basis: {disclose_ai: law}
      minutes: 3
      keep_days: 90
      rules: [bank.informational.ai]
      texts: [ai_chat, handoff]
      says: AI at Exempelbolaget
      policy: bank+EU
  - case: An AI is refused
    facts: {enquiry: complaint, by: ai, in: [SE]}
    expect: {verdict: deny, instead: [human], shows_nothing: true}
  - case: No such thing
    facts: {enquiry: claim, by: ai, in: [SE]}
    expect_no_such_enquiry: true
"""


def _run(text: str, small: PolicyFolder) -> list[str]:
    cases = load_cases(text, file="f.yaml")
    return [line for case in cases for line in run_case(case, policies=small.policies, texts=small.texts)]


def test_cases_that_hold_pass(small: PolicyFolder) -> None:
    assert _run(_CASES, small) == []


_DIFFERENCES = [
    ("verdict: allow_with_obligations", "verdict: deny", "verdict: expected deny, was allow_with_obligations"),
    ("owes: [disclose_ai]", "owes: [review]", "owes: expected review; there is disclose_ai"),
    ("does_not_owe: [review]", "does_not_owe: [disclose_ai]", "owes disclose_ai, which was not expected"),
    ("{disclose_ai: law}", "{disclose_ai: guidance}", "basis of disclose_ai: expected guidance, was law"),
    ("{disclose_ai: law}", "{review: guidance}", "basis of review: expected guidance, was not owed"),
    ("minutes: 3", "minutes: 4", "minutes: expected 4, was 3"),
    ("keep_days: 90", "keep_days: 91", "keep_days: expected 91, was 90"),
    ("rules: [bank.informational.ai]", "rules: [x]", "rules: expected x; there is bank.informational.ai"),
    ("texts: [ai_chat, handoff]", "texts: [handoff]", "texts: expected handoff, was ai_chat, handoff"),
    ("says: AI at Exempelbolaget", "says: nobody", "no text says 'nobody'; shown: AI at"),
    ("policy: bank+EU", "policy: bank", "policy: expected bank, was bank+EU"),
    ("instead: [human]", "instead: [x]", "instead: expected x; there is ai_assisted"),
    ("enquiry: informational", "enquiry: claim", "expected a decision, was refused: claim is no kind"),
    ("enquiry: claim", "enquiry: complaint", "expected no such enquiry in the industry, was deny"),
    ("in: [SE]\n      channel", "in: [XX]\n      channel", "expected a decision, was refused: unknown jurisdiction"),
]


@pytest.mark.parametrize(("old", "new", "difference"), _DIFFERENCES)
def test_a_case_that_does_not_hold_says_what_is_otherwise(
    small: PolicyFolder, old: str, new: str, difference: str
) -> None:
    assert old in _CASES
    assert any(difference in line for line in _run(_CASES.replace(old, new, 1), small))


_FAULTS = [
    ("    expect_no_such_enquiry: true\n", "", "a case expects a decision"),
    ("expect_no_such_enquiry: true", "expect_no_such_enquiry: false", "only true is written here"),
    ("An AI is refused", "An AI answers", "two cases with one title"),
    ("shows_nothing: true", "shows_nothing: false", "shows_nothing is true or not there"),
    ("shows_nothing: true", "shows_nothing: true, texts: [ai_chat]", "shows_nothing is true or not there"),
]


@pytest.mark.parametrize(("old", "new", "reason"), _FAULTS)
def test_a_faulty_file_of_cases_is_refused(old: str, new: str, reason: str) -> None:
    assert old in _CASES
    with pytest.raises(PolicyInvalid, match=f"f.yaml, line [0-9]+: {re.escape(reason)}"):
        load_cases(_CASES.replace(old, new), file="f.yaml")


def test_a_case_without_an_expectation_passes_where_the_enquiry_is_missing(small: PolicyFolder) -> None:
    case = load_cases(_CASES, file="f.yaml")[2]
    assert run_case(replace(case), policies=small.policies, texts=small.texts) == ()
