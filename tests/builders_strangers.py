"""Web servers of strangers on this machine, which answer byte by byte."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final

Play = Callable[[socket.socket], None]
"""What a server does with a connection whose request has been read."""

HOME: Final = ip_network("127.0.0.1/32")
"""The network that a test lets through: where its servers are, and nothing else of this machine."""


@dataclass(slots=True)
class Stranger:
    """A running server: its port, and the requests it has read."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


@contextmanager
def playing(play: Play, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Stranger]:
    """Run a server on loopback until the block ends: it reads each request's head and then does as `play` says."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        stranger = Stranger(listener.getsockname()[1])
        if tls is not None:
            tls.sni_callback = lambda _, name, __: stranger.names.append(name)
        listener.settimeout(0.05)
        ended = threading.Event()
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    connection.settimeout(5.0)
                    threads.append(threading.Thread(target=_serve, args=(connection, tls, stranger, play)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield stranger
        finally:
            ended.set()
            accepting.join()
            for thread in threads:
                thread.join()


def say(body: bytes, *, status: str = "200 OK", headers: Sequence[str] = ()) -> Play:
    """Answer properly."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
    return lambda connection: connection.sendall(head.encode() + body)


def say_raw(*parts: bytes, pause_s: float = 0.0) -> Play:
    """Send these bytes, whatever they are, with a pause before each."""

    def play(connection: socket.socket) -> None:
        for part in parts:
            if pause_s:
                threading.Event().wait(pause_s)
            connection.sendall(part)

    return play


def redirect_to(url: str, *, status: str = "302 Found") -> Play:
    return say(b"", status=status, headers=[f"Location: {url}"])


def _serve(connection: socket.socket, tls: ssl.SSLContext | None, stranger: Stranger, play: Play) -> None:
    with connection, suppress(OSError):
        if tls is None:
            _answer(connection, stranger, play)
            return
        with tls.wrap_socket(connection, server_side=True) as secure:
            _answer(secure, stranger, play)


def _answer(connection: socket.socket, stranger: Stranger, play: Play) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(65_536)
        if not part:
            return
        request += part
    stranger.requests.append(request)
    play(connection)
