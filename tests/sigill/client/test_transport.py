"""The network side: addresses, TLS, time and size."""

import itertools
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sigill.client
from sigill.client.errors import ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.http import MAX_RETRY_AFTER_S, Transport, check_base_url, parse_retry_after
from tests.builders_authority import make_authority
from tests.builders_service import PlayedService, Reply

_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _get(url: str, *, timeout_s: float = 0.5, ca_file: str | None = None, max_bytes: int = 1000) -> bytes:
    transport = Transport(url, timeout_s=timeout_s, ca_file=ca_file)
    try:
        return transport.exchange("GET", "/", headers={}, max_bytes=max_bytes).body
    finally:
        transport.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://sigill.example",
        "https://sigill.example:8443/path/",
        "http://127.0.0.1:8000",
        "http://localhost",
        "http://[::1]:8000/",
        "http://127.9.9.9",
    ],
)
def test_https_anywhere_and_http_to_this_machine_are_addresses(url: str) -> None:
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sigill.example",
        "ftp://sigill.example",
        "http://sigill.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "https://",
        "https://key@sigill.example",
        "https://sigill.example/?a=1",
        "https://sigill.example/#a",
        "https://sigill.example:99999",
        "https://[::1",
    ],
)
def test_any_other_address_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(SettingsRefused, match=r"https"):
        check_base_url(url)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.text(max_size=20).map("https://{}".format))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        assert check_base_url(text) == text.rstrip("/")
    except SettingsRefused:
        return


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 3 ", 3.0),
        ("0", 0.0),
        ("99999999999999999999", MAX_RETRY_AFTER_S),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2099 11:00:00 GMT", MAX_RETRY_AFTER_S),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=_NOW) == seconds


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
@example("Sun, 22 Nov 99999 12:00:30 GMT")
@example("Sun, 22 Nov 2026 12:00:30 +9999")
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    seconds = parse_retry_after(text, now=_NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


def test_an_answer_is_read_whole(service: PlayedService) -> None:
    service.replies["/"] = Reply(200, b"x" * 1000)
    assert _get(service.url) == b"x" * 1000


def test_an_answer_without_a_stated_length_is_read_to_its_end(service: PlayedService) -> None:
    service.replies["/"] = Reply(200, chunks=lambda: iter([b"a", b"b"]))
    assert _get(service.url) == b"ab"


def test_an_answer_in_http_chunks_is_read_to_its_end(service: PlayedService) -> None:
    service.replies["/"] = Reply(
        200,
        headers={"Transfer-Encoding": "chunked"},
        chunks=lambda: iter([b"1\r\na\r\n", b"2\r\nbc\r\n", b"0\r\n\r\n"]),
    )
    assert _get(service.url) == b"abc"


def test_a_huge_answer_is_cut_short(service: PlayedService) -> None:
    service.replies["/"] = Reply(200, chunks=lambda: itertools.repeat(b"x" * 65_536))
    with pytest.raises(UnexpectedAnswer, match="longer than 1000 bytes"):
        _get(service.url)


def test_an_answer_that_drips_is_given_up(service: PlayedService) -> None:
    def drips() -> Iterator[bytes]:
        for _ in range(40):
            time.sleep(0.05)
            yield b"x"

    service.replies["/"] = Reply(200, chunks=drips)
    begin = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"gave no whole answer \(ReadTimeoutError\).*may have been sealed"):
        _get(service.url, timeout_s=0.2)
    assert time.monotonic() - begin < 1.5


def test_a_head_that_drips_is_given_up() -> None:
    """Each byte comes in time; the answer does not."""
    with socket.create_server(("127.0.0.1", 0)) as slow:
        thread = threading.Thread(target=_drip_a_head, args=(slow,))
        thread.start()
        begin = time.monotonic()
        with pytest.raises(ServiceUnavailable, match=r"gave no whole answer \(ReadTimeoutError\)"):
            _get(f"http://127.0.0.1:{slow.getsockname()[1]}", timeout_s=0.3)
        assert time.monotonic() - begin < 2
        thread.join()


def test_a_silent_service_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ServiceUnavailable, match=r"gave no whole answer \(ReadTimeoutError\).*it may have been sealed"),
    ):
        _get(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)


def test_a_service_that_is_away_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ServiceUnavailable, match="Check the address and the network") as caught:
        _get(f"http://127.0.0.1:{port}")
    assert caught.value.retry_after is None
    assert "sealed" not in str(caught.value)


def test_what_does_not_speak_http_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        thread = threading.Thread(target=_speak_nonsense, args=(odd,))
        thread.start()
        with pytest.raises(ServiceUnavailable):
            _get(f"http://127.0.0.1:{odd.getsockname()[1]}")
        thread.join()


def test_a_host_name_that_cannot_be_is_away() -> None:
    with pytest.raises(ServiceUnavailable):
        _get("https://" + "a" * 70 + ".example")


def test_no_redirect_is_followed_so_the_key_goes_nowhere_else(service: PlayedService) -> None:
    service.replies["/"] = Reply(307, headers={"Location": f"{service.url}/elsewhere"})
    with pytest.raises(UnexpectedAnswer, match="not followed"):
        _get(service.url)
    assert [request.path for request in service.requests] == ["/"]


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    context = authority.tls_for("127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as plain:
        url = f"https://127.0.0.1:{plain.getsockname()[1]}"
        thread = threading.Thread(target=_answer_twice, args=(plain, context))
        thread.start()
        with pytest.raises(ServiceUnavailable, match=r"cannot be reached \(SSLError\)"):
            _get(url, timeout_s=5)
        assert _get(url, timeout_s=5, ca_file=authority.ca_file) == b"ok"
        thread.join()


def test_errors_can_be_imported_where_urllib3_is_missing() -> None:
    program = (
        "import sys; sys.modules['urllib3'] = None\n"
        "import sigill.client.errors, sigill.client\n"
        "try:\n    sigill.client.Client\nexcept ModuleNotFoundError as error:\n    print(error.name)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "urllib3\n"


def test_the_package_offers_the_client_and_nothing_by_accident() -> None:
    assert sigill.client.__all__ == ["Client", "ClientIdentity", "Patience"]
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        sigill.client.Klient  # noqa: B018


def _speak_nonsense(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"220 smtp.example ESMTP\r\n")


def _drip_a_head(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):  # the client had enough
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(b"x")


def _answer_twice(server: socket.socket, context: ssl.SSLContext) -> None:
    for _ in range(2):
        connection, _ = server.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1000)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        except ssl.SSLError:
            connection.close()
