"""The witness as a second party runs it: real processes over HTTP, killed, raced, lied to and fed with nonsense."""

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sigill.client.errors import ServiceUnavailable
from sigill.client.witness import Behind, Cosigned, Refused, WitnessAnswer, ask_witness, read_witness
from sigill.tlog.note import parse_vkey
from sigill.tlog.witness_wire import MAX_REQUEST_CHARACTERS, format_add_checkpoint, origin_hash
from tests.builders_growing_log import GrowingLog
from tests.builders_witness import Witness, running_witness
from tests.faults.wire import HttpAnswer, NoAnswer, Wire

pytestmark = pytest.mark.slow

NAME = "witness.example/w1"
KILLS = 25
RACES = 200


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog().grow_to(400)


@pytest.fixture
def witness(tmp_path: Path, log: GrowingLog) -> Iterator[Witness]:
    with running_witness(tmp_path / "w", NAME, [log.vkey]) as running:
        yield running


def _ask(witness: Witness, log: GrowingLog, old_size: int, size: int) -> WitnessAnswer:
    return ask_witness(witness.url, log.request(old_size, size), key=witness.key, timeout_s=10)


def _kept_size(witness: Witness) -> int:
    """Return the size in the state file; 0 if nothing was cosigned."""
    with closing(sqlite3.connect(witness.folder / "witness" / "state.db")) as state:
        row = state.execute("SELECT size FROM heads").fetchone()
    return 0 if row is None else int(row[0])


