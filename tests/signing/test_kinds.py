"""What messages of one kind share is worked out once, and never longer kept than it is true."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.chain import ChainState, Link, after_message
from policies.library import PolicyLibrary
from registry.errors import AiSystemUnknown
from registry.model import Evidence, EvidenceKind, Operator
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from sigill.vocabulary import Authorship, Channel, Enquiry, Language
from signing import kinds as kinds_module
from signing.errors import RequestInvalid
from signing.kinds import Kind, Kinds
from signing.request import Declared
from tests.builders_deployment import NOW, Deployment, deploy, operator
from tests.builders_seal import ISSUER, some_hash

NOON = datetime(NOW.year, NOW.month, NOW.day, 12, tzinfo=UTC)
BANK = operator()
ASKED = Declared(authorship=Authorship.AI, channel=Channel.CHAT, enquiry=Enquiry.INFORMATIONAL)
BEGUN = ChainState(id="01JD8Z6Q2V4T7M9K3C5B1A0XYZ")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyLibrary]:
    made: Deployment = deploy(tmp_path_factory.mktemp("kinds"))
    yield made.services.policies
    made.services.engine.dispose()


class Counting:
    """The policies, counting how often they are asked."""

    def __init__(self, library: PolicyLibrary) -> None:
        self._library = library
        self.asked: list[Facts] = []

    def decide(self, facts: Facts) -> Decision:
        self.asked.append(facts)
        return self._library.decide(facts)


@pytest.fixture
def policies(library: PolicyLibrary) -> Counting:
    return Counting(library)


@pytest.fixture
def kinds(policies: Counting) -> Kinds:
    counting: Any = policies
    return Kinds(counting, issuer=ISSUER)


def kind_of(
    kinds: Kinds,
    declared: Declared = ASKED,
    *,
    who: Operator = BANK,
    chain: ChainState | None = None,
    at: datetime = NOON,
) -> Kind:
    return kinds.kind_of(declared, operator=who, chain=chain, at=at)


def test_the_same_kind_is_the_same_value_and_decided_once(kinds: Kinds, policies: Counting) -> None:
    first = kind_of(kinds)
    assert kind_of(kinds, replace(ASKED)) is first
    assert kind_of(kinds, at=NOON + timedelta(hours=1)) is first
    assert kind_of(kinds, chain=BEGUN) is first
    assert len(policies.asked) == 1


def test_whatever_is_declared_otherwise_is_another_kind(kinds: Kinds) -> None:
    others = [
        replace(ASKED, authorship=Authorship.HUMAN),
        replace(ASKED, channel=Channel.EMAIL),
        replace(ASKED, enquiry=Enquiry.COMPLAINT),
        replace(ASKED, language=Language.DA),
        replace(ASKED, jurisdiction="NO"),
        replace(ASKED, vulnerable=True),
        replace(ASKED, ai_system="saga"),
    ]
    assert len({id(kind_of(kinds, declared)) for declared in (ASKED, *others)}) == len(others) + 1


def test_another_value_of_an_operator_has_kinds_of_its_own(kinds: Kinds) -> None:
    changed = replace(BANK, name="Nya banken", revision=1)
    assert kind_of(kinds, who=changed).operator is changed
    assert kind_of(kinds, who=replace(BANK)) is not kind_of(kinds)
    assert kind_of(kinds).operator is BANK


def test_the_state_of_the_conversation_is_part_of_the_kind(kinds: Kinds) -> None:
    spoken = after_message(BEGUN, Link(some_hash(1), Authorship.AI, discloses=True))
    again = after_message(spoken, Link(some_hash(2), Authorship.AI, discloses=False))
    first, second = kind_of(kinds, chain=BEGUN), kind_of(kinds, chain=spoken)
    assert first is not second
    assert kind_of(kinds, chain=again) is second
    assert second.facts.conversation.disclosure_shown
    waiting = replace(again, human_requested_at=NOON)
    kinds_by_minute = [kind_of(kinds, chain=waiting, at=NOON + timedelta(minutes=n)) for n in (1, 2)]
    assert [kind.facts.conversation.human_requested_minutes_ago for kind in kinds_by_minute] == [1, 2]
    assert kind_of(kinds, chain=waiting, at=NOON + timedelta(minutes=1, seconds=59)) is kinds_by_minute[0]


def test_a_kind_lasts_until_midnight_and_not_a_moment_longer(kinds: Kinds) -> None:
    first = kind_of(kinds)
    midnight = datetime(NOON.year, NOON.month, NOON.day, tzinfo=UTC) + timedelta(days=1)
    assert kind_of(kinds, at=midnight - timedelta(microseconds=1)) is first
    tomorrow = kind_of(kinds, at=midnight)
    assert tomorrow is not first
    assert tomorrow.facts.on == midnight.date()


def test_a_kind_lasts_no_longer_than_the_evidence_it_rests_on(kinds: Kinds) -> None:
    def held(kind: EvidenceKind, begin: datetime, end: datetime) -> Evidence:
        return Evidence(id=kind, kind=kind, method="m", checked_by="c", valid_from=begin, valid_until=end)

    hour = timedelta(hours=1)
    who = replace(
        BANK,
        evidence=(
            held(EvidenceKind.DOMAIN, NOON - hour, NOON + 2 * hour),
            held(EvidenceKind.REGISTER, NOON + hour, NOON + 9 * hour),
        ),
    )
    times = [NOON, NOON + hour - timedelta(microseconds=1), NOON + hour, NOON + 2 * hour]
    levels = [kind_of(kinds, who=who, at=at).facts.assurance_level for at in times]
    assert levels == [1, 1, 2, 0]


def test_a_clock_that_steps_back_gets_no_kind_of_a_later_time(kinds: Kinds) -> None:
    first = kind_of(kinds)
    earlier = kind_of(kinds, at=NOON - timedelta(days=1))
    assert earlier is not first
    assert earlier.facts.on == (NOON - timedelta(days=1)).date()
    assert kind_of(kinds, at=NOON).facts.on == NOON.date()


def test_no_more_kinds_are_kept_than_there_is_room_for_the_least_used_forgotten_first(
    kinds: Kinds, policies: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds_module, "MAX_KINDS", 3)
    one, two, three, four = (replace(ASKED, jurisdiction=place) for place in ("SE", "NO", "DK", "FI"))
    for declared in (one, two, three, one, four):
        kind_of(kinds, declared)
    assert len(policies.asked) == 4
    kind_of(kinds, one)
    assert len(policies.asked) == 4
    kind_of(kinds, two)
    assert len(policies.asked) == 5


@pytest.mark.parametrize(
    ("declared", "error"),
    [
        (replace(ASKED, ai_system="hal"), AiSystemUnknown),
        (replace(ASKED, authorship=Authorship.HUMAN, ai_system="saga"), RequestInvalid),
    ],
)
def test_what_is_no_kind_is_said_every_time_and_not_kept(
    kinds: Kinds, policies: Counting, declared: Declared, error: type[Exception]
) -> None:
    for _ in range(2):
        with pytest.raises(error):
            kind_of(kinds, declared)
    assert policies.asked == []


def test_any_number_of_threads_may_ask(kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds_module, "MAX_KINDS", 2)
    wrong: list[object] = []

    def work() -> None:
        for place in ("SE", "NO", "DK") * 10:
            found = kind_of(kinds, replace(ASKED, jurisdiction=place)).facts.jurisdictions
            wrong.extend([found] if found != (place,) else [])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
