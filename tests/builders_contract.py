"""A small real HTTP server that keeps the contract of `POST /v1/messages` and its batch, and misbehaves when told to.

    with contract_service(texts) as service:
        service.faults += ["drop after", "503"]      # what the next requests to /v1/ meet, one after the other
        Client(service.url, api_key="sk").sign(texts[0], …)
        service.log                                  # the texts sealed, in the order of the log

It knows the texts beforehand (only hashes reach it) and seals them with real keys into one real log in memory.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from sigill.encoding.base64url import format_base64url
from sigill.text.nu1 import canonical_h
from tests.builders_http import serving
from tests.builders_seal import Case, MemoryLog, make_case
from tests.builders_service import refusal_members, sealed_members, trust_members

JSON, PROBLEM = "application/json", "application/problem+json"
Answer = tuple[int, str, bytes, dict[str, str]]
Happened = Callable[["Service", str], None]


def problem_value(slug: str, status: int, **members: object) -> dict[str, Any]:
    return {"type": f"https://sigill.example/problems/{slug}", "title": slug, "status": status, **members}


def problem_answer(slug: str, status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, PROBLEM, json.dumps(problem_value(slug, status, detail=f"{slug}.")).encode(), named


FAULTS: dict[str, Answer] = {
    "503": problem_answer("overloaded", 503, Retry_After="0"),
    "503 later": problem_answer("overloaded", 503, Retry_After="7"),
    "429": problem_answer("too-many-requests", 429, Retry_After="0"),
    "409": problem_answer("idempotency-key-running", 409, Retry_After="0"),
    "502": (502, "text/html", b"<h1>Bad gateway</h1>", {}),
    "500": problem_answer("internal-error", 500),
    "401": problem_answer("credential-unknown", 401),
}
DROPS = frozenset(["drop before", "drop after", "cut short"])


@dataclass(slots=True)
class Service:
    """What the server knows, what it sealed, what it was asked, and which faults lie ahead."""

    texts: dict[str, str]
    url: str = ""
    faults: list[str] = field(default_factory=list)
    items_put_off: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    trees: MemoryLog = field(default_factory=MemoryLog)
    case: Case | None = None
    answered: dict[tuple[str, str], tuple[bytes, dict[str, Any]]] = field(default_factory=dict)
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, body: bytes, key: str | None) -> Answer:
        """Return the answer of the contract."""
        if path == "/v1/messages":
            value = self._once(path, key, json.loads(body))
            status = value["status"]
            if status == 201:
                return 201, JSON, json.dumps(value).encode(), {}
            return status, PROBLEM, json.dumps(value["problem"]).encode(), {}
        results = []
        for number, item in enumerate(json.loads(body)["messages"]):
            if number in self.items_put_off:
                self.items_put_off.remove(number)
                results.append({"status": 503, "problem": problem_value("overloaded", 503)})
                continue
            results.append(self._once(path, None if key is None else f"{key} {number}", item))
        return 200, JSON, json.dumps({"results": results}).encode(), {}

    def _once(self, path: str, key: str | None, item: dict[str, Any]) -> dict[str, Any]:
        fingerprint = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).digest()
        if key is not None and (path, key) in self.answered:
            former, value = self.answered[path, key]
            if former == fingerprint:
                return value
            return {"status": 422, "problem": problem_value("idempotency-key-reused", 422, detail="another body")}
        value = self._seal(item)
        if key is not None and value["status"] == 201:
            self.answered[path, key] = fingerprint, value
        return value

    def _seal(self, item: dict[str, Any]) -> dict[str, Any]:
        text = self.texts[item["digest"]["h"]]
        if text in self.refused:
            return {"status": 403, "problem": problem_value("policy-refusal", 403, **refusal_members())}
        number = len(self.log) + 1
        case = make_case(text, recipient=None, at=datetime.now(UTC), number=number, log=self.trees)
        self.case = case
        self.log.append(text)
        return {"status": 201, **sealed_members(case)}


@contextmanager
def contract_service(texts: Sequence[str]) -> Iterator[Service]:
    """Run the service until the block ends."""
    service = Service({format_base64url(canonical_h(text)): text for text in texts})
    service.case = make_case(recipient=None, at=datetime.now(UTC), log=service.trees)

    class Handler(_Handler):
        served = service

    with serving(Handler) as service.url:
        yield service


class _Handler(BaseHTTPRequestHandler):
    served: Service
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.served.case is not None
        self._write((200, JSON, json.dumps(trust_members(self.served.case)).encode(), {}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.served.mutex:
            key = self.headers["Idempotency-Key"]
            self.served.keys.append(key)
            self.served.bodies.append(body)
            fault = self.served.faults.pop(0) if self.served.faults else ""
            if fault == "slow":
                time.sleep(0.4)
            if fault in FAULTS:
                self._write(FAULTS[fault])
                return
            if fault == "drop before":
                self._drop()
                return
            answer = self.served.answer(self.path, body, key)
        if fault == "drop after":
            self._drop()
        elif fault == "cut short":
            self._write(answer, length=len(answer[2]) // 2)
            self._drop()
        else:
            self._write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""

    def _write(self, answer: Answer, *, length: int | None = None) -> None:
        status, content_type, body, headers = answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body[:length])
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client had enough

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.close()
