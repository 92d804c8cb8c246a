"""Whoever holds the links of a conversation sees what is missing, altered, reordered, or silently changed."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.event.kinds import DisclosureShown, Handoff, HumanJoined, HumanRequested, Speaker
from sigill.report.chain import ChainFault, ChainFaultName, check_chain
from sigill.seal.claims import ConversationClaim
from sigill.seal.token import previous_hash
from sigill.vocabulary import Authorship, DisclosureMode, Role
from tests.builders_event_vectors import whole_talk
from tests.builders_events import EVENT_SIGNER, Talk, event_trust
from tests.builders_seal import NOW, SIGNER, MemorySigner, make_case, make_trust, some_hash

WHOLE = whole_talk()
TO_HUMAN = Handoff(Speaker.AI, Speaker.HUMAN)
TO_AI = Handoff(Speaker.HUMAN, Speaker.AI)


def faults(talk: Talk) -> list[tuple[str, int | None]]:
    return [(fault.name.value, fault.seq) for fault in check_chain(talk.links, trust=talk.trust)]


def test_a_whole_conversation_has_no_fault_in_any_order_and_with_doubles() -> None:
    assert check_chain([], trust=WHOLE.trust) == ()
    for links in (WHOLE.links, WHOLE.links[::-1], WHOLE.links * 2, [link + "~" for link in WHOLE.links[1:2]]):
        found = check_chain(links, trust=WHOLE.trust)
        assert {fault.name for fault in found} <= {ChainFaultName.MISSING}
    assert check_chain(WHOLE.links, trust=WHOLE.trust) == ()


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(WHOLE.links), taken=st.sets(st.integers(0, len(WHOLE.links) - 1), max_size=4))
def test_whatever_is_taken_out_is_missed_unless_it_stood_at_the_end(order: list[str], taken: set[int]) -> None:
    kept = [link for link in order if WHOLE.links.index(link) not in taken]
    found = check_chain(kept, trust=WHOLE.trust)
    assert {fault.name for fault in found} <= {ChainFaultName.MISSING}
    missed = {seq - 1 for fault in found for seq in range(fault.seq or 0, (fault.last or 0) + 1)}
    held = [WHOLE.links.index(link) for link in kept]
    assert missed == {place for place in taken if any(place < other for other in held)}


@settings(max_examples=60, deadline=None)
@given(taken=st.sets(st.integers(0, len(WHOLE.links) - 1), max_size=5), pick=st.data())
def test_what_was_erased_is_not_missing_and_what_stands_behind_it_points_at_it(
    taken: set[int], pick: st.DataObject
) -> None:
    kept = [link for place, link in enumerate(WHOLE.links) if place not in taken]
    left = {place + 1: previous_hash(WHOLE.links[place]) for place in taken}
    found = check_chain(kept, trust=WHOLE.trust, erased=left)
    assert {fault.name for fault in found} <= {ChainFaultName.SILENT_CHANGE}
    assert found == ()
    watched = [seq for seq in left if seq < len(WHOLE.links) and seq not in taken]
    if watched:
        seq = pick.draw(st.sampled_from(watched))
        wrong = check_chain(kept, trust=WHOLE.trust, erased=left | {seq: some_hash(7)})
        assert [(fault.name, fault.seq) for fault in wrong] == [(ChainFaultName.ALTERED, seq + 1)]


@settings(max_examples=60, deadline=None)
@given(links=st.lists(st.text(max_size=20) | st.sampled_from([*WHOLE.links, make_case().seal]), max_size=8))
def test_whatever_is_given_it_answers(links: list[str]) -> None:
    for fault in check_chain(links, trust=WHOLE.trust):
        assert fault.given is None or 0 <= fault.given < len(links)


@pytest.mark.parametrize("place", range(len(WHOLE.links)))
def test_a_flipped_bit_in_a_signature_is_named_and_the_link_missed(place: int) -> None:
    head, _, signature = WHOLE.links[place].rpartition(".")
    other = ("B" if signature[5] == "A" else "A").join((signature[:5], signature[6:]))
    links = [*WHOLE.links[:place], f"{head}.{other}", *WHOLE.links[place + 1 :]]
    found = {fault.name for fault in check_chain(links, trust=WHOLE.trust)}
    last = place == len(WHOLE.links) - 1
    assert found == {ChainFaultName.SIGNATURE} | (set() if last else {ChainFaultName.MISSING})


def test_a_seals_key_signs_no_event_and_an_events_key_no_seal() -> None:
    assert faults(Talk().say(Authorship.AI, signer=EVENT_SIGNER)) == [("signature", 1)]
    assert faults(Talk().happen(HumanRequested(), signer=SIGNER)) == [("signature", 1)]


def test_a_key_that_was_not_good_then_signs_nothing() -> None:
    links = Talk().happen(HumanRequested()).links
    for trust in (
        event_trust(compromised_at=NOW + timedelta(days=3)),
        event_trust(valid_from=NOW + timedelta(seconds=1)),
        event_trust(valid_until=NOW),
        make_trust(make_case().log),
    ):
        assert [fault.name for fault in check_chain(links, trust=trust)] == [ChainFaultName.SIGNATURE]


def test_a_thousand_fakes_do_not_make_the_real_one_the_odd_one_out() -> None:
    fakes = Talk(id="01JD8Z6Q2V4T7M9K3C5B1A0XYY")
    for _ in range(10):
        fakes.say(Authorship.AI, signer=MemorySigner(62))
    found = check_chain([*fakes.links, *WHOLE.links], trust=WHOLE.trust)
    assert {fault.name for fault in found} == {ChainFaultName.SIGNATURE}


def test_another_senders_conversation_of_the_same_id_is_another() -> None:
    other = Talk(operator_id="exempelbolaget").say(Authorship.AI).links
    found = check_chain([*WHOLE.links, *other], trust=WHOLE.trust)
    assert [(fault.name, fault.given) for fault in found] == [(ChainFaultName.OTHER_CONVERSATION, len(WHOLE.links))]


def test_a_seal_of_no_conversation_does_not_belong() -> None:
    alone = Talk().say(Authorship.AI, conv=None)
    expected = ChainFault(ChainFaultName.OTHER_CONVERSATION, given=0)
    assert check_chain(alone.links, trust=alone.trust) == (expected,)


@pytest.mark.parametrize("far", [2, 3, 2**53 - 1])
def test_a_gap_is_one_fault_however_wide(far: int) -> None:
    talk = Talk().happen(HumanRequested(), conv=ConversationClaim(id="c", seq=far, prev=some_hash(1)))
    (fault,) = check_chain(talk.links, trust=talk.trust)
    assert (fault.name, fault.seq, fault.last) == (ChainFaultName.MISSING, 1, far - 1)


def test_ai_and_person_may_take_turns_where_an_event_says_so() -> None:
    talk = Talk().say(Authorship.AI).happen(TO_HUMAN).say(Authorship.HUMAN).happen(TO_AI).say(Authorship.AI)
    assert faults(talk.happen(HumanJoined()).say(Authorship.AI_ASSISTED)) == []


def test_help_by_ai_is_no_change_of_author() -> None:
    assert faults(Talk().say(Authorship.HUMAN).say(Authorship.AI_ASSISTED).say(Authorship.HUMAN)) == []


def test_a_silent_change_is_named_in_both_directions() -> None:
    talk = Talk().say(Authorship.AI).say(Authorship.HUMAN).say(Authorship.AI).say(Authorship.AI)
    assert faults(talk) == [("silent_change", 2), ("silent_change", 3)]


@pytest.mark.parametrize("said", [HumanRequested(), DisclosureShown(DisclosureMode.INLINE), TO_AI])
def test_an_event_that_announces_nobody_new_leaves_the_change_silent(
    said: HumanRequested | DisclosureShown | Handoff,
) -> None:
    assert faults(Talk().say(Authorship.AI).happen(said).say(Authorship.HUMAN)) == [("silent_change", 3)]


def test_a_person_who_joined_announces_no_ai() -> None:
    talk = Talk().say(Authorship.HUMAN).happen(HumanJoined()).say(Authorship.AI)
    assert faults(talk) == [("silent_change", 3)]


def test_a_hand_off_counts_once() -> None:
    talk = Talk().say(Authorship.AI).happen(TO_HUMAN).say(Authorship.HUMAN).happen(TO_AI).say(Authorship.AI)
    assert faults(talk.say(Authorship.HUMAN)) == [("silent_change", 6)]


def test_who_hands_over_may_speak_on_until_the_other_does() -> None:
    assert faults(Talk().say(Authorship.AI).happen(TO_HUMAN).say(Authorship.AI).say(Authorship.HUMAN)) == []


def test_of_two_announcements_the_last_one_holds() -> None:
    talk = Talk().say(Authorship.AI).happen(HumanJoined()).happen(TO_AI).say(Authorship.HUMAN)
    assert faults(talk) == [("silent_change", 4)]


def test_a_peer_speaks_for_nobody_so_no_author_changed() -> None:
    talk = Talk().say(Authorship.AI)
    claims = make_case(by=Authorship.HUMAN).claims
    peer = type(claims.auth)(by=Authorship.HUMAN, role=Role.PEER, oversight=None, dst=claims.auth.dst)
    assert faults(talk.say(Authorship.HUMAN, auth=peer).say(Authorship.AI)) == []


def test_over_a_gap_or_a_fork_nothing_is_said_of_the_author() -> None:
    gap = Talk().say(Authorship.AI).happen(TO_HUMAN).say(Authorship.HUMAN)
    del gap.links[1]
    assert faults(gap) == [("missing", 2)]
    fork = Talk().say(Authorship.AI).happen(TO_HUMAN)
    other = Talk(links=fork.links[:1]).say(Authorship.HUMAN).links[1]
    fork.say(Authorship.HUMAN)
    fork.links.append(other)
    assert faults(fork) == [("forked", 2), ("forked", 2)]
