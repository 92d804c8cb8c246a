import gzip
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.asking.exchange import NoAnswer, Question
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.look_up import LookUp, ask_in_time, look_up_by_system
from tests.builders_authority import Authority, make_authority
from tests.builders_strangers import (
    HOME,
    Play,
    Stranger,
    playing,
    redirect_to,
    say,
    say_raw,
)

_NAME: Final = "shop.example"


def _home(_host: str, _within_s: float) -> Sequence[str]:
    return ["127.0.0.1"]


def _fetch(stranger: Stranger, *, look_up: LookUp = _home, time_s: float = 5.0) -> GuardedFetch:
    limits = Limits(http=True, ports=frozenset({stranger.port}), networks=(HOME,), time_s=time_s)
    return GuardedFetch(limits=limits, look_up=look_up)


def _refusal(fetch: GuardedFetch, question: Question) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        fetch(question)
    return caught.value


def _code(play: Play, *, most_bytes: int = 256 * 1024, time_s: float = 5.0) -> str:
    with playing(play) as stranger:
        question = Question(url=f"http://{_NAME}:{stranger.port}/", most_bytes=most_bytes)
        return _refusal(_fetch(stranger, time_s=time_s), question).code


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def shop(authority: Authority) -> Iterator[Stranger]:
    with playing(say(b"welcome"), tls=authority.tls_for(_NAME)) as stranger:
        yield stranger


def test_an_answer_is_given_as_it_came() -> None:
    with playing(say(b"none here", status="404 Not Found", headers=["X-Odd: Yes"])) as stranger:
        answer = _fetch(stranger)(Question(url=f"http://{_NAME}:{stranger.port}/a%20b?c=d&e"))

    assert (answer.status, answer.body, answer.headers["x-odd"]) == (404, b"none here", "Yes")
    assert stranger.requests[0].startswith(b"GET /a%20b?c=d&e HTTP/1.1\r\n")
    assert f"Host: {_NAME}:{stranger.port}\r\n".encode() in stranger.requests[0]


def test_a_question_with_a_body_is_a_post_with_its_headers() -> None:
    with playing(say(b"")) as stranger:
        question = Question(
            url=f"http://{_NAME}:{stranger.port}/ocsp",
            headers={"Content-Type": "application/ocsp-request", "Host": "another.example"},
            body=b"\x30\x00",
        )
        _fetch(stranger)(question)

    assert stranger.requests[0].startswith(b"POST /ocsp HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request\r\n" in stranger.requests[0]
    assert b"another.example" not in stranger.requests[0]


def test_a_server_over_tls_is_asked_at_the_looked_up_address_and_known_by_its_name(
    authority: Authority, shop: Stranger
) -> None:
    limits = Limits(ports=frozenset({shop.port}), networks=(HOME,))
    fetch = GuardedFetch(limits=limits, ca_file=authority.ca_file, look_up=_home)

    assert fetch(Question(url=f"https://{_NAME}:{shop.port}/")).body == b"welcome"
    assert shop.names == [_NAME]
    assert _refusal(fetch, Question(url=f"https://other.example:{shop.port}/")).code == "tls"


def test_a_certificate_of_an_unknown_authority_is_refused(shop: Stranger) -> None:
    limits = Limits(ports=frozenset({shop.port}), networks=(HOME,))

    assert _refusal(GuardedFetch(limits=limits, look_up=_home), Question(url=f"https://{_NAME}:{shop.port}/")).code == (
        "tls"
    )
    assert shop.requests == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["1.1.1.1", "127.0.0.1"],
        ["1.1.1.1"] * 40,
        ["not an address"],
    ],
)
def test_a_name_with_any_address_of_one_s_own_network_is_not_asked(addresses: list[str]) -> None:
    with playing(say(b"secret"), address="127.0.0.1") as stranger:
        fetch = GuardedFetch(
            limits=Limits(http=True, ports=frozenset({stranger.port})), look_up=lambda _host, _within_s: addresses
        )

        assert _refusal(fetch, Question(url=f"http://{_NAME}:{stranger.port}/")).code == "private_address"
    assert stranger.requests == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "127.1", "0x7f.1", "2130706433"],
)
def test_no_spelling_of_loopback_is_asked(host: str) -> None:
    with playing(say(b"secret")) as stranger:
        fetch = GuardedFetch(limits=Limits(http=True, ports=frozenset({stranger.port})))

        assert _refusal(fetch, Question(url=f"http://{host}:{stranger.port}/")).code in {
            "private_address",
            "unknown_host",
        }
    assert stranger.requests == []


