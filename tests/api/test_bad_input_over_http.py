"""Bad input on the wire, against a real gunicorn: the server answers or hangs up, stays well, and writes no half."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from running.worker import check_heads
from storage.engine import reading
from tests.builders_deployment import TEXT, Deployment
from tests.builders_server import Served, served
from tests.faults.wire import HangUp, NoAnswer, Wire
from transparency.tables import entries, tokens

pytestmark = pytest.mark.slow

BANK: Final = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
HUGE: Final = 40 * 2**20
MANY: Final = 1000
SEALED: Final = 600  # in a batch: sealed and answered in three parts
BLANKS: Final = b" " * 65_536
PIPELINED: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(shared: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(shared, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(autouse=True)
def well(server: Served, shared: Deployment) -> Iterator[None]:
    """After each test the server answers, seals, logged nothing unforeseen, and the tree verifies."""
    yield
    for _ in range(4):
        assert server.ask("GET", "/healthz").status == 200
    assert server.post("/v1/messages", MESSAGE, key=shared.keys[BANK]).status == 201
    assert "unforeseen" not in server.said()
    assert "Traceback" not in server.said()
    assert check_heads(shared.services.log, keys_of=shared.services.keys.note_keys) == []
    with reading(shared.services.engine) as connection:
        sealed, leaves = (
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (tokens, entries)
        )
    assert sealed == leaves == size(shared)


def size(made: Deployment) -> int:
    head = made.services.log.head(BANK)
    assert head is not None
    return head.size


def head_of(made: Deployment, path: str, *lines: str, method: str = "POST") -> bytes:
    """Return the head of a request as the bank's signer."""
    first = [f"{method} {path} HTTP/1.1", "Host: sigill.example", f"Authorization: Bearer {made.keys[BANK]}"]
    return "\r\n".join([*first, "Content-Type: application/json", *lines, "", ""]).encode("latin-1")


def statuses(server: Served, *parts: bytes, wait_s: float = 10) -> list[int]:
    """Send bytes on one connection, say that was all; return the statuses answered until the server hangs up."""
    received = b""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=wait_s)) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it had answered before it had read all
        try:
            while data := connection.recv(65_536):
                received += data
        except ConnectionResetError:
            pass
    return [int(found) for found in re.findall(rb"(?:\A|\n|\})HTTP/1\.1 (\d{3}) ", received)]


def test_forty_declared_megabytes_are_refused_before_they_were_sent(server: Served, shared: Deployment) -> None:
    before = size(shared)
    for path in ("/v1/messages", "/v1/messages/batch", "/v1/verifications"):
        head = head_of(shared, path, f"Content-Length: {HUGE}")
        assert statuses(server, head, BLANKS * 8) == [413]
    assert size(shared) == before


