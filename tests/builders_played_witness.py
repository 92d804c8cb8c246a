"""A witness that lies, drips or breaks: a real HTTP server that answers whatever a test has it say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from sigill.tlog.cosignature import cosign
from sigill.tlog.note import format_signatures
from sigill.tlog.witness_wire import parse_add_checkpoint
from tests.builders_growing_log import MemoryCosigner
from tests.builders_http import serving
from tests.builders_service import Reply

PLAIN = "text/plain; charset=utf-8"
Play = Callable[[str, bytes], Reply]


@contextmanager
def played_witness(play: Play) -> Iterator[str]:
    """Serve until the block ends; `play` gets path and body of each request. Yields the submission prefix."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._play(b"")

        def do_POST(self) -> None:
            self._play(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

        def _play(self, body: bytes) -> None:
            said = play(self.path, body)
            try:
                self.send_response(said.status)
                self.send_header("Content-Type", said.content_type)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for chunk in said.chunks() if said.chunks else [said.body]:
                    self.wfile.write(chunk)
                    self.wfile.flush()
            except OSError:
                self.close_connection = True  # the client had enough

    with serving(Handler) as url:
        yield url


def says(text: str | bytes, *, status: int = 200, content_type: str = PLAIN, **headers: str) -> Play:
    """Answer always the same; `Retry_After="3"` becomes a header."""
    body = text.encode() if isinstance(text, str) else text
    return lambda _path, _body: Reply(
        status, body, content_type, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def cosigns_anything(cosigner: MemoryCosigner, *, time_s: int = 1000) -> Play:
    """Cosign every checkpoint unseen, as a witness that forgot, or that lies for its log, would."""

    def play(_path: str, body: bytes) -> Reply:
        text = parse_add_checkpoint(body.decode()).note.text
        return Reply(200, format_signatures([cosign(text, signer=cosigner, time_s=time_s)]).encode(), PLAIN)

    return play
