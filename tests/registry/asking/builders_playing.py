"""A web server in a thread that plays a register: what it answers is a function of how often it was asked."""

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.builders_authority import make_authority
from tests.builders_http import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One answer; with `drip_s` it comes a byte at a time, with `hang_s` after that wait."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    drip_s: float = 0.0
    hang_s: float = 0.0
    says_bytes: int | None = None


@dataclass(slots=True)
class Played:
    """What was asked so far: method, path, headers in lower case, body."""

    base_url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


def _send(handler: BaseHTTPRequestHandler, play: Play, *, over: threading.Event) -> None:
    handler.send_response(play.status)
    for name, value in {"Content-Type": "application/json", **play.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(play.body) if play.says_bytes is None else play.says_bytes))
    handler.end_headers()
    handler.close_connection = play.says_bytes is not None
    if not play.drip_s:
        handler.wfile.write(play.body)
        return
    for byte in play.body:
        handler.wfile.write(bytes([byte]))
        if over.wait(play.drip_s):
            return


@contextmanager
def playing(*answers: Play | Callable[[str], Play]) -> Iterator[Played]:
    """Serve these answers in turn, the last one from then on, until the block ends."""
    played = Played()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._play(b"")

        def do_POST(self) -> None:
            self._play(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
            pass

        def _play(self, body: bytes) -> None:
            turn = len(played.asked)
            headers = {name.lower(): value for name, value in self.headers.items()}
            played.asked.append((self.command, self.path, headers, body))
            chosen = answers[min(turn, len(answers) - 1)]
            play = chosen(self.path) if callable(chosen) else chosen
            played.over.wait(play.hang_s)
            try:
                _send(self, play, over=played.over)
            except OSError:
                self.close_connection = True  # the client had enough

    with serving(Handler) as base_url:
        played.base_url = base_url
        try:
            yield played
        finally:
            played.over.set()


@contextmanager
def playing_over_tls(answer: Play, *, folder: Path) -> Iterator[tuple[Played, Path]]:
    """Serve one answer over TLS, by an authority of its own; yield where that authority is kept too."""
    authority = make_authority(folder)
    context = authority.tls_for("127.0.0.1")
    head = f"HTTP/1.1 {answer.status} Played\r\nContent-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(head.encode() + answer.body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Played(base_url=f"https://127.0.0.1:{server.server_address[1]}"), Path(authority.ca_file)
        finally:
            server.shutdown()
            thread.join()