def test_forty_chunked_megabytes_are_refused_when_there_are_too_many(server: Served, shared: Deployment) -> None:
    before = size(shared)
    chunk = b"10000\r\n" + BLANKS + b"\r\n"
    for path in ("/v1/messages", "/v1/messages/batch", "/v1/verifications"):
        head = head_of(shared, path, "Transfer-Encoding: chunked")
        found = statuses(server, head, *[chunk] * (HUGE // len(BLANKS)), b"0\r\n\r\n")
        assert found in ([413], [])  # hung up on before the answer could be read
    assert size(shared) == before


CHUNKED = {
    "no number": b"zz\r\n{}\r\n0\r\n\r\n",
    "a negative number": b"-5\r\n{}\r\n0\r\n\r\n",
    "a huge number": b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n",
    "a number that never ends": b"1" * 100_000,
    "a chunk longer than it says": b"1\r\n{}{}{}\r\n0\r\n\r\n",
    "a chunk shorter than it says": b"ff\r\n{}\r\n0\r\n\r\n",
    "no last chunk": b"2\r\n{}\r\n",
    "an extension without end": b"2;" + b"a" * 200_000 + b"\r\n{}\r\n0\r\n\r\n",
    "trailers without end": b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 50_000 + b"\r\n",
    "bare line feeds": b"2\n{}\n0\n\n",
    "nothing": b"",
    "zero bytes": b"\x00" * 1000,
}


@pytest.mark.parametrize("kind", CHUNKED)
def test_chunked_nonsense_is_refused_and_nothing_after_it_is_a_request(
    server: Served, shared: Deployment, kind: str
) -> None:
    before = size(shared)
    for path in ("/v1/messages", "/v1/messages/batch"):
        head = head_of(shared, path, "Transfer-Encoding: chunked")
        found = statuses(server, head, CHUNKED[kind])
        assert found in ([], [400], [413], [422]), found
    form = b"POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    found = statuses(server, form + b"Transfer-Encoding: chunked\r\n\r\n", CHUNKED[kind])
    assert all(status < 500 for status in found), found
    assert size(shared) == before


FRAMING = {
    "both lengths": ["Content-Length: 2", "Transfer-Encoding: chunked"],
    "two lengths": ["Content-Length: 2", "Content-Length: 3"],
    "a negative length": ["Content-Length: -1"],
    "a length with a sign": ["Content-Length: +2"],
    "an unknown coding": ["Transfer-Encoding: gzip, x"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "a space before the colon": ["Content-Length : 2"],
    "a folded line": ["X: a", " b"],
    "a NUL": ["X: a\x00b"],
    "no name": [": x"],
    "an underscore for a hyphen": ["Content_Length: 2"],
}


@pytest.mark.parametrize("kind", FRAMING)
def test_a_doubtful_length_is_refused_and_ends_the_connection(server: Served, shared: Deployment, kind: str) -> None:
    before = size(shared)
    body = json.dumps(MESSAGE).encode()
    found = statuses(server, head_of(shared, "/v1/messages", *FRAMING[kind]), body, PIPELINED)
    assert found in ([], [400], [415], [501], [400, 400]), found
    assert size(shared) == before


@pytest.mark.parametrize("count", [51, 500, 5000])
def test_a_flood_of_headers_is_refused(server: Served, shared: Deployment, count: int) -> None:
    flood = [f"X-Flood-{number}: {'y' * 50}" for number in range(count)]
    assert statuses(server, head_of(shared, "/healthz", *flood, method="GET"), PIPELINED) in ([400], [431], [])


def test_a_header_of_a_megabyte_is_refused(server: Served, shared: Deployment) -> None:
    before = size(shared)
    body = json.dumps(MESSAGE).encode()
    for name in ("Idempotency-Key", "Authorization", "X"):
        head = head_of(shared, "/v1/messages", f"Content-Length: {len(body)}", f"{name}: {'k' * 2**20}")
        assert statuses(server, head, body) in ([400], [431], [])
    assert statuses(server, f"GET /{'a' * 2**20} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) in ([400], [414], [])
    assert size(shared) == before


def test_a_key_that_is_too_long_is_a_problem_and_the_connection_goes_on(server: Served, shared: Deployment) -> None:
    before = size(shared)
    wire = Wire(server.port, timeout_s=30)
    headers = {"Authorization": f"Bearer {shared.keys[BANK]}", "Content-Type": "application/json"}
    body = json.dumps(MESSAGE).encode()
    for bad in ("k" * 256, "k" * 8000):
        answer = wire.exchange("POST", "/v1/messages", body=body, headers=headers | {"Idempotency-Key": bad})
        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert wire.exchange("POST", "/v1/messages", body=body, headers=headers).status == 201
    wire.close()
    assert size(shared) == before + 1


@pytest.mark.parametrize(
    "line",
    [b"", b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n"],
)
def test_what_is_no_http_is_refused(server: Served, line: bytes) -> None:
    assert statuses(server, line) in ([], [400], [505])


def test_nonsense_is_a_problem_on_the_wire_as_well(server: Served, shared: Deployment) -> None:
    before = size(shared)
    key = shared.keys[BANK]
    bodies = [
        b'{"text":"\\ud800"}',
        b"[" * 10_000,
        b'{"messages":[' + b"[" * 900_000,
        b'{"a":1,"a":2}',
        b'{"text":"\xff"}',
    ]
    for path in ("/v1/messages", "/v1/messages/batch", "/v1/verifications", "/v1/decisions"):
        for body in bodies:
            answer = server.ask("POST", path, body, key=key)
            assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert server.ask("GET", "/v1/messages/%00", key=key).status == 404
    assert server.ask("BREW", "/v1/messages", b"{}", key=key).status == 405
    assert size(shared) == before


def test_a_thousand_bad_messages_get_a_thousand_problems(server: Served, shared: Deployment) -> None:
    before = size(shared)
    items = [[7, {}, MESSAGE | {"text": "a\u200b"}, MESSAGE | {"extra": 1}][number % 4] for number in range(MANY)]
    answer = server.post("/v1/messages/batch", {"messages": items}, key=shared.keys[BANK])
    assert answer.status == 200
    assert [each["status"] for each in answer.json()["results"]] == [422] * MANY
    assert size(shared) == before


@pytest.mark.parametrize("when", HangUp)
def test_a_client_that_hangs_up_can_come_back_with_its_key(server: Served, shared: Deployment, when: HangUp) -> None:
    before = size(shared)
    items = [MESSAGE | {"conversation": f"{when.name}-{number % 3}", "text": f"{number}"} for number in range(SEALED)]
    body = json.dumps({"messages": items}).encode()
    headers = {
        "Authorization": f"Bearer {shared.keys[BANK]}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"hung up {when.name}",
    }
    with pytest.raises(NoAnswer):
        Wire(server.port, timeout_s=30).hang_up("/v1/messages/batch", body=body, headers=headers, when=when)
    answer = _come_back(server, body, headers)
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201] * SEALED
    assert [each["conversation"]["seq"] for each in results] == [number // 3 + 1 for number in range(SEALED)]
    assert size(shared) == before + SEALED  # what was sealed before the client hung up was not sealed again
    again = _come_back(server, body, headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["results"] == results
    assert size(shared) == before + SEALED


def _come_back(server: Served, body: bytes, headers: dict[str, str]) -> Any:
    """Ask again until the first request has noticed that nobody listens any more."""
    deadline = time.monotonic() + 30
    while True:
        wire = Wire(server.port, timeout_s=60)
        answer = wire.exchange("POST", "/v1/messages/batch", body=body, headers=headers)
        wire.close()
        if answer.status != 409:
            return answer
        assert answer.headers["retry-after"] == "1"
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_slow_clients_do_not_keep_others_waiting(server: Served, shared: Deployment) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(head_of(shared, "/v1/messages", "Content-Length: 500") + b"{")
        begin = time.monotonic()
        assert server.post("/v1/messages", MESSAGE, key=shared.keys[BANK]).status == 201
        assert time.monotonic() - begin < 20
    finally:
        for connection in slow:
            connection.close()
