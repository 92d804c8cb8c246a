"""The state of a conversation: read, advanced once, and refused to whoever saw an older one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import Engine, func, select

from conversations.chain import ChainState, ChainStep, Link, after_message, load_chain, load_chains
from conversations.tables import conversation_entries, conversations
from sigill.event.kinds import Speaker, Wish
from sigill.vocabulary import Authorship
from storage.engine import reading, writing
from storage.times import to_ms
from tests.builders_deployment import NOW
from tests.builders_seal import some_hash
from transparency.append import Place
from transparency.errors import GuardFailed

BEGUN = ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ")
OTHER = ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYY")
MAC = some_hash(9)


def link(number: int, by: Authorship = Authorship.HUMAN, *, discloses: bool = False) -> Link:
    return Link(jws_hash=some_hash(number), by=by, discloses=discloses)


def step(
    before: ChainState | None, after: ChainState | None, *, mac: str = MAC, operator_id: str = "bank"
) -> ChainStep:
    jti = "none" if after is None else f"jti-{after.seq}"
    return ChainStep(operator_id=operator_id, reference_mac=mac, before=before, after=after, jti=jti, at=NOW)


def commit(engine: Engine, steps: Sequence[ChainStep]) -> list[bool]:
    """Commit steps as one batch; return which were let in."""
    with writing(engine) as connection:
        ledger = ChainStep.open(connection, steps)
        let_in = []
        for index, each in enumerate(steps):
            try:
                ledger.check(each)
            except GuardFailed:
                let_in.append(False)
                continue
            ledger.take(each, Place("bank", index))
            let_in.append(True)
        ledger.save(connection, {"bank": len(steps)})
    return let_in


def load(engine: Engine, *, mac: str = MAC, operator_id: str = "bank") -> ChainState | None:
    with reading(engine) as connection:
        return load_chain(connection, operator_id=operator_id, reference_mac=mac)


def entries(engine: Engine) -> list[tuple[str, int, str]]:
    with reading(engine) as connection:
        query = select(conversation_entries).order_by(
            conversation_entries.c.conversation_id, conversation_entries.c.seq
        )
        return [(row.conversation_id, row.seq, row.jti) for row in connection.execute(query)]


def go(engine: Engine, before: ChainState, added: Link) -> ChainState:
    after = after_message(before, added)
    assert commit(engine, [step(before, after)]) == [True]
    assert load(engine) == after
    return after


def test_a_conversation_remembers_its_last_message_and_whether_ai_ever_spoke(engine: Engine) -> None:
    assert load(engine) is None
    first = go(engine, BEGUN, link(1))
    assert first == ChainState(BEGUN.id, 1, some_hash(1), Authorship.HUMAN, human_joined=True)
    second = go(engine, first, link(2, Authorship.AI, discloses=True))
    assert (second.seq, second.last_hash, second.last_by) == (2, some_hash(2), Authorship.AI)
    assert (second.ai_has_spoken, second.disclosure_shown) == (True, True)
    third = go(engine, second, link(3))
    assert (third.seq, third.last_by, third.ai_has_spoken, third.disclosure_shown) == (3, Authorship.HUMAN, True, True)
    assert entries(engine) == [(BEGUN.id, 1, "jti-1"), (BEGUN.id, 2, "jti-2"), (BEGUN.id, 3, "jti-3")]


def test_all_of_a_state_comes_back_as_it_was_kept(engine: Engine) -> None:
    whole = ChainState(
        id=BEGUN.id,
        seq=1,
        last_hash=some_hash(1),
        last_by=Authorship.AI,
        ai_has_spoken=True,
        disclosure_shown=True,
        announced=Speaker.HUMAN,
        human_joined=True,
        human_requested_at=NOW - timedelta(minutes=3),
        preference=Wish.HUMAN,
        ended_at=NOW,
    )
    assert commit(engine, [step(BEGUN, whole)]) == [True]
    assert load(engine) == whole


def test_assistance_is_not_speaking() -> None:
    assert not after_message(BEGUN, link(1, Authorship.AI_ASSISTED)).ai_has_spoken


def test_a_persons_message_answers_the_wish_for_one_and_any_message_reopens_what_ended() -> None:
    waiting = replace(BEGUN, seq=4, human_requested_at=NOW, announced=Speaker.HUMAN, ended_at=NOW)
    ai = after_message(waiting, link(5, Authorship.AI))
    assert (ai.human_requested_at, ai.announced, ai.human_joined, ai.ended_at) == (NOW, Speaker.HUMAN, False, None)
    human = after_message(waiting, link(5))
    assert (human.human_requested_at, human.announced, human.human_joined, human.ended_at) == (None, None, True, None)


def test_several_messages_of_one_conversation_stand_in_one_batch_and_are_written_once(engine: Engine) -> None:
    states = [BEGUN]
    for number in range(1, 5):
        states.append(after_message(states[-1], link(number)))
    steps = [step(before, after) for before, after in pairwise(states)]
    assert commit(engine, steps) == [True] * 4
    assert load(engine) == states[-1]
    assert [seq for _, seq, _ in entries(engine)] == [1, 2, 3, 4]


def test_in_one_batch_only_one_begins_a_conversation_and_a_loser_leaves_no_gap(engine: Engine) -> None:
    first = after_message(BEGUN, link(1))
    steps = [
        step(BEGUN, first),
        step(OTHER, after_message(OTHER, link(2))),
        step(None, None),
        step(first, after_message(first, link(3))),
        step(first, after_message(first, link(4))),
    ]
    assert commit(engine, steps) == [True, False, False, True, False]
    assert entries(engine) == [(BEGUN.id, 1, "jti-1"), (BEGUN.id, 2, "jti-2")]


def test_only_one_begins_a_conversation(engine: Engine) -> None:
    first = go(engine, BEGUN, link(1))
    for again in (BEGUN, OTHER):
        assert commit(engine, [step(again, after_message(again, link(2)))]) == [False]
    assert load(engine) == first
    assert len(entries(engine)) == 1


def test_who_saw_an_older_state_is_refused(engine: Engine) -> None:
    first = go(engine, BEGUN, link(1))
    second = go(engine, first, link(2))
    assert commit(engine, [step(first, after_message(first, link(3)))]) == [False]
    assert load(engine) == second


def test_the_same_place_in_another_conversation_is_no_match(engine: Engine) -> None:
    first = go(engine, BEGUN, link(1))
    stranger = replace(first, id=OTHER.id)
    assert commit(engine, [step(stranger, after_message(stranger, link(2)))]) == [False]
    assert load(engine) == first


def test_the_same_reference_at_another_operator_is_another_conversation(engine: Engine) -> None:
    ours, theirs = after_message(BEGUN, link(1)), after_message(OTHER, link(1))
    assert commit(engine, [step(BEGUN, ours), step(OTHER, theirs, operator_id="telco")]) == [True, True]
    assert (load(engine), load(engine, operator_id="telco")) == (ours, theirs)


def test_who_only_looks_is_let_in_as_long_as_nothing_changed_and_changes_nothing(engine: Engine) -> None:
    assert commit(engine, [step(None, None)]) == [True]
    first = go(engine, BEGUN, link(1))
    with reading(engine) as connection:
        before = connection.execute(select(conversations)).all()
    assert commit(engine, [step(first, None), step(None, None), step(BEGUN, None)]) == [True, False, False]
    with reading(engine) as connection:
        assert connection.execute(select(conversations)).all() == before
    go(engine, first, link(2))
    assert commit(engine, [step(first, None)]) == [False]


def test_a_conversation_knows_when_it_last_moved(engine: Engine) -> None:
    first = go(engine, BEGUN, link(1))
    later = replace(step(first, after_message(first, link(2))), at=NOW + timedelta(hours=1))
    assert commit(engine, [later]) == [True]
    with reading(engine) as connection:
        assert connection.scalars(select(conversations.c.updated_at_ms)).all() == [to_ms(later.at)]


def test_any_number_of_conversations_is_loaded_at_once(engine: Engine) -> None:
    states = {
        ("bank", f"{number:043d}"): after_message(ChainState(f"{number:026d}"), link(number)) for number in range(1100)
    }
    steps = [step(None, state, mac=mac) for (_, mac), state in states.items()]
    assert all(commit(engine, steps))
    with reading(engine) as connection:
        assert load_chains(connection, [*states, ("bank", MAC), ("telco", f"{1:043d}")]) == states
        assert connection.scalar(select(func.count()).select_from(conversation_entries)) == 1100
        assert load_chains(connection, []) == {}
