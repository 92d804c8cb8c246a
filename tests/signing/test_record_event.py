"""Recording an event: signed, chained, logged; refused to whoever may not; sealed into what later messages owe."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.errors import ConversationNotFound
from conversations.listing import load_conversation
from registry.errors import OperatorSuspended
from registry.lifecycle import change_state_logged
from registry.model import Operator, OperatorId, StateChange
from registry.operators import load_operator
from sigill.event.kinds import DisclosureShown, Handoff, HumanRequested, Speaker
from sigill.event.token import TYP, parse_event
from sigill.keys.p256 import Signer
from sigill.report.chain import check_chain
from sigill.report.standing import State
from sigill.seal.token import jws_hash
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from sigill.vocabulary import DisclosureMode, WithdrawalReason
from signing.errors import ConversationBusy, KeyUnusable, MessageNotFound, RequestInvalid
from signing.events import EventRequest, RecordedEvent, recall_event, record_event
from signing.withdraw import withdraw
from signing.world import SigningWorld
from storage.engine import reading
from tests.builders_deployment import Deployment, operator
from transparency.append import Place
from transparency.errors import GuardFailed, KeyClaimed
from transparency.idempotency import Claim, KeyClaim

BANK = OperatorId("exempelbanken")
ASKED = HumanRequested()


def begin(made: Deployment, reference: str = "chat-1", **changes: Any) -> str:
    """Begin a conversation with a message; return its id."""
    answer = made.sign(conversation=reference, **changes).get_json()
    found: str = answer["conversation"]["id"]
    return found


def bank(made: Deployment) -> Operator:
    with reading(made.services.engine) as connection:
        return load_operator(connection, BANK)


def record(
    made: Deployment,
    conversation_id: str,
    happening: Any = ASKED,
    *,
    world: SigningWorld | None = None,
    key: KeyClaim | None = None,
    at: datetime | None = None,
) -> RecordedEvent:
    request = EventRequest(conversation_id=conversation_id, happening=happening, at=at)
    return record_event(request, operator=bank(made), world=world or made.services.signing, key=key)


def test_an_event_follows_its_conversation_and_is_in_the_log(deployment: Deployment) -> None:
    first = deployment.sign(conversation="chat-1").get_json()
    recorded = record(deployment, first["conversation"]["id"], Handoff(Speaker.HUMAN, Speaker.AI))
    trust = deployment.services.trust()
    after = deployment.sign(conversation="chat-1", authorship="ai").get_json()
    assert [recorded.conversation.seq, after["conversation"]["seq"]] == [2, 3]
    assert check_chain([first["seal"], recorded.jws, after["seal"]], trust=trust) == ()
    log = trust.logs["exempelbanken"]
    leaf_hash = hash_leaf(format_leaf(Leaf(LeafKind.EVENT, jws_hash(recorded.jws))))
    verify_proof(recorded.receipt, leaf_hash=leaf_hash, origin=log.origin, keys=[parse_vkey(log.vkey)])
    assert deployment.services.log.leaf("exempelbanken", recorded.index) == Leaf(LeafKind.EVENT, jws_hash(recorded.jws))


def test_the_key_of_events_is_published_for_events_only(deployment: Deployment) -> None:
    recorded = record(deployment, begin(deployment))
    trust = deployment.services.trust()
    kid = parse_event(recorded.jws).jws.kid
    assert trust.key(kid, typ=TYP) is not None
    assert {key.typ for key in trust.keys if key.kid == kid} == {TYP}


def test_an_event_has_no_code_and_is_no_message(deployment: Deployment) -> None:
    recorded = record(deployment, begin(deployment))
    stored = deployment.services.log.token_by_jti(recorded.jti)
    assert stored is not None
    assert stored.code is None
    key = {"Authorization": f"Bearer {deployment.keys[BANK]}"}
    assert deployment.client.get(f"/v1/messages/{recorded.jti}", headers=key).status_code == 404
    with pytest.raises(MessageNotFound):
        withdraw(recorded.jti, operator_id=BANK, reason=WithdrawalReason.OTHER, world=deployment.services.signing)


def test_nothing_in_an_event_is_personal(deployment: Deployment) -> None:
    recorded = record(deployment, begin(deployment, agent="anna", recipient="+46701740605"), ASKED)
    payload = json.dumps(dict(parse_event(recorded.jws).jws.payload))
    for word in ("chat-1", "anna", "46701740605"):
        assert word not in payload


def test_what_is_told_afterwards_says_when_it_happened(deployment: Deployment) -> None:
    now = deployment.services.signing.now()
    conversation_id = begin(deployment)
    just_now = parse_event(record(deployment, conversation_id, at=now - timedelta(minutes=4)).jws).claims
    assert (just_now.at, just_now.late) == ((now - timedelta(minutes=4)).replace(microsecond=0), False)
    long_ago = parse_event(record(deployment, conversation_id, at=now - timedelta(hours=1)).jws).claims
    assert long_ago.late
    assert parse_event(record(deployment, conversation_id).jws).claims.at is None


@pytest.mark.parametrize("hours", [1, -900_000])
def test_what_cannot_have_happened_then_is_refused(deployment: Deployment, hours: int) -> None:
    conversation_id = begin(deployment)
    with pytest.raises(RequestInvalid, match="at is"):
        record(deployment, conversation_id, at=deployment.services.signing.now() + timedelta(hours=hours))


def test_only_a_text_there_is_was_shown(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    record(deployment, conversation_id, DisclosureShown(DisclosureMode.INLINE, "ai_chat"))
    with pytest.raises(RequestInvalid) as caught:
        record(deployment, conversation_id, DisclosureShown(DisclosureMode.INLINE, "ai_chatter"))
    assert caught.value.allowed is not None
    assert "ai_chat" in caught.value.allowed


@pytest.mark.parametrize("conversation_id", ["", "x", "01JD8Z6Q2V4T7M9K3C5B1A0XYZ", "01JD8Z6Q2V4T7M9K3C5B1A0X\0Z"])
def test_a_conversation_that_is_not_there_is_not_found(deployment: Deployment, conversation_id: str) -> None:
    begin(deployment)
    with pytest.raises(ConversationNotFound):
        record(deployment, conversation_id)


def test_another_operators_conversation_is_not_found(deployment: Deployment) -> None:
    deployment.add(operator("exempeltele"))
    theirs = begin(deployment, by="exempeltele")
    with pytest.raises(ConversationNotFound):
        record(deployment, theirs)


def test_a_suspended_operator_records_nothing(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    before, world = bank(deployment), deployment.services.signing
    change = StateChange(state=State.SUSPENDED, since=world.now(), reason="inquiry")
    change_state_logged(BANK, change, log=world.log, random=world.random)
    with pytest.raises(OperatorSuspended):
        record(deployment, conversation_id)
    request = EventRequest(conversation_id=conversation_id, happening=ASKED)
    with pytest.raises(OperatorSuspended):  # who looked before it was suspended learns it at the commit
        record_event(request, operator=before, world=world)


def test_a_key_that_is_not_valid_now_signs_nothing(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    late = deployment.services.signing.now() + timedelta(days=5000)
    with pytest.raises(KeyUnusable, match="event key"):
        record(deployment, conversation_id, world=replace(deployment.services.signing, now=lambda: late))
    with reading(deployment.services.engine) as connection:
        found = load_conversation(connection, conversation_id, operator_id=None)
    assert found is not None
    assert found.state.seq == 1


def test_who_always_loses_gives_up_and_says_so(deployment: Deployment) -> None:
    class Losing:
        tries = 0

        def append(self, _append: object) -> None:
            self.tries += 1
            raise GuardFailed("somebody was faster")

    losing: Any = Losing()
    world = replace(deployment.services.signing, log=losing)
    with pytest.raises(ConversationBusy, match="nothing was recorded"):
        record(deployment, begin(deployment), world=world)
    assert losing.tries == 20


def test_who_loses_once_signs_anew_on_what_is_there_then(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    moved: list[RecordedEvent] = []

    world = deployment.services.signing

    def meanwhile(at: datetime) -> Signer:
        if not moved:  # after the state was loaded, and before the event is committed
            moved.append(record(deployment, conversation_id))
        return world.event_signer(at)

    slow = record(deployment, conversation_id, world=replace(world, event_signer=meanwhile))
    assert [moved[0].conversation.seq, slow.conversation.seq] == [2, 3]


def test_a_message_after_an_event_is_chained_to_it(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    recorded = record(deployment, conversation_id)
    after = deployment.sign(conversation="chat-1").get_json()
    assert after["conversation"]["seq"] == recorded.conversation.seq + 1


def test_the_clock_of_an_open_request_runs_in_later_decisions(deployment: Deployment) -> None:
    body = {"authorship": "ai", "channel": "chat", "enquiry": "informational", "conversation": "chat-1"}
    conversation_id = begin(deployment, authorship="ai")
    record(deployment, conversation_id, at=deployment.services.signing.now() - timedelta(minutes=2, seconds=5))
    key = {"Authorization": f"Bearer {deployment.keys[BANK]}"}

    def texts() -> set[str]:
        return set(deployment.client.post("/v1/decisions", json=body, headers=key).get_json()["texts"])

    assert "handoff" in texts()
    record(deployment, conversation_id, Handoff(Speaker.AI, Speaker.HUMAN))
    assert "handoff" not in texts()


def test_a_key_used_before_is_claimed_and_its_answer_found_again(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    now = deployment.services.signing.now()
    key = KeyClaim(BANK, b"k" * 32, b"f" * 32, now)
    first = record(deployment, conversation_id, key=key)
    with pytest.raises(KeyClaimed) as caught:
        record(deployment, conversation_id, key=key)
    claim = caught.value.claim
    assert isinstance(claim, Claim)
    again = recall_event(claim, world=deployment.services.signing)
    assert replace(again, repeated=False, recorded_at=first.recorded_at) == first
    assert again.repeated
    erased = Claim(claim.fingerprint, Place(BANK, 10_000), claim.tree_size, claim.claimed_at)
    with pytest.raises(MessageNotFound):
        recall_event(erased, world=deployment.services.signing)
