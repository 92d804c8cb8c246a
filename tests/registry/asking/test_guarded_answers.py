"""What strangers answer, or do not: everything is bounded in bytes and time."""

import gzip
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from registry.asking.exchange import Question
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.look_up import ask_in_time, look_up_by_system
from tests.builders_strangers import (
    Play,
    Stranger,
    playing,
    say,
    say_raw,
)
from tests.registry.asking.builders_guarded import NAME, fetch_of, refusal_of


def _code(play: Play, *, most_bytes: int = 256 * 1024, time_s: float = 5.0) -> str:
    with playing(play) as stranger:
        question = Question(url=f"http://{NAME}:{stranger.port}/", most_bytes=most_bytes)
        return refusal_of(fetch_of(stranger, time_s=time_s), question).code


def test_an_answer_longer_than_asked_for_is_refused() -> None:
    assert _code(say(b"x" * 1_000_000), most_bytes=1_000) == "too_long"
    assert _code(say_raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 500] * 3), most_bytes=1_000) == "too_long"


def test_an_answer_as_long_as_asked_for_is_read() -> None:
    with playing(say(b"x" * 1_000)) as stranger:
        question = Question(url=f"http://{NAME}:{stranger.port}/", most_bytes=1_000)

        assert len(fetch_of(stranger)(question).body) == 1_000


def test_a_compressed_answer_stays_compressed() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with playing(say(bomb, headers=["Content-Encoding: gzip"])) as stranger:
        answer = fetch_of(stranger)(Question(url=f"http://{NAME}:{stranger.port}/"))

    assert answer.body == bomb
    assert b"Accept-Encoding: identity\r\n" in stranger.requests[0]


@pytest.mark.parametrize(
    "play",
    [
        say_raw(b""),
        say_raw(b"\x00\xff" * 40),
        say_raw(b"HTTP/1.1 abc\r\n\r\n"),
        say_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
        say_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        say_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
        say_raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        say_raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"),
    ],
)
def test_an_answer_that_is_no_http_is_broken(play: Play) -> None:
    assert _code(play) == "broken"


def test_a_head_of_many_long_lines_is_refused() -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 2_000) for number in range(50))

    assert _code(say_raw(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")) == "too_long"


@pytest.mark.slow
@pytest.mark.parametrize(
    "play",
    [
        say_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 30, pause_s=0.1),
        say_raw(*[b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 30], pause_s=0.1),
        say_raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 30, pause_s=0.1),
        say_raw(b"", pause_s=3.0),
    ],
)
def test_a_server_that_drips_is_left_in_time(play: Play) -> None:
    with playing(play) as stranger:
        fetch = fetch_of(stranger, time_s=0.5)
        began = time.monotonic()

        assert refusal_of(fetch, Question(url=f"http://{NAME}:{stranger.port}/")).code == "timeout"
        assert time.monotonic() - began < 1.5


def test_a_port_where_nobody_listens_refuses() -> None:
    with playing(say(b"")) as stranger:
        fetch = fetch_of(stranger)

    assert refusal_of(fetch, Question(url=f"http://{NAME}:{stranger.port}/")).code == "refused"


def test_a_host_that_takes_no_connections_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        address = full.getsockname()
        for _ in range(2):  # nobody takes them, so there is no room for another
            connection = waiting.enter_context(socket.socket())
            connection.setblocking(False)  # noqa: FBT003 - the library's own way
            connection.connect_ex(address)
        fetch = fetch_of(Stranger(address[1]), time_s=0.3)

        assert refusal_of(fetch, Question(url=f"http://{NAME}:{address[1]}/")).code == "timeout"


def test_no_question_is_asked_when_the_look_up_took_all_the_time() -> None:
    def slow(_host: str, within_s: float) -> Sequence[str]:
        time.sleep(within_s)
        return ["127.0.0.1"]

    with playing(say(b"")) as stranger:
        fetch = fetch_of(stranger, look_up=slow, time_s=0.05)

        assert refusal_of(fetch, Question(url=f"http://{NAME}:{stranger.port}/")).code == "timeout"
    assert stranger.requests == []


def test_the_next_address_is_asked_where_the_first_refuses_the_connection() -> None:
    with playing(say(b"second")) as stranger:
        limits = Limits(http=True, ports=frozenset({stranger.port}), networks=(ip_network("127.0.0.0/8"),))
        fetch = GuardedFetch(limits=limits, look_up=lambda _host, _within_s: ["127.0.0.9", "127.0.0.1"])

        assert fetch(Question(url=f"http://{NAME}:{stranger.port}/")).body == b"second"


@pytest.mark.parametrize(
    ("error", "code"), [(TimeoutError(), "timeout"), (OSError("NXDOMAIN"), "unknown_host"), (None, "unknown_host")]
)
def test_a_name_without_an_address_is_told_from_one_that_takes_too_long(error: OSError | None, code: str) -> None:
    def look_up(_host: str, _within_s: float) -> Sequence[str]:
        if error is not None:
            raise error
        return []

    assert refusal_of(GuardedFetch(look_up=look_up), Question(url=f"https://{NAME}/")).code == code


def test_the_system_s_look_up_answers_or_says_that_there_is_no_address() -> None:
    assert "127.0.0.1" in look_up_by_system("localhost", 5.0)
    with pytest.raises(OSError, match="no address"):
        look_up_by_system("a" * 64 + ".invalid", 5.0)


def test_nobody_waits_for_a_look_up_that_takes_too_long() -> None:
    never = threading.Event()

    def ask(_host: str) -> Sequence[str]:
        never.wait(5.0)
        return []

    with pytest.raises(TimeoutError):
        ask_in_time(ask, NAME, 0.05)
    never.set()
