"""The client library against the real service over HTTP."""

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from sigill.client import Client, Patience
from sigill.client.conversations import check_conversation, check_recorded, check_withdrawn
from sigill.client.errors import AnswerNotTrusted, Refused, RequestRefused
from sigill.client.proof import TrustTooOld
from sigill.client.sealed import Sealed
from tests.builders_deployment import Deployment
from tests.builders_privacy import erase_it

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ASKED: Any = {"authorship": "human", "channel": "chat", "enquiry": "informational"}


@pytest.fixture
def client(deployment: Deployment) -> Iterator[Client]:
    server = make_server("127.0.0.1", 0, deployment.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    key = deployment.keys["exempelbanken"]
    try:
        with Client(f"http://127.0.0.1:{server.port}", api_key=key, patience=Patience(for_s=0.0)) as made:
            yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def size(deployment: Deployment) -> int:
    head = deployment.services.log.head("exempelbanken")
    assert head is not None
    return head.size


def test_the_same_key_gives_the_same_seal(client: Client, deployment: Deployment) -> None:
    first = client.sign("Hej!", idempotency_key="order-17", **ASKED)
    assert client.sign("Hej!", idempotency_key="order-17", **ASKED) == first
    assert size(deployment) == 1
    with pytest.raises(RequestRefused) as caught:
        client.sign("Hej igen!", idempotency_key="order-17", **ASKED)
    assert caught.value.problem == "idempotency-key-reused"


def test_a_batch_is_sealed_in_order_and_only_once(client: Client, deployment: Deployment) -> None:
    refused: Any = {"authorship": "ai", "channel": "chat", "enquiry": "credit_decision", "jurisdiction": "SE"}
    messages: Any = [ASKED | {"text": f"Hej {number}!"} for number in range(30)]
    messages[3] = refused | {"text": "Du får inget lån."}
    messages[4] = ASKED | {"text": ""}
    messages[5] = ASKED | {"text": "Hej!", "enquiry": "weather"}
    outcomes = client.sign_batch(messages, idempotency_key="run-1")
    assert [type(item).__name__ for item in outcomes[3:6]] == ["Refused", "NotSealable", "RequestRefused"]
    assert isinstance(outcomes[3], Refused)
    sealed = [item for item in outcomes if isinstance(item, Sealed)]
    assert len(sealed) == 27
    assert [item.index for item in sealed] == sorted(item.index for item in sealed)
    before = size(deployment)
    again = client.sign_batch(messages, idempotency_key="run-1")
    assert [item for item in again if isinstance(item, Sealed)] == sealed
    assert size(deployment) - before <= 1  # a refusal may be logged again


def test_a_conversation_is_told_read_back_and_withdrawn_from(client: Client) -> None:
    asked = ASKED | {"conversation": "chat-81"}
    first = client.sign("Hej! Jag heter Eva.", **asked)
    conversation = client.find_conversation("chat-81")
    assert conversation == first.members["conversation"]["id"]
    told = client.record_event(conversation, "human_requested", idempotency_key="e-1")
    assert told.seq == 2
    client.record_event(conversation, "handoff", from_="human", to="ai", why="done")
    with client.stream(**asked | {"authorship": "ai", "ai_system": "saga"}) as message:
        message.write("Hej! ")
        message.write("Kontoret har öppet 9–17.")
    found = client.conversation(conversation)
    assert [entry["kind"] for entry in found.entries] == ["message", "event", "event", "message"]
    assert found.state["length"] == 4
    assert found.silent_changes == ()
    withdrawn = client.withdraw(first.id, "wrong_content", note="another price")
    assert withdrawn.reason == "wrong_content"
    assert client.withdraw(first.id, "other").index == withdrawn.index
    with pytest.raises(RequestRefused, match="reason"):
        client.withdraw(first.id, "boredom")
    with pytest.raises(RequestRefused):
        client.record_event(conversation, "handoff", to="ai")


def test_a_conversation_of_which_something_was_erased_still_holds(client: Client, deployment: Deployment) -> None:
    asked = ASKED | {"conversation": "chat-81"}
    sealed = [client.sign(f"Hej! Jag heter Eva {number}.", **asked) for number in range(4)]
    for each in (sealed[1], sealed[3]):
        erase_it(deployment, each.id)
    found = client.conversation(client.find_conversation("chat-81"))
    assert [entry["kind"] for entry in found.entries] == ["message", "erased", "message", "erased"]
    trust = deployment.services.trust()
    another: list[Any] = [
        dict(entry) | ({"jws_hash": "A" * 43} if entry["seq"] == 2 else {}) for entry in found.entries
    ]
    with pytest.raises(AnswerNotTrusted, match="altered at 3"):
        check_conversation(found.id, found.state, another, trust=trust)


def test_a_conversation_of_several_pages_is_read_whole(client: Client) -> None:
    messages: Any = [ASKED | {"text": f"Hej {number}!", "conversation": "long"} for number in range(205)]
    assert all(isinstance(item, Sealed) for item in client.sign_batch(messages))
    assert len(client.conversation(client.find_conversation("long")).entries) == 205


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_of_the_api_page_works(client: Client, capsys: pytest.CaptureFixture[str], snippet: str) -> None:
    exec(compile(snippet, "docs/api.md", "exec"), {"client": client, "Sealed": Sealed})  # noqa: S102 - our own page
    shown = capsys.readouterr().out
    assert "/s/" in shown
    assert "not sealed" not in shown


def test_the_api_page_has_snippets() -> None:
    assert len(SNIPPETS) == 2


# --- nothing is believed that is not checked ---


def with_log(members: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**members, "log": {**members["log"], **changes}}


def test_an_event_that_is_another_is_not_believed(client: Client) -> None:
    first = client.sign("Hej!", conversation="chat-81", **ASKED)
    conversation = first.members["conversation"]["id"]
    one = client.record_event(conversation, "human_requested")
    two = client.record_event(conversation, "preference", speaker="human")
    trust = client.trust()
    asked = {"kind": "human_requested"}
    assert check_recorded(one.members, conversation=conversation, asked=asked, trust=trust) == one
    lies: list[tuple[dict[str, Any], str]] = [
        ({**one.members}, "01M81000000000000000000000"),
        ({**one.members, "id": two.id}, conversation),
        ({**one.members, "conversation": {"seq": 9}}, conversation),
        ({**one.members, "event": two.event}, conversation),
        ({**one.members, "event": one.event[:-8] + "AAAAAAAA"}, conversation),
        ({**one.members, "event": first.seal}, conversation),
        ({**one.members, "receipt": two.receipt}, conversation),
        ({**one.members, "receipt": "no receipt"}, conversation),
        (with_log(one.members, index=9), conversation),
        (with_log(one.members, origin="elsewhere.example/log/x"), conversation),
        ({**two.members}, conversation),
    ]
    for lie, about in lies:
        with pytest.raises(AnswerNotTrusted):
            check_recorded(lie, conversation=about, asked=asked, trust=trust)


def test_an_event_under_a_key_that_is_unknown_or_was_not_good_is_not_believed(client: Client) -> None:
    first = client.sign("Hej!", conversation="chat-81", **ASKED)
    conversation = first.members["conversation"]["id"]
    told = client.record_event(conversation, "human_requested")
    trust = client.trust()
    asked = {"kind": "human_requested"}
    with pytest.raises(TrustTooOld):
        check_recorded(told.members, conversation=conversation, asked=asked, trust=replace(trust, keys=()))
    ended = tuple(replace(key, valid_until=key.valid_from) for key in trust.keys)
    with pytest.raises(AnswerNotTrusted, match="not good then"):
        check_recorded(told.members, conversation=conversation, asked=asked, trust=replace(trust, keys=ended))


def test_a_withdrawal_of_another_message_is_not_believed(client: Client) -> None:
    first = client.sign("Hej!", **ASKED)
    withdrawn = client.withdraw(first.id, "sent_by_mistake")
    trust = client.trust()
    for lie in (
        {**withdrawn.members, "id": "01M81000000000000000000000"},
        with_log(withdrawn.members, index=7),
        with_log(withdrawn.members, origin="elsewhere.example/log/x"),
        {**withdrawn.members, "receipt": "no receipt"},
        {**withdrawn.members, "receipt": withdrawn.receipt.replace("— ", "— x", 1)},
    ):
        with pytest.raises(AnswerNotTrusted):
            check_withdrawn(lie, message=first.id, trust=trust)


def test_a_conversation_with_a_gap_or_without_its_end_is_not_believed(client: Client) -> None:
    asked = ASKED | {"conversation": "chat-81"}
    for text in ("Ett", "Två", "Tre"):
        client.sign(text, **asked)
    client.sign("Fyra", **asked | {"authorship": "ai", "ai_system": "saga"})
    whole = client.conversation(client.find_conversation("chat-81"))
    assert [fault.seq for fault in whole.silent_changes] == [4]
    entries, trust = list(whole.entries), client.trust()
    for broken, says in (
        (entries[:1] + entries[2:], "missing at 2"),
        (entries[:3], "end is missing"),
        ([*entries[:3], {"jws": "x"}], "unreadable"),
    ):
        with pytest.raises(AnswerNotTrusted, match=says):
            check_conversation(whole.id, whole.state, broken, trust=trust)
    with pytest.raises(TrustTooOld):
        check_conversation(whole.id, whole.state, entries, trust=replace(trust, keys=()))


def test_a_conversation_nobody_knows_is_told(client: Client) -> None:
    for look in (client.conversation, client.find_conversation):
        with pytest.raises(RequestRefused) as caught:
            look("unknown")
        assert caught.value.problem == "conversation-not-found"
