"""Decisions: scopes, places, dates, several markets, the clock, texts to show, what instead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias

import pytest

from sigill.encoding.strict_json import format_canonical_json
from sigill.policy import evaluate as module
from sigill.policy.compile import CompiledPolicies, with_operator_overlay
from sigill.policy.conditions import holds
from sigill.policy.decision import Decision, decision_to_json
from sigill.policy.errors import EnquiryNotInIndustry, UnknownJurisdiction, UnknownScope
from sigill.policy.evaluate import evaluate, layers_in_force
from sigill.policy.facts import Facts
from sigill.policy.folder import PolicyFolder
from sigill.policy.jurisdictions import PARENT, reach
from sigill.policy.load_packs import load_overlay
from sigill.policy.model import Condition
from sigill.policy.words import Basis, OperatorFlag, Scope, Verdict
from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Enquiry, Industry, Purpose, Role

Make: TypeAlias = Callable[..., Facts]


@pytest.fixture
def decide(small: PolicyFolder, make_facts: Make) -> Callable[..., Decision]:
    return lambda **changes: evaluate(small.policies, make_facts(**changes))


Decide: TypeAlias = Callable[..., Decision]


def _owed(decision: Decision) -> dict[str, Any]:
    return {obligation.id: obligation for obligation in decision.obligations}


def test_a_person_owes_nothing_and_the_record_is_kept(decide: Decide) -> None:
    decision = decide(authorship=Authorship.HUMAN)
    assert decision.verdict is Verdict.ALLOW
    assert list(_owed(decision)) == ["retain_record"]


def test_an_overlay_that_asks_something_turns_allow_into_allow_with_obligations(
    small: PolicyFolder, files: dict[str, str], make_facts: Make
) -> None:
    own = files["overlays/EU.yaml"].replace("jurisdiction: EU", "operator: exempelbanken").replace(": EU", ": house")
    own = own.replace("authorship: [ai]", "authorship: [human]").replace("    verdict: allow_with_obligations\n", "")
    own = own.replace("basis: law", "basis: default")
    overlay = load_overlay(own, file="x", vocabulary=small.policies.vocabulary)
    decision = evaluate(with_operator_overlay(small.policies, overlay), make_facts(authorship=Authorship.HUMAN))
    assert decision.verdict is Verdict.ALLOW_WITH_OBLIGATIONS
    assert decision.name == "bank+EU+house"
    assert _owed(decision)["disclose_ai"].basis is Basis.DEFAULT


def test_an_operator_may_forbid_what_packs_allow(small: PolicyFolder, files: dict[str, str], make_facts: Make) -> None:
    own = files["overlays/EU.yaml"].replace("jurisdiction: EU", "operator: exempelbanken").replace(": EU", ": house")
    own = own.replace("    when: {authorship: [ai]}\n", "").replace("verdict: allow_with_obligations", "verdict: deny")
    overlay = load_overlay(own, file="x", vocabulary=small.policies.vocabulary)
    decision = evaluate(with_operator_overlay(small.policies, overlay), make_facts())
    assert decision.verdict is Verdict.DENY
    assert [rule.id for rule in decision.rules] == ["house.tell"]
    assert decision.instead == ()


def test_the_law_counts_where_and_while_it_is_in_force(decide: Decide) -> None:
    bases = [
        _owed(decide(jurisdictions=places, on=day))["offer_human"].asked[0].basis
        for places, day in [
            (("SE",), date(2026, 8, 1)),
            (("SE",), date(2026, 8, 2)),
            (("NO",), date(2026, 8, 2)),
            (("SE",), date(2029, 12, 31)),
            (("SE",), date(2030, 1, 1)),
        ]
    ]
    assert bases == ["default", "law", "default", "law", "default"]


def test_guidance_of_another_place_is_our_default(decide: Decide) -> None:
    assisted = {"authorship": Authorship.AI_ASSISTED}
    assert _owed(decide(**assisted))["review"].basis is Basis.GUIDANCE
    assert _owed(decide(**assisted, jurisdictions=("NO",)))["review"].basis is Basis.DEFAULT


def test_the_strictest_of_several_markets_applies(decide: Decide) -> None:
    both = _owed(decide(jurisdictions=("NO", "SE")))["offer_human"]
    assert both.deadline_minutes == _owed(decide(jurisdictions=("SE",)))["offer_human"].deadline_minutes == 3
    assert _owed(decide(jurisdictions=("NO",)))["offer_human"].deadline_minutes == 5


def test_the_strictest_number_shows_its_own_basis_and_the_others_stand_beside_it(decide: Decide) -> None:
    offer = _owed(decide(vulnerable=True))["offer_human"]
    assert (offer.deadline_minutes, offer.basis, offer.sources) == (1, Basis.DEFAULT, ("own",))
    assert [(each.basis, each.parameters.get("within_minutes")) for each in offer.asked] == [("law", 3), ("default", 1)]


def test_a_rule_is_silent_where_its_unless_holds(decide: Decide) -> None:
    assert "offer_human" not in _owed(decide(vulnerable=True, authorship=Authorship.HUMAN))


def test_a_denied_message_owes_nothing_and_hears_what_is_allowed_instead(decide: Decide) -> None:
    decision = decide(enquiry=Enquiry.COMPLAINT)
    assert decision.verdict is Verdict.DENY
    assert (decision.obligations, decision.text_keys) == ((), ())
    assert [rule.id for rule in decision.rules] == ["bank.complaint.ai"]
    assert [each.value for each in decision.instead] == ["ai_assisted", "human", "intake_only"]


def test_an_allowed_scope_lifts_a_deny(decide: Decide) -> None:
    decision = decide(enquiry=Enquiry.COMPLAINT, scope=("intake_only",))
    assert decision.verdict is Verdict.ALLOW_WITH_OBLIGATIONS
    assert "bank.complaint.ai/intake_only" in [rule.id for rule in decision.rules]
    assert decision.instead == ()


def test_a_topic_beside_an_allowed_scope_changes_nothing(decide: Decide) -> None:
    both = decide(enquiry=Enquiry.COMPLAINT, scope=("identity_question", "intake_only"))
    assert both.verdict is Verdict.ALLOW_WITH_OBLIGATIONS
    assert decide(enquiry=Enquiry.COMPLAINT, scope=("identity_question",)).verdict is Verdict.DENY


def test_another_scope_beside_an_allowed_one_is_denied(decide: Decide) -> None:
    assert decide(enquiry=Enquiry.COMPLAINT, scope=("intake_only", "refusal")).verdict is Verdict.DENY


def test_a_scope_for_flagged_operators_needs_the_flag(decide: Decide) -> None:
    asked = {"enquiry": Enquiry.COMPLAINT, "scope": ("status_update",)}
    assert decide(**asked).verdict is Verdict.DENY
    assert decide(**asked, operator_flags=("online_platform",)).verdict is Verdict.ALLOW_WITH_OBLIGATIONS


def test_what_needs_a_person_is_denied_to_an_ai_only(decide: Decide) -> None:
    decision = decide(scope=("refusal",))
    assert decision.verdict is Verdict.DENY
    assert decision.rules[0].id == "bank.informational.ai/refusal"
    assert [each.value for each in decision.instead] == ["ai_assisted", "human"]


def test_unclassified_merges_the_everyday_kinds_there_are(decide: Decide) -> None:
    decision = decide(enquiry=Enquiry.UNCLASSIFIED)
    assert [rule.id for rule in decision.rules] == ["bank.informational.ai", "EU.tell"]
    assert decision.instead == ()


def test_unclassified_hears_which_kind_would_owe_less(shipped: PolicyFolder, make_facts: Make) -> None:
    decision = evaluate(shipped.policies, make_facts(enquiry=Enquiry.UNCLASSIFIED))
    assert "informational" in [each.value for each in decision.instead]
    assert decision.obligations


def test_a_denied_unclassified_message_is_told_of_people(decide: Decide) -> None:
    decision = decide(enquiry=Enquiry.UNCLASSIFIED, scope=("refusal",))
    assert [each.value for each in decision.instead] == ["ai_assisted", "human"]


def test_a_kind_of_enquiry_outside_the_industry_is_refused_with_those_inside(decide: Decide) -> None:
    with pytest.raises(EnquiryNotInIndustry) as raised:
        decide(enquiry=Enquiry.EMERGENCY)
    assert raised.value.allowed == ("complaint", "informational", "unclassified")


def test_an_industry_without_a_pack_has_no_kinds(decide: Decide) -> None:
    with pytest.raises(EnquiryNotInIndustry) as raised:
        decide(industry=Industry.RETAIL)
    assert raised.value.allowed == ()


@pytest.mark.parametrize("places", [(), ("XX",), ("SE", "XX")])
def test_an_unknown_jurisdiction_or_none_is_refused(decide: Decide, places: tuple[str, ...]) -> None:
    with pytest.raises(UnknownJurisdiction) as raised:
        decide(jurisdictions=places)
    assert "SE" in raised.value.allowed


def test_an_unknown_scope_is_refused_with_the_vocabulary(decide: Decide) -> None:
    with pytest.raises(UnknownScope) as raised:
        decide(scope=("anything",))
    assert raised.value.allowed == tuple(sorted(Scope))


def test_jurisdictions_reach_up_to_what_stands_over_them() -> None:
    assert reach(["SE"]) == {"SE", "EU", "EEA"}
    assert reach(["NO", "US-CA"]) == {"NO", "EEA", "US-CA", "US"}
    assert reach(["GB"]) == {"GB", "UK"}
    assert len([code for code, parent in PARENT.items() if parent == "EU"]) == 27


def test_the_clock_runs_from_the_request_until_the_hand_over(decide: Decide) -> None:
    def left(**talk: Any) -> int | None:
        found: int | None = _owed(decide(**talk))["offer_human"].minutes_left
        return found

    assert left() is None
    assert left(human_requested_minutes_ago=1) == 2
    assert left(human_requested_minutes_ago=9) == 0
    assert left(human_requested_minutes_ago=9, handoff_recorded=True) is None


_SHOWN = [
    ({"first_ai_message": True}, ("ai_chat",)),
    ({}, ("ai_chat",)),
    ({"disclosure_shown": True}, ()),
    ({"disclosure": DisclosureMode.SHOWN_BEFORE}, ()),
    ({"disclosure": DisclosureMode.SHOWN_BEFORE, "first_ai_message": True}, ("ai_chat",)),
    ({"disclosure_shown": True, "last_authorship": Authorship.AI}, ()),
    ({"disclosure_shown": True, "last_authorship": Authorship.HUMAN}, ("ai_chat",)),
    ({"disclosure_shown": True, "scope": ("identity_question",)}, ("ai_chat",)),
    ({"disclosure_shown": True, "human_requested_minutes_ago": 0}, ("handoff",)),
    ({"disclosure_shown": True, "human_requested_minutes_ago": 0, "handoff_recorded": True}, ()),
    ({"channel": Channel.PHONE}, ("ai_voice",)),
    ({"channel": Channel.PHONE, "direction": Direction.OUTBOUND}, ("ai_call",)),
    ({"channel": Channel.SMS}, ()),
    ({"authorship": Authorship.AI_ASSISTED}, ("assisted",)),
    ({"authorship": Authorship.AI_ASSISTED, "channel": Channel.LETTER}, ("assisted", "letter")),
]


@pytest.mark.parametrize(("facts", "keys"), _SHOWN)
def test_texts_are_shown_when_and_where_they_belong(decide: Decide, facts: dict[str, Any], keys: tuple[str]) -> None:
    assert decide(**facts).text_keys == keys


def test_a_message_that_is_read_alone_says_everything_itself(shipped: PolicyFolder, make_facts: Make) -> None:
    facts = make_facts(channel=Channel.EMAIL, disclosure_shown=True, last_authorship=Authorship.AI)
    assert "ai_email" in evaluate(shipped.policies, facts).text_keys


def test_the_layers_and_their_digest_say_which_files_decided(small: PolicyFolder, decide: Decide) -> None:
    decision = decide()
    assert [layer.name for layer in decision.layers] == ["bank", "EU", "obligations", "sources"]
    assert decision.name == "bank+EU"
    assert decision.version == "1+1+1+1"
    assert decision.digest != decide(jurisdictions=("NO",)).digest
    in_force = layers_in_force(small.policies, industry=Industry.BANK, jurisdictions=["SE"], on=date(2026, 11, 22))
    assert in_force == decision.layers


def test_the_same_facts_give_the_same_decision_with_and_without_memory(
    small: PolicyFolder, make_facts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies, facts = replace(small.policies, memo={}), make_facts(enquiry=Enquiry.COMPLAINT)
    first = evaluate(policies, facts)
    assert evaluate(policies, facts) is first
    monkeypatch.setattr(module, "_MEMO_LIMIT", 1)
    assert evaluate(policies, make_facts(vulnerable=True)) != first
    assert len(policies.memo) == 1
    assert evaluate(policies, facts) == first


def test_a_decision_has_a_canonical_json_form(decide: Decide) -> None:
    for facts in ({}, {"enquiry": Enquiry.COMPLAINT}, {"human_requested_minutes_ago": 1}):
        decision = decide(**facts)
        plain = decision_to_json(decision)
        assert plain["verdict"] == decision.verdict
        assert format_canonical_json(plain)


_CONDITIONS = [
    ({"industries": frozenset({Industry.BANK})}, True),
    ({"industries": frozenset({Industry.RETAIL})}, False),
    ({"enquiries": frozenset({Enquiry.CLAIM})}, False),
    ({"authorship": frozenset({Authorship.AI})}, True),
    ({"channels": frozenset({Channel.SMS})}, False),
    ({"directions": frozenset({Direction.INBOUND})}, True),
    ({"purposes": frozenset({Purpose.SALES})}, False),
    ({"roles": frozenset({Role.PEER})}, False),
    ({"flags": frozenset({OperatorFlag.ONLINE_PLATFORM})}, True),
    ({"flags": frozenset({OperatorFlag.AI_ACT_PROVIDER})}, False),
    ({"scopes": frozenset({Scope.REFUSAL, Scope.PAYEE})}, True),
    ({"scopes": frozenset({Scope.PAYEE})}, False),
    ({"vulnerable": False}, True),
    ({"vulnerable": True}, False),
    ({"ai_system_registered": True}, True),
    ({"ai_system_registered": False}, False),
]


@pytest.mark.parametrize(("parts", "expected"), _CONDITIONS)
def test_a_condition_holds_when_every_part_given_holds(make_facts: Make, parts: dict[str, Any], expected: bool) -> None:
    facts = make_facts(scope=("refusal",), operator_flags=("online_platform",))
    assert holds(Condition(**parts), facts) is expected


def test_an_overlay_rule_is_silent_while_its_law_is_not_in_force(
    files: dict[str, str], small: PolicyFolder, make_facts: Make
) -> None:
    text = files["overlays/EU.yaml"].replace('from: "2026-08-02"', 'from: "2020-01-01"')
    overlay = load_overlay(text, file="x", vocabulary=small.policies.vocabulary)
    policies = CompiledPolicies(
        vocabulary=small.policies.vocabulary, packs=small.policies.packs, overlays=(overlay,), days=small.policies.days
    )
    before = evaluate(policies, make_facts(on=date(2026, 8, 1)))
    assert [rule.id for rule in before.rules] == ["bank.informational.ai"]
    assert before.name == "bank+EU"
