"""A root and an issuing authority, a server with what tests publish on it, and a plain client for both.

with trust_world(folder) as world:
    seal = world.issuing.issue("seal", extra=world.extra())
    world.publish_lists()
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import urllib3
from cryptography import x509

from registry.asking.exchange import Answered, NoAnswer, Question
from registry.asking.seal_certificate import SealPolicy
from registry.checks.certificates import Bundle, read_anchors, read_bundle
from tests.builders_http import serving
from tests.builders_seal_authority import QUALIFIED, Authority, Issued

IDENTIFIER: Final = "NTRSE-5560160680"
NAME: Final = "Exempelbanken AB"


@dataclass
class TrustWorld:
    """What there is. `files` is what the server gives out, by path; anything else is 404."""

    folder: Path
    url: str
    root: Authority
    issuing: Authority
    answer: Callable[[bytes], bytes] | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """A minute from now: after everything that was made until now."""
        return datetime.now(UTC) + timedelta(minutes=1)

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        return read_anchors(self.root.pem)

    @property
    def policy(self) -> SealPolicy:
        return SealPolicy(anchors=self.anchors)

    def extra(self, *, ocsp: bool = False, crl: str | None = "/issuing.crl", **more: str) -> dict[str, str]:
        """Return a qualified seal's extensions, with where its issuer can be asked."""
        extra = {**QUALIFIED, **more}
        if ocsp:
            extra["authorityInfoAccess"] = f"OCSP;URI:{self.url}/ocsp"
        if crl:
            extra["crlDistributionPoints"] = f"URI:{self.url}{crl}"
        return extra

    def bundle(self, issued: Issued, issuing: Authority | None = None) -> bytes:
        return issued.pem + (issuing or self.issuing).pem

    def read(self, issued: Issued, issuing: Authority | None = None) -> Bundle:
        return read_bundle(self.bundle(issued, issuing))

    def publish_lists(self) -> None:
        """Put the present revocation lists on the server."""
        self.files = {"/root.crl": self.root.crl(), "/issuing.crl": self.issuing.crl()}

    @contextmanager
    def responder(self, signer: Issued | Authority, *, options: Sequence[str] = ()) -> Iterator[str]:
        """Answer OCSP for the issuing authority until the block ends, signed as `signer`; yield the address."""
        self.answer = lambda request: self.issuing.answer(request, signer, options=options)
        try:
            yield f"{self.url}/ocsp"
        finally:
            self.answer = None

    def certificate(self, of: Issued | Authority) -> x509.Certificate:
        return x509.load_pem_x509_certificate(of.pem)


@contextmanager
def trust_world(folder: Path) -> Iterator[TrustWorld]:
    """Make the authorities and serve."""
    worlds: list[TrustWorld] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = worlds[0].answer
            self._answer(answer(request) if self.path == "/ocsp" and answer is not None else None)

        def _answer(self, body: bytes | None = None) -> None:
            worlds[0].asked.append(self.path)
            body = worlds[0].files.get(self.path) if body is None else body
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving(Handler) as url:
        root = Authority.root(folder / "root")
        points = {"crlDistributionPoints": f"URI:{url}/root.crl", "basicConstraints": "critical,CA:TRUE,pathlen:0"}
        worlds.append(TrustWorld(folder, url, root, root.authority("issuing", extra=points)))
        yield worlds[0]


def fetch(question: Question) -> Answered:
    """Ask over real HTTP, without any of the guards of the real thing."""
    method = "GET" if question.body is None else "POST"
    try:
        with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5)) as pool:
            response = pool.request(
                method, question.url, body=question.body, headers=dict(question.headers), redirect=False
            )
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswer("refused", "nobody answered") from error
    if len(response.data) > question.most_bytes:
        raise NoAnswer("too_long", "the answer is too long")
    headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
    return Answered(url=question.url, status=response.status, headers=headers, body=response.data)
