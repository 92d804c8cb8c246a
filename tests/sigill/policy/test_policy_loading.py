"""Packs, overlays, sources and obligations are loaded strictly: each fault is named with file, line and reason."""

import re
from dataclasses import replace

import pytest

from sigill.errors import PolicyInvalid
from sigill.policy.compile import compile_policies, with_operator_overlay
from sigill.policy.folder import assemble
from sigill.policy.load_packs import load_overlay, load_pack
from sigill.policy.load_rules import overlap
from sigill.policy.load_vocabulary import load_vocabulary
from sigill.policy.model import Vocabulary

_PACK = "packs/bank.yaml"
_EU = "overlays/EU.yaml"
_SOURCES = "sources.yaml"
_DUTIES = "obligations.yaml"

_FAULTS = [
    (_PACK, "posture: strict", "posture: brave", "'brave' is not one of"),
    (_PACK, "pack: bank", "pack: circus", "'circus' is not one of"),
    (_PACK, "posture: strict", "posture: strict\nmood: fine", "unknown key 'mood'"),
    (_PACK, 'version: "1"\n', "", "'version' is missing"),
    (_PACK, 'own_choices: ["All of it"]', "own_choices: []", "an empty list"),
    (_PACK, "sources: [own, act, view]", "sources: [own, act, view, none]", "no such source in sources.yaml: 'none'"),
    (_PACK, "sources: [own, act, view]", "sources: [own, act, view, survey]", "rests on the source 'survey'"),
    (_PACK, "sources: [own, act, view]", "sources: [own, act]", "the source 'view' is missing from the list"),
    (_PACK, "obligation: disclose_ai", "obligation: dance", "no such obligation in obligations.yaml: 'dance'"),
    (_PACK, "{obligation: disclose_ai,", "{", "'obligation' is missing"),
    (_PACK, "basis: default, sources: [own], timing", "basis: law, sources: [own], timing", "law needs a source"),
    (
        _PACK,
        "basis: guidance, sources: [view], show",
        "basis: guidance, sources: [own], show",
        "guidance needs a source",
    ),
    (_PACK, "sources: [own], timing: first", "timing: first", "'sources' is missing"),
    (_PACK, "timing: first", "timing: never", "'never' is not one of first, later"),
    (_PACK, "timing: first", "repeat_on: [never]", "'never' is not one of question, change"),
    (_PACK, "timing: first", "minutes: 3", "unknown key 'minutes'"),
    (_PACK, "visible: true}", "visible: 1}", "true or false"),
    (_PACK, "within_minutes: 5", "within_minutes: soon", "a whole number"),
    (_PACK, "within_minutes: 5", "visible: true", "here belongs the obligation offer_human with within_minutes"),
    (_PACK, "{obligation: retain_record", "{obligation: offer_human", "unknown key 'days'"),
    (_PACK, "duties: [tell, person]", "duties: [tell, nobody]", "no such duty in this file: 'nobody'"),
    (_PACK, "duties: [tell, person]", "duties: [tell]", "no cell uses the duty 'person'"),
    (_PACK, "  complaint:", "  unclassified:", "unclassified has no cells"),
    (_PACK, "  complaint:", "  quarrel:", "'quarrel' is not one of"),
    (
        _PACK,
        "human: {verdict: allow, basis",
        "human: {duties: [tell], verdict: allow, basis",
        "is allow_with_obligations",
    ),
    (_PACK, "why: Read, duties: [review]}", "why: Read}", "without an obligation for the operator"),
    (_PACK, "person_for: [refusal]", "allowed_scopes: [refusal]", "only a deny has allowed scopes"),
    (
        _PACK,
        "allowed_scopes: [intake_only, {scope: status_update, flag: online_platform}]",
        "person_for: [refusal]",
        "a deny asks",
    ),
    (_PACK, "person_for: [refusal]", "person_for: [anything]", "'anything' is not one of"),
    (_PACK, "flag: online_platform}", "flag: any}", "'any' is not one of"),
    (_PACK, "when: {vulnerable: true}", "when: {weather: fine}", "unknown key 'weather'"),
    (_EU, "jurisdiction: EU", "jurisdiction: XX", "unknown jurisdiction 'XX'"),
    (_EU, "jurisdiction: EU", "jurisdiction: EU\noperator: x", "either for a jurisdiction or for an operator"),
    (_EU, 'from: "2026-08-02"', "from: 2026-08-02", "write it in quotes"),
    (_EU, 'from: "2026-08-02"', 'from: "2026-08-02"\nto: "2026-08-02"', "ends before it begins"),
    (_SOURCES, "  hope: {title: A bill, jurisdictions: [EU],", "  hope: {title: A bill,", "names its jurisdictions"),
    (_SOURCES, "own: {title: Own,", "own: {title: Own, jurisdictions: [EU],", "names its jurisdictions"),
    (_SOURCES, "jurisdictions: [EU]\n", "jurisdictions: [XX]\n", "unknown jurisdiction 'XX'"),
    (_SOURCES, "seen: recall", "seen: never", "'never' is not one of"),
    (_DUTIES, "measure: days", "measure: years", "'years' is no parameter of retain_record"),
    (
        _DUTIES,
        "timing: {strictest: word, words: [first, later]}",
        "timing: {strictest: word}",
        "needs the list of words",
    ),
    (_DUTIES, "days: {strictest: largest}", "days: {strictest: largest, words: [a]}", "have a list of words"),
    (_DUTIES, "{chat: ai_chat,", "{pigeon: ai_chat,", "unknown form 'pigeon'"),
    (_DUTIES, "show: {any: handoff}", "show: {any: nothing}", "shows a text there is not: 'nothing'"),
]


