"""Conversations over HTTP: events in, pages out; only one's own, and nothing personal."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cursors import format_cursor, parse_cursor
from registry.model import OperatorId, Role
from sigill.event.token import parse_event
from sigill.report.chain import check_chain
from signing.errors import RequestInvalid
from tests.builders_deployment import Deployment, operator

BANK = OperatorId("exempelbanken")
NOBODY = "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"
EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "handoff", "from": "human", "to": "ai"},
    {"kind": "handoff", "from": "ai", "to": "human", "why": "asked"},
    {"kind": "human_requested", "at": "2026-01-02T03:04:05+02:00"},
    {"kind": "human_joined"},
    {"kind": "disclosure_shown", "mode": "shown_before", "text": "ai_chat"},
    {"kind": "disclosure_shown", "mode": "inline"},
    {"kind": "preference", "speaker": "any"},
    {"kind": "ended", "by": "customer"},
]


def headers(made: Deployment, key: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key or made.keys[BANK]}"}


def begin(made: Deployment, reference: str = "chat-1", **changes: Any) -> str:
    answer = made.sign(conversation=reference, **changes).get_json()
    found: str = answer["conversation"]["id"]
    return found


def post(made: Deployment, conversation_id: str, body: Any, *, key: str | None = None) -> Any:
    return made.client.post(f"/v1/conversations/{conversation_id}/events", json=body, headers=headers(made, key))


def get(made: Deployment, path: str = "", *, key: str | None = None, **query: Any) -> Any:
    return made.client.get(f"/v1/conversations{path}", query_string=query, headers=headers(made, key))


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def pointers(response: Any) -> list[str]:
    return sorted(fault["pointer"] for fault in response.get_json()["errors"])


def test_an_event_is_answered_with_its_place_and_its_receipt(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    response = post(deployment, conversation_id, {"kind": "human_requested"})
    assert response.status_code == 201
    answer = response.get_json()
    assert answer["conversation"] == {"id": conversation_id, "seq": 2}
    assert parse_event(answer["event"]).claims.jti == answer["id"]
    assert answer["log"] == {"origin": deployment.services.trust().logs[BANK].origin, "index": 1}
    assert answer["receipt"].startswith("c2sp.org/tlog-proof@v1\n")
    assert response.headers["Cache-Control"] == "no-store"


def test_every_kind_of_event_is_recorded_and_listed_as_it_was_told(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    for body in EVERY_KIND:
        assert post(deployment, conversation_id, body).status_code == 201, body
    whole = get(deployment, f"/{conversation_id}").get_json()
    told = [{name: value for name, value in body.items() if name != "at"} for body in EVERY_KIND]
    assert [entry["event"] for entry in whole["entries"]] == [None, *told]
    assert [entry["seq"] for entry in whole["entries"]] == list(range(1, 10))
    assert whole["entries"][3]["at"] == "2026-01-02T01:04:05+00:00"
    assert whole["length"] == 9
    assert whole["next"] is None
    assert check_chain([entry["jws"] for entry in whole["entries"]], trust=deployment.services.trust()) == ()


def test_a_conversation_says_where_it_stands(deployment: Deployment) -> None:
    conversation_id = begin(deployment, authorship="ai")
    for body in (EVERY_KIND[2], {"kind": "preference", "speaker": "human"}, EVERY_KIND[1], EVERY_KIND[4]):
        post(deployment, conversation_id, body)
    whole = get(deployment, f"/{conversation_id}").get_json()
    state = {name: whole[name] for name in whole if name not in {"entries", "next", "updated_at"}}
    assert state == {
        "id": conversation_id,
        "operator": BANK,
        "length": 5,
        "last_authorship": "ai",
        "ai_has_spoken": True,
        "disclosure_shown": True,
        "announced": "human",
        "human_joined": False,
        "human_requested_at": "2026-01-02T01:04:05+00:00",
        "preference": "human",
        "ended_at": None,
    }
    message = whole["entries"][0]
    assert (message["kind"], message["authorship"], message["channel"]) == ("message", "ai", "chat")
    post(deployment, conversation_id, EVERY_KIND[7])
    assert get(deployment, f"/{conversation_id}").get_json()["ended_at"] is not None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["/kind"]),
        ({"kind": "typing"}, ["/kind"]),
        ({"kind": "handoff"}, ["/from", "/to"]),
        ({"kind": "handoff", "from": "ai", "to": "ai"}, ["/to"]),
        ({"kind": "handoff", "from": "ai", "to": "human", "mode": "inline"}, ["/mode"]),
        ({"kind": "handoff", "giver": "ai", "taker": "human"}, ["/giver", "/taker"]),
        ({"kind": "disclosure_shown"}, ["/mode"]),
        ({"kind": "disclosure_shown", "mode": "inline", "text": "no_such_text"}, ["/text"]),
        ({"kind": "disclosure_shown", "mode": "inline", "text": ""}, ["/text"]),
        ({"kind": "preference"}, ["/speaker"]),
        ({"kind": "ended", "by": "anna"}, ["/by"]),
        ({"kind": "human_joined", "agent": "Anna"}, ["/agent"]),
        ({"kind": "human_joined", "at": "2026-11-22"}, ["/at"]),
        ({"kind": "human_joined", "at": "2999-01-01T00:00:00Z"}, ["/at"]),
        ({"kind": "human_joined", "at": "1969-01-01T00:00:00Z"}, ["/at"]),
        ({"kind": ["handoff"]}, ["/kind"]),
    ],
)
def test_a_wrong_event_is_answered_with_what_is_wrong(shared: Deployment, body: dict[str, Any], expected: Any) -> None:
    response = post(shared, begin(shared, "wrong"), body)
    assert problem(response) == (422, "request-invalid")
    assert pointers(response) == expected


def test_what_is_needed_is_said_with_its_values(shared: Deployment) -> None:
    response = post(shared, begin(shared, "values"), {"kind": "preference"})
    assert response.get_json()["errors"] == [
        {
            "pointer": "/speaker",
            "detail": "an event of the kind preference needs it",
            "allowed_values": ["human", "any"],
        }
    ]


def test_a_conversation_of_another_operator_is_as_if_it_were_not_there(deployment: Deployment) -> None:
    deployment.add(operator("exempeltele"))
    theirs = begin(deployment, by="exempeltele")
    for conversation_id in (theirs, NOBODY, "x", "å"):
        assert problem(post(deployment, conversation_id, EVERY_KIND[3])) == (404, "conversation-not-found")
        assert problem(get(deployment, f"/{conversation_id}")) == (404, "conversation-not-found")
    assert problem(get(deployment, reference="chat-1")) == (404, "conversation-not-found")
    assert get(deployment).get_json() == {"conversations": [], "next": None}


def test_an_auditor_reads_and_records_nothing(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    own = deployment.new_key(role=Role.AUDITOR, operator_id=BANK)
    of_all = deployment.new_key(role=Role.AUDITOR, operator_id=None)
    for key in (own, of_all):
        assert get(deployment, f"/{conversation_id}", key=key).get_json()["id"] == conversation_id
        assert post(deployment, conversation_id, EVERY_KIND[3], key=key).status_code == 403
    assert [each["id"] for each in get(deployment, key=own).get_json()["conversations"]] == [conversation_id]
    assert pointers(get(deployment, key=of_all)) == ["/operator"]
    named = get(deployment, key=of_all, operator=BANK, reference="chat-1")
    assert [each["id"] for each in named.get_json()["conversations"]] == [conversation_id]
    assert pointers(get(deployment, key=own, operator="exempeltele")) == ["/operator"]


def test_ones_own_reference_finds_the_conversation(deployment: Deployment) -> None:
    conversation_id = begin(deployment, "ärende 81")
    begin(deployment, "another")
    found = get(deployment, reference="ärende 81").get_json()
    assert [each["id"] for each in found["conversations"]] == [conversation_id]
    assert found["next"] is None
    assert problem(get(deployment, reference="ärende 82")) == (404, "conversation-not-found")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_of_entries_join_into_the_whole(shared: Deployment, limit: int) -> None:
    conversation_id = begin(shared, f"pages-{limit}")
    for _ in range(6):
        post(shared, conversation_id, {"kind": "human_joined"})
    seqs: list[int] = []
    address = f"/v1/conversations/{conversation_id}?limit={limit}"
    while True:
        response = shared.client.get(address, headers=headers(shared))
        page = response.get_json()
        assert len(page["entries"]) <= limit
        seqs += [entry["seq"] for entry in page["entries"]]
        if page["next"] is None:
            assert "Link" not in response.headers
            break
        link = response.headers["Link"]
        assert link.endswith('>; rel="next"')
        address = link[1:].partition(">")[0].removeprefix(shared.services.settings.public_url)
    assert seqs == [1, 2, 3, 4, 5, 6, 7]


def test_pages_of_conversations_hold_each_once_the_last_begun_first_whatever_changes(deployment: Deployment) -> None:
    ids = [begin(deployment, f"chat-{number}") for number in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(deployment, limit=2, **cursor).get_json()
        found += [each["id"] for each in page["conversations"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        for each in (found[0], ids[0]):  # one that was shown, one that was not
            post(deployment, each, {"kind": "human_joined"})
        begin(deployment, f"later than page {len(found)}")
    assert found == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "1e2"},
        {"limit": "１"},
        {"limit": " 1"},
        {"limit": ""},
        {"limit": "-1"},
        {"page": "2"},
        {"cursor": ""},
        {"cursor": "x"},
        {"cursor": format_cursor("x", 1)},
        {"cursor": format_cursor(1, 2)},
        {"cursor": "WzFd="},
        {"cursor": "WyAxXQ"},
        {"cursor": "a" * 5000},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(shared: Deployment, query: dict[str, str]) -> None:
    conversation_id = begin(shared, "query")
    for path in ("", f"/{conversation_id}"):
        response = get(shared, path, **query)
        assert problem(response) == (422, "request-invalid"), (path, query)
    assert pointers(get(shared, reference="query", cursor=format_cursor("x"))) == ["/cursor"]


def test_a_place_far_beyond_the_end_is_an_empty_page(shared: Deployment) -> None:
    conversation_id = begin(shared, "far")
    far = 2**53 - 1
    assert get(shared, f"/{conversation_id}", cursor=format_cursor(far)).get_json()["entries"] == []
    assert get(shared, cursor=format_cursor("")).get_json()["conversations"] == []


@settings(max_examples=100)
@given(text=st.text(max_size=40) | st.binary(max_size=30).map(lambda data: format_cursor(data.hex(), 1)))
def test_anything_but_a_cursor_is_refused(text: str) -> None:
    try:
        place = parse_cursor(text, int, str)
    except RequestInvalid:
        return
    assert format_cursor(*place) == text


@given(seq=st.integers(-(2**53) + 1, 2**53 - 1), text=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=26))
def test_a_cursor_is_read_back_as_it_was_written(seq: int, text: str) -> None:
    assert parse_cursor(format_cursor(seq, text), int, str) == (seq, text)
    with pytest.raises(RequestInvalid):
        parse_cursor(format_cursor(seq, text), int)
    with pytest.raises(RequestInvalid):
        parse_cursor(format_cursor(seq, text + "\0"), int, str)


def test_the_same_key_and_body_record_once_and_get_the_same_answer(deployment: Deployment) -> None:
    conversation_id = begin(deployment)
    keyed = headers(deployment) | {"Idempotency-Key": '"4f3c"'}
    address = f"/v1/conversations/{conversation_id}/events"

    def ask(body: dict[str, Any] = EVERY_KIND[3], where: str = address) -> Any:
        return deployment.client.post(where, json=body, headers=keyed)

    first, again = ask(), ask()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert [each.headers.get("Idempotency-Replayed") for each in (first, again)] == [None, "true"]
    post(deployment, conversation_id, EVERY_KIND[5])
    assert ask().data == first.data
    assert get(deployment, f"/{conversation_id}").get_json()["length"] == 3
    assert problem(ask(EVERY_KIND[5])) == (422, "idempotency-key-reused")
    other = begin(deployment, "chat-2")
    assert problem(ask(where=f"/v1/conversations/{other}/events")) == (422, "idempotency-key-reused")


def test_a_key_does_not_hide_what_is_wrong(deployment: Deployment) -> None:
    keyed = headers(deployment) | {"Idempotency-Key": "k"}
    for conversation_id in (NOBODY, "å"):
        response = deployment.client.post(
            f"/v1/conversations/{conversation_id}/events", json=EVERY_KIND[3], headers=keyed
        )
        assert problem(response) == (404, "conversation-not-found")
