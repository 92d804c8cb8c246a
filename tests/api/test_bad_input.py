"""Bad input of every kind: answered with a problem, quickly; nothing is half written and every tree still verifies."""

import io
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize
from sqlalchemy import func, select

from api.cursors import format_cursor
from api.schemas.conversations import EventSchema
from api.schemas.messages import MAX_BATCH, MessageSchema, QuestionSchema
from api.schemas.verifications import VerifySchema
from api.schemas.withdrawals import WithdrawSchema
from conversations.tables import conversations
from policies.tables import decisions
from registry.model import OperatorId, Role
from running.worker import check_heads
from storage.engine import reading
from tests.builders_deployment import TEXT, Deployment, operator
from transparency.tables import entries, tokens

pytestmark = pytest.mark.slow  # hundreds of hostile requests

BANK, OTHER = OperatorId("exempelbanken"), OperatorId("exempelel")
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
EVENT: dict[str, Any] = {"kind": "handoff", "from": "ai", "to": "human"}
JSON = "application/json"
PROBLEM = "application/problem+json"
DEEP = 10_000
HUGE = 40 * 2**20
TABLES = (entries, tokens, decisions, conversations)


@pytest.fixture(scope="module")
def made(shared: Deployment) -> Deployment:
    """Two operators, each with a conversation."""
    shared.add(operator(OTHER))
    for by in (BANK, OTHER):
        assert shared.sign(by=by, conversation="begun").status_code == 201
    return shared


@pytest.fixture
def unharmed(made: Deployment) -> Iterator[None]:
    """Whatever the test did, it wrote nothing."""
    before = rows(made)
    yield
    assert rows(made) == before


@pytest.fixture(scope="module", autouse=True)
def verified(made: Deployment) -> Iterator[None]:
    """After all tests of this module, every tree verifies, and a message is sealed as ever."""
    yield
    assert made.sign().status_code == 201
    assert check_heads(made.services.log, keys_of=made.services.keys.note_keys) == []


def rows(made: Deployment) -> list[int]:
    """Return how much is written: rows of each table, and the sizes of the logs."""
    with reading(made.services.engine) as connection:
        counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]
    return counts + sorted(head.size for head in made.services.log.logs())