@pytest.mark.parametrize(("file", "old", "new", "reason"), _FAULTS)
def test_each_fault_is_refused_with_file_line_and_reason(
    files: dict[str, str], file: str, old: str, new: str, reason: str
) -> None:
    assert old in files[file]
    line = files[file][: files[file].index(old)].count("\n") + 1
    files[file] = files[file].replace(old, new, 1)
    with pytest.raises(PolicyInvalid) as raised:
        assemble(files)
    assert re.search(re.escape(reason), str(raised.value))
    named = re.match(rf"{re.escape(file)}(?:, line (\d+))?", str(raised.value))
    assert named is not None
    assert named[1] is None or abs(int(named[1]) - line) <= 15  # the table or its member


def test_the_line_is_that_of_the_fault(files: dict[str, str]) -> None:
    files[_PACK] = files[_PACK].replace("timing: first", "timing: never")
    with pytest.raises(PolicyInvalid, match=r"^packs/bank.yaml, line 10: 'never' is not one of"):
        assemble(files)


def test_a_rule_without_verdict_and_duties_is_refused(files: dict[str, str]) -> None:
    text = files[_EU]
    files[_EU] = text[: text.index("    duties:")].replace("    verdict: allow_with_obligations\n", "")
    with pytest.raises(PolicyInvalid, match="without a verdict and without duties"):
        assemble(files)


def test_a_rule_may_repeat_with_dates_apart_but_not_overlapping(files: dict[str, str]) -> None:
    rule = files[_EU][files[_EU].index("  - rule") :]
    until, since = (rule.replace("tell\n", f'tell\n    {word}: "2026-12-02"\n') for word in ("to", "from"))
    head = files[_EU].replace(rule, "")
    assemble(files | {_EU: head + until + since})
    with pytest.raises(PolicyInvalid, match="stands here twice with overlapping dates"):
        assemble(files | {_EU: head + until + rule})


@pytest.mark.parametrize("name", [_SOURCES, _DUTIES])
def test_both_vocabularies_are_needed(files: dict[str, str], name: str) -> None:
    del files[name]
    with pytest.raises(PolicyInvalid, match=f"{name} is missing"):
        assemble(files)


def test_a_rule_that_always_applies_needs_no_condition(files: dict[str, str], vocabulary: Vocabulary) -> None:
    text = (
        files[_EU]
        .replace("    when: {authorship: [ai]}\n", "")
        .replace("sources: [act]\n    why", "sources: [act]\n    why")
    )
    assert load_overlay(text, file="x", vocabulary=vocabulary).rules[0].when.authorship is None


def test_a_pack_without_conditional_rules_is_a_pack(files: dict[str, str], vocabulary: Vocabulary) -> None:
    text = files[_PACK][: files[_PACK].index("rules:")]
    assert load_pack(text, file="x", vocabulary=vocabulary).rules == ()


def test_a_duty_of_a_rule_may_have_its_own_basis(files: dict[str, str], vocabulary: Vocabulary) -> None:
    text = files[_EU].replace("timing: later", "timing: later, basis: law_in_some_cases, sources: [act]")
    duties = load_overlay(text, file="x", vocabulary=vocabulary).rules[0].duties
    assert [duty.basis for duty in duties] == ["law_in_some_cases", "law"]


def test_two_packs_for_one_industry_are_refused(files: dict[str, str], vocabulary: Vocabulary) -> None:
    pack = load_pack(files[_PACK], file="x", vocabulary=vocabulary)
    with pytest.raises(PolicyInvalid, match="two packs for bank"):
        compile_policies([pack, pack], [], vocabulary=vocabulary)


def test_no_packs_are_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(PolicyInvalid, match="no packs"):
        compile_policies([], [], vocabulary=vocabulary)


def test_overlays_of_one_name_with_overlapping_dates_are_refused(files: dict[str, str], vocabulary: Vocabulary) -> None:
    pack = load_pack(files[_PACK], file="x", vocabulary=vocabulary)
    overlay = load_overlay(files[_EU], file="x", vocabulary=vocabulary)
    earlier = replace(overlay, starts="2020-01-01", ends="2026-08-02")
    compile_policies([pack], [overlay, earlier], vocabulary=vocabulary)
    with pytest.raises(PolicyInvalid, match="two overlays 'EU' with overlapping dates"):
        compile_policies([pack], [overlay, replace(earlier, ends="2026-08-03")], vocabulary=vocabulary)


def test_an_overlay_of_a_jurisdiction_is_not_an_operators(files: dict[str, str], vocabulary: Vocabulary) -> None:
    overlay = load_overlay(files[_EU], file="x", vocabulary=vocabulary)
    with pytest.raises(PolicyInvalid, match="not an operator's"):
        with_operator_overlay(assemble(files).policies, overlay)


def test_periods_are_half_open() -> None:
    assert not overlap(("2026-01-01", "2026-02-01"), ("2026-02-01", None))
    assert overlap(("2026-01-01", "2026-02-02"), ("2026-02-01", None))
    assert overlap((None, None), (None, "2026-02-01"))


def test_a_source_knows_whether_it_is_verified(vocabulary: Vocabulary) -> None:
    verified = {name for name, source in vocabulary.sources.items() if source.verified}
    assert verified == {"own", "act", "view"}


def test_obligations_may_be_without_parameters_and_texts() -> None:
    sources = "version: a\nsources: {o: {title: O, status: own_choice, seen: primary, confidence: high, says: s}}"
    duties = "version: a\nobligations: {smile: {title: Smile, asks: Smile, who: operator}}"
    assert load_vocabulary(sources=sources, obligations=duties).obligations["smile"].parameters == {}
