"""A small real HTTP server on 127.0.0.1 that plays recorded answers of the service, good and bad."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

from sigill.report.trust import format_trust
from sigill.text.codes import format_code
from sigill.tlog.proof import parse_proof
from tests.builders_http import serving
from tests.builders_seal import Case, shown_code

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers; `chunks`, where given, are written one by one after the head instead of `body`."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Callable[[], Iterator[bytes]] | None = None


def reply(value: object, *, status: int = 200, content_type: str = JSON, **headers: str) -> Reply:
    """Return a reply with a JSON body; `Retry_After="3"` becomes a header."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), content_type, named)


def problem(slug: str, status: int, **members: object) -> Reply:
    """Return a problem as the service writes it."""
    value = {"type": f"https://sigill.example/problems/{slug}", "title": "A title", "status": status, **members}
    return reply(value, status=status, content_type=PROBLEM)


@dataclass(slots=True)
class PlayedService:
    """The server's address, what it got, and what it answers by path: one reply for ever, or one after the other."""

    url: str
    replies: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def next_reply(self, path: str) -> Reply:
        planned = self.replies.get(path)
        if isinstance(planned, list):
            return planned.pop(0)
        return planned or problem("not-found", 404, detail="There is nothing here", next="See /docs.")

    def bodies(self, path: str) -> list[Any]:
        return [request.body for request in self.requests if request.path == path]


@contextmanager
def played_service() -> Iterator[PlayedService]:
    """Run a played service until the block ends."""
    service = PlayedService("")

    class Handler(_Handler):
        played = service

    with serving(Handler) as service.url:
        yield service


class _Handler(BaseHTTPRequestHandler):
    played: PlayedService

    def do_GET(self) -> None:
        self._play(None)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self._play(dict(parse_qsl(data.decode(), strict_parsing=True)) if is_form else json.loads(data))

    def do_DELETE(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""

    def _play(self, body: object) -> None:
        self.played.requests.append(Request(self.command, self.path, dict(self.headers), body))
        planned = self.played.next_reply(self.path)
        self.send_response(planned.status)
        self.send_header("Content-Type", planned.content_type)
        for name, value in planned.headers.items():
            self.send_header(name, value)
        if planned.chunks is None:
            self.send_header("Content-Length", str(len(planned.body)))
        self.end_headers()
        try:
            for chunk in planned.chunks() if planned.chunks else [planned.body]:
                self.wfile.write(chunk)
                self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client had enough


def sealed_members(case: Case, **changes: object) -> dict[str, Any]:
    """Return the answer of `POST /v1/messages` for a case."""
    return {
        "id": case.claims.jti,
        "seal": case.seal,
        "code": format_code(case.code),
        "link": f"https://sigill.example/s/{case.code}",
        "decision": decision_members(),
        "log": {"origin": case.log.origin, "index": parse_proof(case.receipt or "").index},
        "receipt": case.receipt,
        **changes,
    }


def decision_members(**changes: object) -> dict[str, Any]:
    """Return a decision as the service writes it."""
    rule = {"id": "bank.informational.ai", "basis": "law", "sources": [{"id": "ai-act-50"}], "why": "w", "layer": "l"}
    duty = {
        "id": "disclose_ai",
        "title": "Say that an AI writes",
        "basis": "law",
        "sources": [{"id": "ai-act-50", "title": "AI Act, Art. 50", "url": "https://eur-lex.example", "status": "v"}],
        "parameters": {},
        "deadline_minutes": 0,
    }
    return {
        "verdict": "allow_with_duties",
        "rules": [rule],
        "obligations": [duty],
        "texts": {"ai_inline": "Du skriver med en AI."},
        "instead": [],
        "policy": {"name": "se-bank", "version": "1.0.0", "digest": "x", "layers": []},
        **changes,
    }


def refusal_members() -> dict[str, Any]:
    """Return the members of a policy refusal beside type, title and status."""
    return {
        "detail": "An AI may not decide on credit alone.",
        "next": "Do one of the things under instead.",
        "decision_id": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ",
        "rules": [
            {
                "id": "bank.credit.ai",
                "basis": "law_in_some_cases",
                "sources": [{"id": "gdpr-22", "title": "GDPR, Art. 22", "url": "https://eur-lex.example/gdpr"}],
                "why": "An AI may not decide on credit alone.",
            }
        ],
        "instead": [{"kind": "authorship", "value": "ai_assisted", "why": "Let a person read and release it."}],
        "log": {"origin": "guarantor.example/log/exempelbanken", "index": 3},
    }


def verdict_members(**changes: object) -> dict[str, Any]:
    """Return the answer of `POST /v1/verifications` for a genuine message."""
    return {
        "answer": "genuine",
        "reason": "genuine",
        "headline": "Everything we checked agrees",
        "why": "The seal is real.",
        "next": "You can rely on who sent it.",
        "checks": [
            {
                "check": "signature",
                "outcome": "passed",
                "detail": "signature_verifies",
                "words": "The signature is ours.",
            }
        ],
        "sender": {"id": "exempelbanken", "name": "Exempelbanken", "identifier": "NTRSE-5560000001"},
        "authorship": {"by": "ai", "words": "Exempelbanken says an AI system wrote and sent this"},
        "channel": "chat",
        "purpose": "service",
        "sealed_at": "2026-11-22T12:00:00+00:00",
        "sent_at": None,
        "content": {"matched": "Hej", "before": "", "after": ""},
        **changes,
    }


def trust_members(case: Case) -> dict[str, Any]:
    """Return the trust file of a case."""
    return format_trust(case.trust)


def code_only(case: Case) -> str:
    """Return the last line of the sealed message."""
    return f"Sigill {shown_code(case)}"
