"""Issuing seals below HTTP: chains under conflict, collisions, salts, evidence that runs out, and what is refused."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.model import AiSystem, Environment, Evidence, EvidenceKind, OperatorId
from sigill.encoding.ulid import format_ulid
from sigill.errors import Malformed, SigillError
from sigill.policy.decision import decision_to_json
from sigill.policy.words import Verdict
from sigill.seal.token import parse_seal, previous_hash
from sigill.text.codes import Code, make_code
from sigill.vocabulary import Authorship, Channel, Direction, Draft, Enquiry, Industry, Language, Role
from signing import sealing
from signing.errors import ConversationBusy, Refused, RequestInvalid
from signing.facts import direction_of, language_of
from signing.issue import decide, issue_seal
from signing.issued import IssuedSeal
from signing.line import Line
from signing.messages import load_message
from signing.request import Digest, SignRequest, make_request
from signing.turns import MAX_TRIES
from signing.world import SigningWorld
from tests.builders_deployment import NOW, TEXT, Deployment, deploy, operator

BANK = operator()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = deploy(tmp_path_factory.mktemp("issue"))
    yield made
    made.services.engine.dispose()


@pytest.fixture
def world(shared: Deployment) -> SigningWorld:
    return shared.services.signing


def ask(**changes: Any) -> SignRequest:
    values: dict[str, Any] = {
        "authorship": Authorship.HUMAN,
        "channel": Channel.CHAT,
        "enquiry": Enquiry.INFORMATIONAL,
        "text": TEXT,
    }
    return make_request(**(values | changes))


def chain_of(seals: list[IssuedSeal]) -> list[tuple[int, str | None, str]]:
    """Return position, `prev` and own hash of each seal of one conversation, by position."""
    found = []
    conversations = set()
    for issued in seals:
        seal = parse_seal(issued.seal)
        assert seal.claims.conv is not None
        found.append((seal.claims.conv.seq, seal.claims.conv.prev, previous_hash(seal.jws.text)))
        conversations.add(seal.claims.conv.id)
    assert len(conversations) == 1
    return sorted(found)


def check_unbroken(links: list[tuple[int, str | None, str]]) -> None:
    assert [seq for seq, _, _ in links] == list(range(1, len(links) + 1))
    assert [prev for _, prev, _ in links] == [None, *(own for _, _, own in links[:-1])]


def test_thirty_threads_on_one_conversation_end_in_an_unbroken_chain(deployment: Deployment) -> None:
    world = deployment.services.signing

    def send(number: int) -> IssuedSeal:
        return issue_seal(ask(text=f"Svar {number}", conversation="busy"), operator=BANK, world=world)

    with ThreadPoolExecutor(30) as pool:
        issued = list(pool.map(send, range(30)))
    links = chain_of(issued)
    assert len(links) == 30
    check_unbroken(links)
    assert sorted(item.index for item in issued) == list(range(30))


def racing(world: SigningWorld, race: Callable[[], None], *, times: int) -> SigningWorld:
    """Return a world in which somebody else is faster `times` times, between deciding and committing."""
    left = [times]

    def salt_key(operator_id: str, at: Any) -> bytes:
        if left[0]:
            left[0] -= 1
            race()
        return world.salt_key(operator_id, at)

    return replace(world, salt_key=salt_key, line=Line())  # in its own line: the others stand in the way


@pytest.mark.parametrize("begun", [False, True])
def test_who_lost_a_race_is_decided_and_signed_again_on_what_is_now(world: SigningWorld, *, begun: bool) -> None:
    conversation = f"race {begun}"
    first = [issue_seal(ask(conversation=conversation), operator=BANK, world=world)] if begun else []
    winners: list[IssuedSeal] = []

    def race() -> None:
        other = ask(conversation=conversation, authorship=Authorship.AI, text="Snabbare")
        winners.append(issue_seal(other, operator=BANK, world=world))

    loser = issue_seal(ask(conversation=conversation), operator=BANK, world=racing(world, race, times=2))
    check_unbroken(chain_of([*first, *winners, loser]))
    assert loser.facts.conversation.first_ai_message is False
    assert loser.facts.conversation.last_authorship is Authorship.AI


def test_who_loses_every_race_is_told_so_and_leaves_nothing(world: SigningWorld) -> None:
    def race() -> None:
        issue_seal(ask(conversation="lost"), operator=BANK, world=world)

    before = world.log.head("exempelbanken")
    with pytest.raises(ConversationBusy):
        issue_seal(ask(conversation="lost"), operator=BANK, world=racing(world, race, times=10**6))
    after = world.log.head("exempelbanken")
    assert before is not None
    assert after is not None
    assert after.size == before.size + MAX_TRIES


def test_a_code_that_is_taken_is_drawn_again(world: SigningWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = ["0" * 12, "0" * 12, "0" * 11 + "1"]
    monkeypatch.setattr(sealing, "make_code", lambda _randomness: Code(drawn.pop(0)))
    first, second = (issue_seal(ask(), operator=BANK, world=world) for _ in range(2))
    assert (first.code, second.code) == ("0" * 12, "0" * 11 + "1")
    assert drawn == []


def test_codes_and_ids_are_drawn_from_the_world_s_randomness(world: SigningWorld) -> None:
    drawn: list[int] = []

    def random(count: int) -> bytes:
        drawn.append(count)
        return bytes([7]) * count

    issued = issue_seal(ask(conversation="drawn"), operator=BANK, world=replace(world, random=random))
    assert issued.code == make_code(bytes([7]) * 8)
    assert issued.jti[10:] == format_ulid(at=NOW, randomness=bytes([7]) * 10)[10:]
    assert sum(drawn) == 10 + 8 + 16 + 10  # the id, the code, the salt of the facts, the conversation's id


def test_the_same_words_twice_have_nothing_in_common(world: SigningWorld) -> None:
    request = ask(recipient="+46701740605", agent="7", conversation="salts")
    first, second = (issue_seal(request, operator=BANK, world=world) for _ in range(2))
    one, two = parse_seal(first.seal), parse_seal(second.seal)
    assert {item.salt for item in one.disclosures}.isdisjoint(item.salt for item in two.disclosures)
    assert len({item.salt for item in one.disclosures}) == len(one.disclosures) == 7
    assert set(one.claims.sd).isdisjoint(two.claims.sd)
    assert one.claims.rcp != two.claims.rcp
    assert one.claims.pol.fd != two.claims.pol.fd
    assert first.code != second.code


def test_evidence_that_ran_out_lowers_the_level_in_the_seal(world: SigningWorld) -> None:
    def held(until: Any) -> tuple[Evidence, ...]:
        kinds = (EvidenceKind.DOMAIN, EvidenceKind.REGISTER)
        return tuple(
            Evidence(
                id=kind, kind=kind, method="m", checked_by="c", valid_from=NOW - timedelta(days=2), valid_until=until
            )
            for kind in kinds
        )

    levels = [
        parse_seal(issue_seal(ask(), operator=replace(BANK, evidence=evidence), world=world).seal).claims.op.lvl
        for evidence in (held(NOW + timedelta(days=1)), held(NOW - timedelta(days=1)), ())
    ]
    assert levels == [2, 0, 0]


def test_a_test_operators_seal_says_so(world: SigningWorld) -> None:
    issued = issue_seal(ask(), operator=replace(BANK, environment=Environment.TEST), world=world)
    assert parse_seal(issued.seal).claims.op.test


def test_a_message_sealed_late_says_when_it_was_sent(world: SigningWorld) -> None:
    now = world.now().replace(microsecond=0)
    late, prompt, none = (
        parse_seal(issue_seal(ask(sent_at=sent), operator=BANK, world=world).seal).claims
        for sent in (now - timedelta(minutes=6), now - timedelta(minutes=4), None)
    )
    assert (late.late, late.sent) == (True, now - timedelta(minutes=6))
    assert (prompt.late, prompt.sent) == (False, now - timedelta(minutes=4))
    assert (none.late, none.sent) == (False, None)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sent_at": NOW - timedelta(days=365 * 60)}, "/sent_at"),
        ({"sent_at": NOW + timedelta(days=1)}, "/sent_at"),
        ({"agent": "a\nb"}, "/agent"),
        ({"agent": "a\u202eb"}, "/agent"),
        ({"text": None}, "/text"),
        ({"html": "<p>x</p>"}, "/text"),
        ({"text": "\n"}, "/text"),
        ({"text": None, "html": "<p> </p>"}, "/html"),
        ({"ai_system": "saga"}, "/ai"),
        ({"draft": Draft.AI}, "/draft"),
        ({"text": "Hej\nSigill 7K3F-9Q2M-XT4B"}, "/text"),
        ({"text": None, "html": "<p>" + '<a href="/x">x</a>' * 101 + "</p>"}, "/html"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused_before_it_is_logged(
    world: SigningWorld, changes: dict[str, Any], pointer: str
) -> None:
    before = world.log.head("exempelbanken")
    with pytest.raises(RequestInvalid) as raised:
        issue_seal(ask(**changes), operator=BANK, world=world)
    assert raised.value.pointer == pointer
    assert world.log.head("exempelbanken") == before


def test_which_ai_wrote_it_must_be_said_where_there_are_several(shared: Deployment, world: SigningWorld) -> None:
    pair = tuple(AiSystem(ref=ref, name=ref, provider=None, model=None, active=True) for ref in ("a", "b"))
    several, none = replace(BANK, ai_systems=pair), replace(BANK, ai_systems=())
    for who, allowed in ((several, ("a", "b")), (none, ())):
        with pytest.raises(RequestInvalid) as raised:
            decide(ask(authorship=Authorship.AI), operator=who, world=world)
        assert (raised.value.pointer, raised.value.allowed) == ("/ai/system", allowed)
    for_all = replace(several, id=OperatorId("flera"), identifier="NTRSE-TEST-flera", evidence=())
    shared.add(for_all)
    named = issue_seal(ask(authorship=Authorship.AI, ai_system="b"), operator=for_all, world=world)
    ai = parse_seal(named.seal).claims.ai
    assert ai is not None
    assert ai.system == "b"
    assisted = issue_seal(ask(authorship=Authorship.AI_ASSISTED), operator=for_all, world=world)
    assert parse_seal(assisted.seal).claims.ai is None


def test_a_decision_asked_for_is_the_decision_made_and_leaves_no_trace(world: SigningWorld) -> None:
    request = ask(authorship=Authorship.AI, enquiry=Enquiry.CREDIT_DECISION, conversation="asked")
    before = world.log.head("exempelbanken")
    facts, decision = decide(request, operator=BANK, world=world)
    assert decision.verdict is Verdict.DENY
    assert world.log.head("exempelbanken") == before
    with pytest.raises(Refused) as raised:
        issue_seal(request, operator=BANK, world=world)
    assert raised.value.decision == decision_to_json(decision)
    assert facts.conversation.first_ai_message


def test_a_refused_message_leaves_its_conversation_as_it_was(world: SigningWorld) -> None:
    issue_seal(ask(conversation="kept"), operator=BANK, world=world)
    with pytest.raises(Refused):
        issue_seal(
            ask(conversation="kept", authorship=Authorship.AI, enquiry=Enquiry.CREDIT_DECISION),
            operator=BANK,
            world=world,
        )
    after = parse_seal(issue_seal(ask(conversation="kept"), operator=BANK, world=world).seal)
    assert after.claims.conv is not None
    assert after.claims.conv.seq == 2


def test_a_conversations_reference_means_nothing_to_another_operator(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    world = deployment.services.signing
    ours = parse_seal(issue_seal(ask(conversation="1"), operator=BANK, world=world).seal)
    theirs = parse_seal(issue_seal(ask(conversation="1"), operator=operator("exempelel"), world=world).seal)
    assert ours.claims.conv is not None
    assert theirs.claims.conv is not None
    assert theirs.claims.conv.seq == 1
    assert ours.claims.conv.id != theirs.claims.conv.id


def test_a_message_is_found_by_its_operator_only(world: SigningWorld) -> None:
    issued = issue_seal(ask(), operator=BANK, world=world)
    assert load_message(issued.jti, operator_id="exempelbanken", world=world).code == issued.code
    assert load_message(issued.jti, operator_id=None, world=world).jws + "~" == issued.seal.split("~")[0] + "~"
    for jti, who in ((issued.jti, "exempelel"), ("nothing", "exempelbanken"), ("\x00", None)):
        with pytest.raises(SigillError, match="no message of yours"):
            load_message(jti, operator_id=who, world=world)


@pytest.mark.parametrize(
    ("channel", "declared", "direction"),
    [
        (Channel.CHAT, None, Direction.INBOUND),
        (Channel.PHONE, None, Direction.INBOUND),
        (Channel.EMAIL, None, Direction.OUTBOUND),
        (Channel.SMS, None, Direction.OUTBOUND),
        (Channel.CHAT, Direction.OUTBOUND, Direction.OUTBOUND),
    ],
)
def test_the_direction_is_the_declared_or_the_channels_usual_one(
    channel: Channel, declared: Direction | None, direction: Direction
) -> None:
    assert direction_of(ask(channel=channel, direction=declared).declared) is direction


def test_the_language_is_the_declared_or_the_places_or_english() -> None:
    assert language_of(ask(language=Language.FI).declared, BANK) is Language.FI
    assert language_of(ask(jurisdiction="ES").declared, BANK) is Language.ES
    assert language_of(ask().declared, replace(BANK, markets=("NO", "SE"))) is Language.NB
    assert language_of(ask(jurisdiction="US").declared, BANK) is Language.EN


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text("Hej åäö 9–17.!\t\n\r>&<", min_size=1) | words,
    authorship=st.sampled_from(Authorship),
    channel=st.sampled_from(Channel),
    role=st.sampled_from(Role),
    conversation=st.none() | words,
    agent=st.none() | words,
    recipient=st.none() | st.just("+46701740605") | st.builds(lambda ref: {"reference": ref}, words),
    sent_at=st.none() | st.datetimes().map(lambda at: at.replace(tzinfo=NOW.tzinfo)),
    industry=st.sampled_from(Industry),
)
def test_whatever_is_sealed_can_be_read_and_is_genuine_with_its_own_text(
    shared: Deployment, industry: Industry, text: str, recipient: Any, **changes: Any
) -> None:
    who = replace(BANK, industry=industry)
    request = ask(text=text, recipient=recipient, **changes)
    try:
        issued = issue_seal(request, operator=who, world=shared.services.signing)
    except (Refused, RequestInvalid, Malformed):
        return
    parse_seal(issued.seal)
    answer = shared.verify(seal=issued.seal, content=text, **({} if recipient is None else {"recipient": recipient}))
    assert answer["answer"] == "genuine"


def test_a_digest_is_sealed_as_it_was_brought(world: SigningWorld) -> None:
    digest = Digest(h="A" * 43, hx="A" * 43, n=0, links=("A" * 43,))
    seal = parse_seal(issue_seal(ask(text=None, digest=digest, files=("A" * 43,)), operator=BANK, world=world).seal)
    assert [item.value for item in seal.disclosures][:4] == [
        {"canon": "nu1", "h": "A" * 43},
        {"hx": "A" * 43, "n": 0},
        ["A" * 43],
        ["A" * 43],
    ]
