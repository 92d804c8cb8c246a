"""What may change between deciding and committing: the operator, its AI system, the conversation of a refusal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from registry.errors import AiSystemUnknown, OperatorNotVerified, OperatorSuspended
from registry.lifecycle import change_state_logged
from registry.model import StateChange
from registry.operators import mark_changed
from registry.tables import ai_systems
from sigill.keys.p256 import Signer
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from sigill.report.standing import State
from sigill.seal.token import parse_seal
from sigill.vocabulary import Authorship, Channel, Enquiry
from signing.errors import KeyUnusable, Refused
from signing.issue import Wanted, decide, issue_all, issue_seal
from signing.issued import SignedSeal
from signing.kinds import Kinds
from signing.line import Line
from signing.request import SignRequest, make_request
from signing.world import SigningWorld
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, operator
from wiring import build_app

BANK = operator()


def ask(**changes: Any) -> SignRequest:
    values: dict[str, Any] = {
        "authorship": Authorship.HUMAN,
        "channel": Channel.CHAT,
        "enquiry": Enquiry.INFORMATIONAL,
        "text": TEXT,
    }
    return make_request(**(values | changes))


def step(made: Deployment, state: State, at: datetime) -> None:
    change = StateChange(state=state, since=at, reason="inquiry")
    world = made.services.signing
    change_state_logged(BANK.id, change, log=made.services.log, random=world.random)


def size(made: Deployment) -> int:
    head = made.services.log.head(BANK.id)
    assert head is not None
    return head.size


def meddling(world: SigningWorld, happens: Callable[[], None]) -> SigningWorld:
    """Return a world in which `happens` comes once, after the facts are gathered and before the commit.

    Its kinds are its own, so every message is decided there for the first time.
    """
    left = [happens]

    class Library:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.policies, name)

        def decide(self, facts: Facts) -> Decision:
            if left:
                left.pop()()
            return world.policies.decide(facts)

    library: Any = Library()
    return replace(world, policies=library, kinds=Kinds(library, issuer=world.issuer), line=Line())


@pytest.mark.parametrize("conversation", [None, "c"])
@pytest.mark.parametrize("state", [State.SUSPENDED, State.REVOKED])
def test_who_is_suspended_between_decision_and_commit_gets_no_seal(
    deployment: Deployment, state: State, conversation: str | None
) -> None:
    world = deployment.services.signing
    meddled = meddling(world, lambda: step(deployment, state, world.now()))
    with pytest.raises(OperatorSuspended, match=f"is {state} since"):
        issue_seal(ask(conversation=conversation), operator=BANK, world=meddled)
    assert size(deployment) == 1  # the step's own leaf


def test_it_is_answered_as_any_suspended_operator_is(deployment: Deployment) -> None:
    world = deployment.services.signing
    meddled = meddling(world, lambda: step(deployment, State.SUSPENDED, world.now()))
    deployment.built = build_app(replace(deployment.services, signing=meddled))
    response = deployment.sign(conversation="c")
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (403, "operator-suspended")
    assert size(deployment) == 1


def test_a_refusal_is_not_logged_for_who_is_suspended_meanwhile(deployment: Deployment) -> None:
    world = deployment.services.signing
    meddled = meddling(world, lambda: step(deployment, State.SUSPENDED, world.now()))
    request = ask(authorship=Authorship.AI, enquiry=Enquiry.CREDIT_DECISION)
    with pytest.raises(OperatorSuspended):
        issue_seal(request, operator=BANK, world=meddled)
    assert size(deployment) == 1


def test_who_was_suspended_and_restored_meanwhile_gets_its_seal(deployment: Deployment) -> None:
    world = deployment.services.signing

    def there_and_back() -> None:
        step(deployment, State.SUSPENDED, world.now())
        step(deployment, State.VERIFIED, world.now())

    issued = issue_seal(ask(), operator=BANK, world=meddling(world, there_and_back))
    assert issued.index == 2


def test_an_ai_system_taken_out_of_use_meanwhile_is_in_no_seal(deployment: Deployment) -> None:
    def retire() -> None:
        with writing(deployment.services.engine) as connection:
            connection.execute(update(ai_systems).values(active=False))
            mark_changed(connection, BANK.id)

    request = ask(authorship=Authorship.AI, ai_system="saga")
    with pytest.raises(AiSystemUnknown):
        issue_seal(request, operator=BANK, world=meddling(deployment.services.signing, retire))
    assert size(deployment) == 0


def test_a_seal_given_out_in_the_second_of_a_suspension_stays_genuine(deployment: Deployment) -> None:
    sealed_at = deployment.services.signing.now().replace(microsecond=200_000) + timedelta(seconds=1)
    world = replace(deployment.services.signing, now=lambda: sealed_at)
    issued = issue_seal(ask(), operator=BANK, world=world)
    step(deployment, State.SUSPENDED, sealed_at + timedelta(milliseconds=500))
    answer = deployment.verify(seal=issued.seal, content=TEXT)
    assert (answer["answer"], answer["reason"]) == ("genuine", "genuine_operator_suspended_since")


def test_a_refusal_decided_on_a_conversation_that_went_on_is_decided_again(deployment: Deployment) -> None:
    world = deployment.services.signing
    seen: list[Facts] = []

    def goes_on() -> None:
        issue_seal(ask(conversation="c"), operator=BANK, world=world)

    meddled = meddling(world, goes_on)
    watched: Any = meddled.policies
    inner = watched.decide

    def decide_and_note(facts: Facts) -> Decision:
        seen.append(facts)
        decision: Decision = inner(facts)
        return decision

    watched.decide = decide_and_note
    request = ask(authorship=Authorship.AI, enquiry=Enquiry.CREDIT_DECISION, conversation="c")
    with pytest.raises(Refused) as raised:
        issue_seal(request, operator=BANK, world=meddled)
    assert [facts.conversation.last_authorship for facts in seen] == [None, Authorship.HUMAN]
    assert (raised.value.index, size(deployment)) == (1, 2)


@pytest.mark.parametrize(
    ("states", "error"),
    [
        ((State.APPLIED,), OperatorNotVerified),
        ((State.APPLIED, State.VERIFIED, State.SUSPENDED), OperatorSuspended),
    ],
)
def test_who_may_not_seal_is_told_no_decision_either(
    deployment: Deployment, states: tuple[State, ...], error: type[Exception]
) -> None:
    history = tuple(StateChange(state=state, since=NOW, reason="r") for state in states)
    with pytest.raises(error):
        decide(ask(), operator=replace(BANK, history=history), world=deployment.services.signing)


def test_the_answer_is_shaped_before_the_seal_is_logged(deployment: Deployment) -> None:
    world = deployment.services.signing
    sizes: list[int] = []

    def shape(signed: SignedSeal, request: SignRequest) -> tuple[str, str | None]:
        sizes.append(size(deployment))
        return parse_seal(signed.seal).claims.jti, request.text

    wanted = [Wanted(ask(text="Ett")), Wanted(ask(text="Två"))]
    for answer, text in zip(issue_all(wanted, operator=BANK, world=world, shape=shape), ("Ett", "Två"), strict=True):
        assert not isinstance(answer, Exception)
        issued, shaped = answer
        assert shaped == (issued.jti, text)
    assert sizes == [0, 0]


def test_an_answer_that_cannot_be_shaped_leaves_no_seal_and_costs_no_other(deployment: Deployment) -> None:
    world = deployment.services.signing

    def shape(_signed: SignedSeal, request: SignRequest) -> None:
        if request.text == "Två":
            raise KeyError("no text of that key")

    wanted = [Wanted(ask(conversation="c", text=text)) for text in ("Ett", "Två", "Tre")]
    first, second, third = issue_all(wanted, operator=BANK, world=world, shape=shape)
    assert isinstance(second, KeyError)
    assert not isinstance(first, Exception)
    assert not isinstance(third, Exception)
    places = [answer[0].conversation for answer in (first, third)]
    assert [place and place.seq for place in places] == [1, 2]
    assert size(deployment) == 2


def test_a_database_lost_after_a_part_of_a_batch_was_sealed_is_the_answer_to_the_rest_only(
    deployment: Deployment,
) -> None:
    world = deployment.services.signing
    calls: list[int] = []

    def seal_signer(at: datetime) -> Signer:
        calls.append(1)
        if len(calls) > 1:
            raise KeyUnusable("the key ran out")
        return world.seal_signer(at)

    raced = replace(world, seal_signer=seal_signer, line=Line())

    def shape(_signed: SignedSeal, request: SignRequest) -> None:
        if request.conversation == "busy":
            issue_seal(ask(conversation="busy"), operator=BANK, world=world)

    wanted = [Wanted(ask(text="Ett")), Wanted(ask(conversation="busy")), Wanted(ask(text="Tre"))]
    answers = issue_all(wanted, operator=BANK, world=raced, shape=shape)
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    assert isinstance(answers[1], KeyUnusable)
    assert size(deployment) == 3


def test_who_is_suspended_while_a_batch_is_on_its_way_is_the_answer_to_the_rest_only(deployment: Deployment) -> None:
    world = deployment.services.signing
    suspended = meddling(world, lambda: step(deployment, State.SUSPENDED, world.now()))
    wanted = [Wanted(ask(text=str(number))) for number in range(3)]
    answers = issue_all(wanted, operator=BANK, world=suspended, shape=lambda _signed, _request: None)
    assert [type(answer) for answer in answers] == [OperatorSuspended] * 3
    assert size(deployment) == 1
