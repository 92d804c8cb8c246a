"""The witness as a WSGI application (https://c2sp.org/tlog-witness): ask for cosignatures, read what was cosigned.

    POST /add-checkpoint                       200 a signature line · 400 · 403 · 404 · 409 the size · 422
    GET  /<hex SHA-256 of origin>/checkpoint   the latest cosigned checkpoint, a signed note
    GET  /<hex SHA-256 of origin>/forks        two trees of one size that the log signed, should it ever
    GET  /                                     who this witness is

Mounted below a prefix by whatever serves it. Whatever is sent, the answer is bounded and never a 500.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sigill.errors import MalformedNote
from sigill.tlog.cosignature import cosign
from sigill.tlog.note import SignedNote, format_note, format_signatures
from sigill.tlog.witness_wire import MAX_REQUEST_CHARACTERS, SIZE_TYPE, origin_hash, parse_add_checkpoint
from sigill.witness.folder import FileCosigner
from sigill.witness.judge import (
    Conflict,
    Cosign,
    Known,
    Logs,
    Refusal,
    Submission,
    is_fork,
    judge_growth,
    judge_signed,
)
from sigill.witness.pages import show_forks, show_witness
from sigill.witness.store import Fork, Head, Outcome, Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

MAX_BODY_BYTES: Final = MAX_REQUEST_CHARACTERS
_PLAIN: Final = "text/plain; charset=utf-8"
_LOG_PATH: Final = re.compile(r"/([0-9a-f]{64})/(checkpoint|forks)", re.ASCII)
_READING: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the witness works with: its key, its memory, the keys of each origin it watches, a clock, and its voice.

    `now_s` gives POSIX seconds; `tell` takes a line for whoever runs the witness.
    """

    cosigner: FileCosigner
    store: Store
    logs: Logs
    now_s: Callable[[], int]
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    text: str
    content_type: str = _PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)


def make_app(world: World) -> "WSGIApplication":
    """Return the application."""
    origins = {origin_hash(origin): origin for origin in world.logs}

    def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        try:
            answer = _route(environ, world=world, origins=origins)
        except sqlite3.Error as error:
            world.tell(f"The state cannot be read or written, so nothing was cosigned: {error}")
            answer = _say(HTTPStatus.SERVICE_UNAVAILABLE, "This witness cannot keep its state just now. Ask it later.")
        body = answer.text.encode()
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
        start_response(f"{answer.status.value} {answer.status.phrase}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


def _route(environ: dict[str, Any], *, world: World, origins: Mapping[str, str]) -> _Answer:
    path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    if path == "/add-checkpoint":
        return _add_checkpoint(environ, world=world) if method == "POST" else _not_allowed("POST")
    of_log = _LOG_PATH.fullmatch(path)
    if path not in {"", "/"} and not of_log:
        return _say(HTTPStatus.NOT_FOUND, "There is nothing here. A witness has / and /add-checkpoint.")
    if method not in _READING:
        return _not_allowed(", ".join(_READING))
    if not of_log:
        heads = {origin: (origin_hash(origin), world.store.head(origin)) for origin in world.logs}
        forked = [origin for origin in world.logs if world.store.forks(origin)]
        return _Answer(HTTPStatus.OK, show_witness(world.cosigner.witness, heads, forked))
    return _read_log(origins.get(of_log[1]), of_log[2], world.store)


def _read_log(origin: str | None, what: str, store: Store) -> _Answer:
    if origin is not None and what == "checkpoint" and (head := store.head(origin)) is not None:
        return _Answer(HTTPStatus.OK, head.note)
    if origin is not None and what == "forks" and (forks := store.forks(origin)):
        return _Answer(HTTPStatus.OK, show_forks(origin, forks))
    return _say(HTTPStatus.NOT_FOUND, "This witness has cosigned or kept nothing of that kind for such a log.")


def _add_checkpoint(environ: dict[str, Any], *, world: World) -> _Answer:
    try:
        request = parse_add_checkpoint(_read_body(environ).decode("utf-8"))
    except UnicodeDecodeError:
        return _say(HTTPStatus.BAD_REQUEST, "The request is not UTF-8.")
    except MalformedNote as error:
        return _say(HTTPStatus.BAD_REQUEST, f"The request is malformed: {error}.")
    asked = judge_signed(request, logs=world.logs)
    if isinstance(asked, Refusal):
        return _say(HTTPStatus(asked.status), asked.reason)
    answer, forked = world.store.settle(asked.head.origin, partial(_decide, asked, world=world))
    if forked:
        world.tell(
            f"{asked.head.origin} SIGNED TWO DIFFERENT TREES of size {asked.head.size}. Both notes are kept: "
            f"/{origin_hash(asked.head.origin)}/forks"
        )
    elif answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        world.tell(f"{asked.head.origin} at size {asked.head.size} was not cosigned: {answer.text.strip()}")
    return answer


def _decide(asked: Submission, head: Head | None, *, world: World) -> Outcome[tuple[_Answer, bool]]:
    """Judge by what is known, and sign; the store keeps the outcome before anybody hears it."""
    known = None if head is None else head.known
    at_s = world.now_s()
    decision = judge_growth(asked, known=known, at_s=at_s)
    if isinstance(decision, Cosign):
        line = cosign(asked.text, signer=world.cosigner, time_s=decision.time_s)
        kept = Known(asked.head.size, asked.head.root, decision.time_s)
        note = format_note(SignedNote(asked.text, (*asked.signatures, line)))
        return Outcome((_Answer(HTTPStatus.OK, format_signatures([line])), False), head=Head(kept, note))
    fork = None
    if head is not None and is_fork(asked.head, known=known):
        other = format_note(SignedNote(asked.text, asked.signatures))
        fork = Fork(asked.head.size, asked.head.root, at_s, head.note, other)
    return Outcome((_refuse(decision), fork is not None), fork=fork)


def _refuse(decision: Conflict | Refusal) -> _Answer:
    if isinstance(decision, Conflict):
        return _Answer(HTTPStatus.CONFLICT, f"{decision.size}\n", SIZE_TYPE)
    return _say(HTTPStatus(decision.status), decision.reason)


def _read_body(environ: dict[str, Any]) -> bytes:
    """Return the body. Raises MalformedNote for one without a stated length (a server may state it) or too long."""
    stated = str(environ.get("CONTENT_LENGTH") or "")
    if not (stated.isascii() and stated.isdigit()):
        raise MalformedNote("a request states its length")
    if len(stated) > len(str(MAX_BODY_BYTES)) or int(stated) > MAX_BODY_BYTES:
        raise MalformedNote(f"a request of more than {MAX_BODY_BYTES} bytes")
    data: bytes = environ["wsgi.input"].read(int(stated))
    return data


def _say(status: HTTPStatus, sentence: str) -> _Answer:
    return _Answer(status, f"{sentence}\n")


def _not_allowed(allowed: str) -> _Answer:
    return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, f"Only {allowed} is answered here.\n", headers={"Allow": allowed})