def _send(witness: Witness, data: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the witness hangs up."""
    with socket.create_connection(("127.0.0.1", witness.port), timeout=20) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough: its answer may be there all the same
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionError:
            pass
        return answer


def _post(witness: Witness, body: bytes, **headers: str) -> HttpAnswer:
    wire = Wire(witness.port, timeout_s=20)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return wire.exchange("POST", "/add-checkpoint", body=body, headers=named)
    finally:
        wire.close()


def test_one_command_makes_a_witness_that_cosigns_and_remembers(witness: Witness, log: GrowingLog) -> None:
    assert isinstance(_ask(witness, log, 0, 10), Cosigned)
    assert witness.stop() == 0
    assert "The witness has stopped." in witness.said()
    vkey = witness.vkey
    witness.start()
    assert witness.vkey == vkey
    assert witness.said().count("made now") == 1
    assert _ask(witness, log, 0, 10) == Behind(10)
    assert isinstance(_ask(witness, log, 10, 20), Cosigned)
    seen = read_witness(witness.url, log.origin, key=witness.key, log_keys=(parse_vkey(log.vkey),))
    assert seen is not None
    assert seen.checkpoint.size == 20


def test_every_status_of_the_specification_comes_over_http(witness: Witness, log: GrowingLog) -> None:
    def body(of: GrowingLog, old_size: int, size: int) -> bytes:
        return format_add_checkpoint(of.request(old_size, size)).encode()

    signed = _post(witness, body(log, 0, 10))
    assert (signed.status, signed.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert re.fullmatch(rf"— {NAME} [A-Za-z0-9+/]{{102}}==\n", signed.body.decode())
    conflict = _post(witness, body(log, 0, 20))
    assert (conflict.status, conflict.headers["content-type"], conflict.body) == (409, "text/x.tlog.size", b"10\n")
    assert _post(witness, b"old 10").status == 400
    assert _post(witness, body(log, 11, 10)).status == 400
    assert _post(witness, body(GrowingLog(seed=9), 10, 20)).status == 403
    assert _post(witness, body(GrowingLog(origin="other.example"), 10, 20)).status == 404
    assert _post(witness, body(GrowingLog(story="another"), 10, 10)).status == 422
    assert _post(witness, body(GrowingLog(story="another"), 10, 20)).status == 422
    wire = Wire(witness.port, timeout_s=20)
    shown = wire.exchange("GET", f"/{origin_hash(log.origin)}/checkpoint", headers={})
    assert (shown.status, shown.body) == (200, log.note(10).encode() + signed.body)
    never = wire.exchange("GET", f"/{origin_hash('other.example')}/checkpoint", headers={})
    assert never.status == 404
    wire.close()


def test_a_connection_is_kept_for_the_next_request(witness: Witness, log: GrowingLog) -> None:
    wire = Wire(witness.port, timeout_s=20)
    for old_size, size in ((0, 5), (5, 6), (6, 7)):
        body = format_add_checkpoint(log.request(old_size, size)).encode()
        assert wire.exchange("POST", "/add-checkpoint", body=body, headers={}).status == 200
    wire.close()


def test_a_fork_with_the_same_key_is_refused_kept_and_told(witness: Witness, log: GrowingLog) -> None:
    twin = GrowingLog(story="another story").grow_to(400)
    _ask(witness, log, 0, 100)
    for size in (100, 101, 256, 400):
        refused = _ask(witness, twin, 100, size)
        assert isinstance(refused, Refused)
        assert refused.status == 422
    assert _kept_size(witness) == 100
    assert "SIGNED TWO DIFFERENT TREES of size 100" in witness.said()
    wire = Wire(witness.port, timeout_s=20)
    shown = wire.exchange("GET", f"/{origin_hash(log.origin)}/forks", headers={}).body.decode()
    wire.close()
    assert log.note(100) in shown
    assert twin.note(100) in shown


def test_two_publishers_racing_never_take_the_witness_back(witness: Witness, log: GrowingLog) -> None:
    """Both publish the same log in steps of their own; every cosigned head is consistent with every other."""
    cosigned: list[int] = []
    conflicts: list[int] = []

    def publish(step: int) -> None:
        known = 0
        for _ in range(RACES // 2):
            size = min(known + step, 400)
            answer = _ask(witness, log, known, size)
            if isinstance(answer, Cosigned):
                cosigned.append(size)
                known = size
            elif isinstance(answer, Behind):
                conflicts.append(answer.size)
                known = answer.size
            else:
                raise TypeError(answer)

    publishers = [threading.Thread(target=publish, args=(step,)) for step in (2, 3)]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert len(cosigned) + len(conflicts) == RACES
    assert conflicts, "they never met"
    assert max(cosigned) == _kept_size(witness)
    assert set(conflicts) <= {0, *cosigned}
    growing = [size for size in cosigned if size < 400]
    assert len(growing) == len(set(growing)), "a size was cosigned twice: the witness went back in between"


def test_killed_again_and_again_it_never_goes_back(witness: Witness, log: GrowingLog) -> None:
    """Nothing that was cosigned is larger than what the state holds after a kill, and the state never shrinks."""
    heard: list[int] = []
    stood = 0
    for turn in range(KILLS):
        stop = threading.Event()

        def publish(stop: threading.Event = stop, known: int = stood) -> None:
            while not stop.is_set() and known < 400:
                try:
                    answer = _ask(witness, log, known, known + 1)
                except ServiceUnavailable:
                    return
                if isinstance(answer, Cosigned):
                    known += 1
                    heard.append(known)
                elif isinstance(answer, Behind):
                    known = answer.size

        publisher = threading.Thread(target=publish)
        publisher.start()
        time.sleep(0.02 + 0.013 * (turn % 7))
        witness.kill()
        stop.set()
        publisher.join()
        kept = _kept_size(witness)
        assert kept >= max(heard, default=0)
        assert kept >= stood
        stood = kept
        witness.start()
        assert _ask(witness, log, stood + 1, stood + 2) == Behind(stood)
    assert len(heard) >= KILLS
    assert len(heard) == len(set(heard))  # each size once: from a state that went back it would be cosigned again


HEAD = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 10000000\r\n\r\n" + b"x" * 10_000_000,
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\nx",
        HEAD + b"Content-Length: -1\r\n\r\nx",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65_536 + b"\r\n" + b"0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"ffff\r\n" + b"x" * 65_535 + b"\r\n") * 100 + b"0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nx",
        HEAD + b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
        HEAD + b"Content-Length: 100\r\n\r\nold 0\n",
        HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /add-checkpoint HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"\r\n" * 10_000,
        b"",
        b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
        b"GET http://elsewhere.example/ HTTP/1.0\r\n\r\n",
        b"GET /%00%ff HTTP/1.0\r\n\r\n",
    ],
    ids=range(20),
)
def test_hostile_bytes_are_answered_below_500_or_not_at_all(witness: Witness, log: GrowingLog, data: bytes) -> None:
    answer = _send(witness, data)
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert answer == b"" or (status is not None and (int(status[1]) < 500 or int(status[1]) in {501, 505}))
    assert len(answer) < 2000
    assert isinstance(_ask(witness, log, 0, 10), Cosigned)
    assert "Traceback" not in witness.said()


def test_long_and_strange_requests_are_refused_and_the_next_one_served(witness: Witness, log: GrowingLog) -> None:
    right = format_add_checkpoint(log.request(0, 10))
    for body in (
        b"old 0\n" + b"A" * 43 + b"=\n" * 3000,
        right.encode().replace(b"log.example", b"log.\xff"),
        right.replace("\n", "\r\n").encode(),
        (right + "\n" * 3000).encode(),
        b"\xef\xbb\xbf" + right.encode(),
        right.encode("utf-16"),
    ):
        assert _post(witness, body).status == 400
    with suppress(NoAnswer):  # it hangs up on what is too long, and its answer may be lost
        assert _post(witness, b"x" * (MAX_REQUEST_CHARACTERS + 1)).status == 413
    assert _post(witness, right.encode()).status == 200


def test_slow_senders_do_not_keep_others_waiting(witness: Witness, log: GrowingLog) -> None:
    slow = [socket.create_connection(("127.0.0.1", witness.port)) for _ in range(60)]
    for connection in slow:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nold")
    begin = time.monotonic()
    assert isinstance(_ask(witness, log, 0, 10), Cosigned)
    assert time.monotonic() - begin < 5
    for connection in slow:
        connection.close()


def test_it_stops_while_somebody_is_still_sending(witness: Witness) -> None:
    with socket.create_connection(("127.0.0.1", witness.port)) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nold")
        assert witness.stop() == 0


def test_two_processes_on_one_folder_share_one_memory(witness: Witness, log: GrowingLog) -> None:
    second = Witness(witness.folder, NAME, [log.vkey])
    second.start()
    try:
        assert isinstance(_ask(witness, log, 0, 10), Cosigned)
        assert _ask(second, log, 0, 20) == Behind(10)
        assert isinstance(_ask(second, log, 10, 20), Cosigned)
        assert _ask(witness, log, 10, 30) == Behind(20)
    finally:
        second.stop()


def test_a_witness_that_lost_its_memory_does_not_come_back(witness: Witness, log: GrowingLog) -> None:
    _ask(witness, log, 0, 10)
    witness.kill()
    for file in (witness.folder / "witness").glob("state.db*"):
        file.unlink()
    with pytest.raises(TimeoutError, match=r"There is no state\.db"):
        witness.start()