def test_a_name_that_changes_its_address_after_the_check_gains_nothing() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[str] = []

    def rebinding(host: str, _within_s: float) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    with playing(say(b"public")) as stranger:
        fetch = _fetch(stranger, look_up=rebinding)
        question = Question(url=f"http://{_NAME}:{stranger.port}/")

        assert fetch(question).body == b"public"
        assert asked == [_NAME]  # one look-up for one question
        assert _refusal(fetch, question).code == "private_address"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with playing(say(b"secret")) as inside, playing(redirect_to(f"http://127.0.0.1:{inside.port}/")) as stranger:
        answer = _fetch(stranger)(Question(url=f"http://{_NAME}:{stranger.port}/"))

        assert (answer.status, answer.headers["location"]) == (302, f"http://127.0.0.1:{inside.port}/")
    assert inside.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(say(b"proxy")) as proxy, playing(say(b"shop")) as stranger:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        assert _fetch(stranger)(Question(url=f"http://{_NAME}:{stranger.port}/")).body == b"shop"
    assert proxy.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "http://shop.example/",  # unless asked for
        "https://",
        "https:///path",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://@shop.example/",
        "https://shop.example:22/",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://shop.example/#part",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/\r\nX-Injected: yes",
        "https://shop.example/a b",
        "https://sh%6fp.example/",
        "https://köp.example/",
        "https://.example/",
        "https://shop..example/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://shop.example/" + "a" * 2048,
        "https://" + "a." * 200 + "example/",
    ],
)
def test_an_address_that_strangers_may_not_give_is_not_even_looked_up(url: str) -> None:
    def never(host: str, _within_s: float) -> Sequence[str]:
        raise AssertionError(host)

    assert _refusal(GuardedFetch(look_up=never), Question(url=url)).code == "bad_address"


def test_a_refusal_does_not_repeat_a_password() -> None:
    refusal = _refusal(GuardedFetch(), Question(url="https://user:hemligt@shop.example/"))

    assert "hemligt" not in str(refusal)


def test_an_answer_longer_than_asked_for_is_refused() -> None:
    assert _code(say(b"x" * 1_000_000), most_bytes=1_000) == "too_long"
    assert _code(say_raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 500] * 3), most_bytes=1_000) == "too_long"


def test_an_answer_as_long_as_asked_for_is_read() -> None:
    with playing(say(b"x" * 1_000)) as stranger:
        question = Question(url=f"http://{_NAME}:{stranger.port}/", most_bytes=1_000)

        assert len(_fetch(stranger)(question).body) == 1_000


def test_a_compressed_answer_stays_compressed() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    with playing(say(bomb, headers=["Content-Encoding: gzip"])) as stranger:
        answer = _fetch(stranger)(Question(url=f"http://{_NAME}:{stranger.port}/"))

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
        fetch = _fetch(stranger, time_s=0.5)
        began = time.monotonic()

        assert _refusal(fetch, Question(url=f"http://{_NAME}:{stranger.port}/")).code == "timeout"
        assert time.monotonic() - began < 1.5


def test_a_port_where_nobody_listens_refuses() -> None:
    with playing(say(b"")) as stranger:
        fetch = _fetch(stranger)

    assert _refusal(fetch, Question(url=f"http://{_NAME}:{stranger.port}/")).code == "refused"


def test_a_host_that_takes_no_connections_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        address = full.getsockname()
        for _ in range(2):  # nobody takes them, so there is no room for another
            connection = waiting.enter_context(socket.socket())
            connection.setblocking(False)  # noqa: FBT003 - the library's own way
            connection.connect_ex(address)
        fetch = _fetch(Stranger(address[1]), time_s=0.3)

        assert _refusal(fetch, Question(url=f"http://{_NAME}:{address[1]}/")).code == "timeout"


def test_no_question_is_asked_when_the_look_up_took_all_the_time() -> None:
    def slow(_host: str, within_s: float) -> Sequence[str]:
        time.sleep(within_s)
        return ["127.0.0.1"]

    with playing(say(b"")) as stranger:
        fetch = _fetch(stranger, look_up=slow, time_s=0.05)

        assert _refusal(fetch, Question(url=f"http://{_NAME}:{stranger.port}/")).code == "timeout"
    assert stranger.requests == []


def test_the_next_address_is_asked_where_the_first_refuses_the_connection() -> None:
    with playing(say(b"second")) as stranger:
        limits = Limits(http=True, ports=frozenset({stranger.port}), networks=(ip_network("127.0.0.0/8"),))
        fetch = GuardedFetch(limits=limits, look_up=lambda _host, _within_s: ["127.0.0.9", "127.0.0.1"])

        assert fetch(Question(url=f"http://{_NAME}:{stranger.port}/")).body == b"second"


@pytest.mark.parametrize(
    ("error", "code"), [(TimeoutError(), "timeout"), (OSError("NXDOMAIN"), "unknown_host"), (None, "unknown_host")]
)
def test_a_name_without_an_address_is_told_from_one_that_takes_too_long(error: OSError | None, code: str) -> None:
    def look_up(_host: str, _within_s: float) -> Sequence[str]:
        if error is not None:
            raise error
        return []

    assert _refusal(GuardedFetch(look_up=look_up), Question(url=f"https://{_NAME}/")).code == code


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
        ask_in_time(ask, _NAME, 0.05)
    never.set()


def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()

    with pytest.raises(OSError, match=r"."):
        GuardedFetch(ca_file=str(empty))


@given(
    st.text(max_size=60) | st.text(alphabet="htps:/@.[]%0x1a-\\?#&", max_size=40).map(lambda text: "https://" + text)
)
def test_whatever_is_given_as_an_address_ends_without_a_question_to_one_s_own_network(url: str) -> None:
    def nowhere(_host: str, _within_s: float) -> Sequence[str]:
        return ["127.0.0.1"]

    assert _refusal(GuardedFetch(look_up=nowhere), Question(url=url)).code in {"bad_address", "private_address"}
