"""The state of a conversation: read, advanced once, and refused to whoever saw an older one."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from conversations.chain import ChainState, Link, advance, load_chain, unchanged
from sigill.vocabulary import Authorship
from storage.engine import make_engine, writing
from storage.migrate import migrate
from tests.builders_deployment import NOW
from tests.builders_seal import some_hash
from transparency.errors import GuardFailed

BEGUN = ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ")
MAC = some_hash(9)


@pytest.fixture
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('chain') / 'sigill.db'}")
    migrate(engine)
    with writing(engine) as found:
        yield found
    engine.dispose()


def link(number: int, by: Authorship = Authorship.HUMAN, *, discloses: bool = False) -> Link:
    return Link(jws_hash=some_hash(number), by=by, discloses=discloses, at=NOW)


def go(connection: Connection, before: ChainState, step: Link, *, operator_id: str = "bank") -> ChainState:
    with connection.begin_nested():
        advance(before, step, operator_id=operator_id, reference_mac=MAC)(connection)
    after = load_chain(connection, operator_id=operator_id, reference_mac=MAC)
    assert after is not None
    return after


def test_a_conversation_remembers_its_last_message_and_whether_ai_ever_spoke(connection: Connection) -> None:
    assert load_chain(connection, operator_id="bank", reference_mac=MAC) is None
    first = go(connection, BEGUN, link(1))
    assert first == ChainState(BEGUN.id, 1, some_hash(1), Authorship.HUMAN)
    second = go(connection, first, link(2, Authorship.AI, discloses=True))
    assert second == ChainState(BEGUN.id, 2, some_hash(2), Authorship.AI, ai_has_spoken=True, disclosure_shown=True)
    third = go(connection, second, link(3))
    assert third == ChainState(BEGUN.id, 3, some_hash(3), Authorship.HUMAN, ai_has_spoken=True, disclosure_shown=True)


def test_assistance_is_not_speaking(connection: Connection) -> None:
    assert not go(connection, BEGUN, link(1, Authorship.AI_ASSISTED)).ai_has_spoken


def test_only_one_begins_a_conversation(connection: Connection) -> None:
    first = go(connection, BEGUN, link(1))
    for again in (BEGUN, ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYY")):
        with pytest.raises(GuardFailed, match="begun meanwhile"):
            go(connection, again, link(2))
    assert load_chain(connection, operator_id="bank", reference_mac=MAC) == first


def test_who_saw_an_older_state_is_refused(connection: Connection) -> None:
    first = go(connection, BEGUN, link(1))
    second = go(connection, first, link(2))
    with pytest.raises(GuardFailed, match="went on meanwhile"):
        go(connection, first, link(3))
    assert load_chain(connection, operator_id="bank", reference_mac=MAC) == second


def test_the_same_reference_at_another_operator_is_another_conversation(connection: Connection) -> None:
    go(connection, BEGUN, link(1))
    other = go(connection, ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYY"), link(1), operator_id="telco")
    assert other.id != BEGUN.id


def test_a_fault_of_another_kind_is_not_taken_for_a_conversation_begun(connection: Connection) -> None:
    go(connection, BEGUN, link(1))
    with pytest.raises(IntegrityError):
        go(connection, BEGUN, link(1), operator_id="telco")


def test_who_only_looks_is_let_in_as_long_as_nothing_changed(connection: Connection) -> None:
    def look(before: ChainState | None) -> None:
        unchanged(before, operator_id="bank", reference_mac=MAC)(connection)

    look(None)
    first = go(connection, BEGUN, link(1))
    look(first)
    with pytest.raises(GuardFailed):
        look(None)
    second = go(connection, first, link(2))
    with pytest.raises(GuardFailed):
        look(first)
    look(second)
    assert load_chain(connection, operator_id="bank", reference_mac=MAC) == second