def ask(made: Deployment, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
    """Ask as the bank's signer; `Content_Type="x"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"Authorization": f"Bearer {made.keys[BANK]}", "Content-Type": JSON} | named
    return made.client.open(path, method=method, data=body, headers=named, buffered=True)


def refused(response: Any) -> tuple[int, str]:
    """Return status and slug of what must be a problem."""
    assert response.content_type == PROBLEM, (response.status_code, response.content_type)
    problem = response.get_json()
    assert problem["status"] == response.status_code
    return response.status_code, problem["type"].rpartition("/")[2]


def begun(made: Deployment, by: str) -> str:
    """Return the id of an operator's conversation."""
    key = {"Authorization": f"Bearer {made.keys[by]}"}
    page = made.client.get("/v1/conversations?reference=begun", headers=key).get_json()
    return str(page["conversations"][0]["id"])


def message_of(made: Deployment, by: str) -> str:
    """Return the id of a message of an operator's conversation."""
    key = {"Authorization": f"Bearer {made.keys[by]}"}
    found = made.client.get(f"/v1/conversations/{begun(made, by)}", headers=key).get_json()
    return str(found["entries"][0]["id"])


def routes(made: Deployment) -> dict[str, tuple[str, str]]:
    """Return method and path of everything that takes a body."""
    return {
        "message": ("POST", "/v1/messages"),
        "batch": ("POST", "/v1/messages/batch"),
        "decision": ("POST", "/v1/decisions"),
        "verification": ("POST", "/v1/verifications"),
        "event": ("POST", f"/v1/conversations/{begun(made, BANK)}/events"),
        "withdrawal": ("DELETE", f"/v1/messages/{message_of(made, BANK)}"),
    }


BODIES = ("message", "batch", "decision", "verification", "event", "withdrawal")


def _names(schema: Any) -> list[str]:
    return sorted(field.data_key or name for name, field in schema.fields.items())


FIELDS = [
    (route, name)
    for route, schema in (
        ("message", MessageSchema()),
        ("decision", QuestionSchema()),
        ("verification", VerifySchema()),
        ("event", EventSchema()),
        ("withdrawal", WithdrawSchema()),
    )
    for name in _names(schema)
]
RIGHT: dict[str, dict[str, Any]] = {
    "message": MESSAGE,
    "decision": {name: MESSAGE[name] for name in ("authorship", "channel", "enquiry")},
    "verification": {},
    "event": EVENT,
    "withdrawal": {"reason": "wrong_content"},
}


@pytest.mark.parametrize(("route", "name"), FIELDS)
@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"])
@pytest.mark.usefixtures("unharmed")
def test_a_lone_surrogate_in_any_field_makes_the_body_unreadable(
    made: Deployment, route: str, name: str, text: str
) -> None:
    for value in (text, [text], {"reference": text}, {text: "x"}):
        data = json.dumps(RIGHT[route] | {name: value}).encode()  # \ud800, escaped
        assert refused(ask(made, *routes(made)[route], data)) == (400, "malformed-json")


@pytest.mark.parametrize("name", _names(MessageSchema()))
@pytest.mark.usefixtures("unharmed")
def test_a_lone_surrogate_in_any_field_of_a_batch_makes_the_body_unreadable(made: Deployment, name: str) -> None:
    data = json.dumps({"messages": [MESSAGE, MESSAGE | {name: "\udead"}, MESSAGE]}).encode()
    assert refused(ask(made, "POST", "/v1/messages/batch", data)) == (400, "malformed-json")


NONSENSE = {
    "nothing": b"",
    "no JSON": b"{'text': 1}",
    "cut": b'{"text":"',
    "two values": b"{}{}",
    "a raw surrogate": b'{"text":"\xed\xa0\x80"}',
    "Latin-1": '{"text":"\u00e5"}'.encode("latin-1"),
    "UTF-16": '{"text":"x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"text":"x"}',
    "NaN": b'{"text":NaN}',
    "a huge number": b'{"text":1e999}',
    "a long integer": b'{"text":' + b"9" * 100_000 + b"}",
    "a raw control character": b'{"text":"\x00"}',
    "duplicate members": b'{"text":"a","text":"b"}',
    "duplicate members, escaped": b'{"text":"a","\\u0074ext":"b"}',
    "duplicate members, deeper": b'{"customer":{"jurisdiction":"SE","jurisdiction":"NO"}}',
    "deep arrays": b'{"text":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"text":' * DEEP + b"1" + b"}" * DEEP,
    "deep and cut": b"[" * 900_000,
    "deep in a batch": b'{"messages":[' + b'{"customer":' * DEEP + b"1" + b"}" * DEEP + b"]}",
}


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.usefixtures("unharmed")
def test_nonsense_is_refused_quickly(made: Deployment, route: str, kind: str) -> None:
    method, path = routes(made)[route]
    begin = time.process_time()
    assert refused(ask(made, method, path, NONSENSE[kind])) == (400, "malformed-json")
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.usefixtures("unharmed")
def test_forty_megabytes_are_too_many(made: Deployment, route: str, chunked: bool) -> None:
    method, path = routes(made)[route]
    declared = {"CONTENT_LENGTH": ""} if chunked else {"CONTENT_LENGTH": str(HUGE)}
    endless = _Endless(HUGE)
    response = made.client.open(
        path,
        method=method,
        content_type=JSON,
        headers={"Authorization": f"Bearer {made.keys[BANK]}"},
        environ_overrides={"wsgi.input": endless, "wsgi.input_terminated": chunked, **declared},
    )
    assert refused(response) == (413, "body-too-large")
    assert endless.given <= 8 * 2**20 + 70_000  # what was not kept was not read either


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/v1/messages", JSON), ("/v1/verifications", JSON), ("/check", "application/x-www-form-urlencoded")],
)
@pytest.mark.usefixtures("unharmed")
def test_a_body_whose_chunks_are_none_is_the_client_s_mistake(made: Deployment, path: str, kind: str) -> None:
    response = made.client.post(
        path,
        content_type=kind,
        headers={"Authorization": f"Bearer {made.keys[BANK]}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": _Broken(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert response.status_code == 400
    assert response.content_type == (PROBLEM if kind == JSON else "text/html; charset=utf-8")


class _Broken(io.RawIOBase):
    """A body as gunicorn reads it when a chunk does not say its size."""

    def read(self, size: int = -1) -> bytes:
        raise InvalidChunkSize(str(size).encode())


class _Endless(io.RawIOBase):
    """Blanks, up to a number of bytes; says how many were read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b" " * count
        self.left -= count
        self.given += count
        return count


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
@pytest.mark.usefixtures("unharmed")
def test_a_body_that_does_not_say_it_is_json_is_not_read(made: Deployment, route: str, kind: str) -> None:
    data = json.dumps(RIGHT.get(route, {"messages": [MESSAGE]})).encode()
    assert refused(ask(made, *routes(made)[route], data, Content_Type=kind)) == (415, "not-json")


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND", "BREW", "get"])
@pytest.mark.usefixtures("unharmed")
def test_a_method_that_is_not_offered_is_refused_with_those_that_are(made: Deployment, route: str, method: str) -> None:
    offered, path = routes(made)[route]
    response = ask(made, method, path, b"{}")
    if method == "get":  # the test client spells methods in capitals, and some of these paths can be read
        assert response.status_code in {200, 405}
        return
    assert refused(response) == (405, "method-not-allowed")
    assert offered in response.headers["Allow"]


@pytest.mark.parametrize("key", ["x" * 2**20, "x" * 256, "", '""', "a\x7f", "å", "\x00", "\t"])
@pytest.mark.parametrize("route", ["message", "batch", "event"])
@pytest.mark.usefixtures("unharmed")
def test_what_is_no_idempotency_key_is_refused(made: Deployment, route: str, key: str) -> None:
    data = json.dumps(RIGHT.get(route, {"messages": [MESSAGE]})).encode()
    response = ask(made, *routes(made)[route], data, Idempotency_Key=key)
    assert refused(response) == (400, "idempotency-key-malformed")


BAD_ITEMS: list[Any] = [
    7,
    None,
    [],
    {},
    "x" * 2000,
    MESSAGE | {"text": ""},
    MESSAGE | {"text": "a\u200bb"},
    MESSAGE | {"text": "a\x00b"},
    MESSAGE | {"conversation": "x" * 129},
    MESSAGE | {"recipient": {"reference": 1}},
    MESSAGE | {"customer": {"jurisdiction": "se"}},
    MESSAGE | {"html": "<p hidden>x"},
    MESSAGE | {f"x{number}": 1 for number in range(20)},
]


@pytest.mark.usefixtures("unharmed")
def test_a_thousand_bad_messages_get_a_thousand_problems_quickly(made: Deployment) -> None:
    items = [BAD_ITEMS[number % len(BAD_ITEMS)] for number in range(MAX_BATCH)]
    begin = time.process_time()
    response = ask(made, "POST", "/v1/messages/batch", json.dumps({"messages": items}).encode())
    took_s = time.process_time() - begin
    assert response.status_code == 200
    results = response.get_json()["results"]
    assert [result["status"] for result in results] == [422] * MAX_BATCH
    assert all(set(result) == {"status", "problem"} for result in results)
    assert took_s < 20  # far above what it takes, far below what a quadratic reader would


@pytest.mark.usefixtures("unharmed")
def test_an_event_for_another_operator_s_conversation_finds_none(made: Deployment) -> None:
    theirs, nobodys = begun(made, OTHER), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    answers = [
        ask(made, "POST", f"/v1/conversations/{one}/events", json.dumps(EVENT).encode()) for one in (theirs, nobodys)
    ]
    assert [refused(answer) for answer in answers] == [(404, "conversation-not-found")] * 2
    assert answers[0].data == answers[1].data
    assert refused(ask(made, "GET", f"/v1/conversations/{theirs}")) == (404, "conversation-not-found")


@pytest.mark.usefixtures("unharmed")
def test_another_operator_s_message_cannot_be_withdrawn_read_or_replaced(made: Deployment) -> None:
    theirs, nobodys = message_of(made, OTHER), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    body = json.dumps({"reason": "wrong_content"}).encode()
    answers = [ask(made, "DELETE", f"/v1/messages/{one}", body) for one in (theirs, nobodys)]
    assert [refused(answer) for answer in answers] == [(404, "message-not-found")] * 2
    assert answers[0].data == answers[1].data
    assert refused(ask(made, "GET", f"/v1/messages/{theirs}")) == (404, "message-not-found")
    edit = json.dumps(MESSAGE | {"edits": theirs, "conversation": "begun"}).encode()
    assert refused(ask(made, "POST", "/v1/messages", edit)) == (422, "edit-refused")


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    "x",
    "A" * 5000,
    "%00",
    "å",
    _encoded("[]"),
    _encoded("[1]"),
    _encoded('[1,"a"] '),
    _encoded('[1,"a\\u0000"]'),
    _encoded('["1","a"]'),
    _encoded("[1.0,true]"),
    _encoded('[1,"a","b"]'),
    _encoded('{"a":1}'),
    _encoded("[" * 60),
    _encoded('[123456789012345678901234567890,"a"]'),
    format_cursor(1, "a") + "=",
]


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.usefixtures("unharmed")
def test_a_cursor_that_was_tampered_with_is_refused(made: Deployment, cursor: str) -> None:
    assert refused(ask(made, "GET", f"/v1/conversations?cursor={cursor}")) == (422, "request-invalid")
    path = f"/v1/conversations/{begun(made, BANK)}?cursor={cursor}"
    answer = ask(made, "GET", path)
    if cursor != _encoded("[1]"):  # of the other list: a place in a conversation
        assert refused(answer) == (422, "request-invalid")


@pytest.mark.parametrize("place", [(-(2**53) + 1, "0"), (2**53 - 1, "z" * 60), (0, "'; DROP TABLE tokens; --")])
@pytest.mark.usefixtures("unharmed")
def test_a_cursor_of_a_place_that_does_not_exist_only_begins_there(made: Deployment, place: tuple[int, str]) -> None:
    answer = ask(made, "GET", f"/v1/conversations?cursor={format_cursor(place[1])}")
    assert answer.status_code == 200
    assert all(each["operator"] == BANK for each in answer.get_json()["conversations"])
    assert (
        ask(made, "GET", f"/v1/conversations/{begun(made, BANK)}?cursor={format_cursor(place[0])}").status_code == 200
    )


NAMES = ["%00", "a%00b", "01ARZ3NDEKTSV4RRFFQ69G5FA%00", "%ED%A0%80", "%FF", "..%2f..", "a" * 5000, "%F0%9F%92%A9", "'"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/messages/{}"),
        ("DELETE", "/v1/messages/{}"),
        ("GET", "/v1/conversations/{}"),
        ("POST", "/v1/conversations/{}/events"),
        ("GET", "/registry/operators/{}"),
        ("GET", "/log/{}/checkpoint"),
        ("GET", "/log/{}/tile/0/000"),
        ("GET", "/log/exempelbanken/tile/{}"),
        ("GET", "/status/{}"),
        ("GET", "/problems/{}"),
        ("GET", "/docs/assets/{}"),
    ],
)
@pytest.mark.usefixtures("unharmed")
def test_a_hostile_name_in_an_address_finds_nothing(made: Deployment, method: str, path: str, name: str) -> None:
    body = {"DELETE": b'{"reason":"other"}', "POST": json.dumps(EVENT).encode()}.get(method)
    assert refused(ask(made, method, path.format(name), body))[0] == 404


@pytest.mark.parametrize("name", ["reference", "cursor", "limit", "operator", "unknown"])
@pytest.mark.parametrize("value", ["%00", "%FF", "%ED%A0%80", "x" * 5000, "-1", "1e9", "[]"])
@pytest.mark.usefixtures("unharmed")
def test_a_hostile_query_is_a_problem(made: Deployment, name: str, value: str) -> None:
    assert refused(ask(made, "GET", f"/v1/conversations?{name}={value}"))[0] in {404, 422}


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
@pytest.mark.parametrize("name", ["text", "conversation", "agent", "recipient"])
def test_a_nul_in_a_field_is_refused_or_kept_as_a_hash(made: Deployment, name: str, text: str) -> None:
    response = ask(made, "POST", "/v1/messages", json.dumps(MESSAGE | {name: text}).encode())
    assert response.status_code in {201, 422}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
@pytest.mark.parametrize("route", ["message", "batch", "event", "withdrawal"])
@pytest.mark.usefixtures("unharmed")
def test_who_may_not_write_learns_nothing_of_a_bad_body(made: Deployment, route: str, role: Role) -> None:
    key = made.new_key(role=role, operator_id=BANK)
    answers = [
        ask(made, *routes(made)[route], data, Authorization=f"Bearer {key}")
        for data in (b"[" * DEEP, b"{}", NONSENSE["duplicate members"])
    ]
    assert {refused(answer) for answer in answers} == {(403, "scope-missing")}
