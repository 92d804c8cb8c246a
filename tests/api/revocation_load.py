"""Revocation, suspension and rotation while messages are sealed: real workers, and every answer looked at.

`python -m tests.api.revocation_load` prints the figures for SQLite, and for PostgreSQL where it is installed
(`--engine`). A seal counts as late by when its request was sent after the revocation was acknowledged.
"""

import argparse
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from registry.lifecycle import change_state_logged
from registry.model import Role, StateChange
from sigill.client.access_tokens import AccessTokens
from sigill.client.credentials import ClientIdentity
from sigill.client.http import Transport
from sigill.keys.client_statements import prove_key
from sigill.keys.private_key import KeyType, PrivateKey, make_private_key
from sigill.report.standing import State
from tests.builders_clients import BANK, new_client
from tests.builders_databases import POSTGRESQL, SQLITE, Databases
from tests.builders_deployment import Deployment, deploy
from tests.builders_server import Served, served
from wiring import now

BEFORE_S: Final = 1.5
AFTER_S: Final = 3.5
OVERLAP_S: Final = 1.5
LATEST_S: Final = 2.0
THREADS: Final = 6
_SEALED: Final = 201
_REFUSED: Final = {401: "/credential-expired", 403: "/operator-suspended"}
_BODY: Final = {"authorship": "ai", "ai": {"system": "saga"}, "channel": "chat", "enquiry": "informational"}

Shows = Callable[[], str]
"""Returns what the next request shows: an API key or an access token."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: when it was asked for and came (monotonic seconds), and what it is."""

    sent_s: float
    came_s: float
    text: str
    status: int
    members: Any


@dataclass
class Found:
    """What came of one scenario; `wrong` is empty where every answer was right."""

    name: str
    seals: int = 0
    refusals: int = 0
    last_sent_s: float = 0.0
    last_came_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.name:42} {self.seals:5} seals {self.refusals:5} refusals; last seal asked for"
            f" {self.last_sent_s:+6.2f} s, answered {self.last_came_s:+6.2f} s; {len(self.wrong)} wrong"
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """A deployment, its server, and an administrator's key."""

    made: Deployment
    server: Served
    admin: str

    @classmethod
    @contextmanager
    def open(cls, folder: Path, database_url: str) -> "Iterator[Scene]":
        """Serve a new deployment with two workers until the block ends."""
        made = deploy(folder, database_url=database_url)
        try:
            with served(made, folder, workers=2, more={"DATABASE_URL": database_url} if database_url else {}) as server:
                yield cls(made, server, made.new_key(role=Role.ADMIN, operator_id=BANK))
        finally:
            made.services.engine.dispose()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask as the administrator; the answer must be good."""
        answer = self.server.post(path, body, key=self.admin) if body else self.server.ask(method, path, key=self.admin)
        assert answer.status in {200, 201}, answer
        return answer.json()


class Load:
    """Threads that seal one message after the other, as long as the block lasts."""

    def __init__(self, scene: Scene, shows: Shows) -> None:
        self._scene = scene
        self._shows = shows
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._seal) for _ in range(THREADS)]
        self.answers: list[Answer] = []
        self.unanswered: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _seal(self) -> None:
        while not self._over.is_set():
            text = f"Hej! Ditt ärende {secrets.token_hex(6)} är klart."
            try:
                shown = self._shows()
                sent_s = time.monotonic()
                answer = self._scene.server.post("/v1/messages", _BODY | {"text": text}, key=shown)
                self.answers.append(Answer(sent_s, time.monotonic(), text, answer.status, answer.json()))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a wrong answer
                self.unanswered.append(repr(error))


def revoke(scene: Scene, name: str, shows: Shows, do: Callable[[], object]) -> Found:
    """Do something under load that must end the sealing; return what the answers were."""
    with Load(scene, shows) as load:
        time.sleep(BEFORE_S)
        do()
        done_s = time.monotonic()
        time.sleep(AFTER_S)
    found = _judge(scene, name, load, done_s=done_s)
    if found.last_sent_s > LATEST_S:
        found.wrong.append(f"a seal was asked for {found.last_sent_s:.2f} s after the revocation was acknowledged")
    if not found.refusals or not found.seals:
        found.wrong.append("the load met only one side of the revocation")
    return found


def api_key_revoked(scene: Scene) -> Found:
    """Revoke the API key that a load shows."""
    made = scene.ask("POST", "/v1/api-keys", {"name": "load", "role": "signer"})
    place = f"/v1/api-keys/{made['prefix']}"
    return revoke(scene, "API key revoked", lambda: made["key"], lambda: scene.ask("DELETE", place))


def client_key_revoked(scene: Scene) -> Found:
    """Revoke the key of a client whose tokens a load shows."""
    client = new_client(scene.made)
    token = client.token()
    place = f"/v1/clients/{client.client.id}/keys/{client.key.thumbprint}"
    return revoke(scene, "key of a client revoked", lambda: token, lambda: scene.ask("DELETE", place))


def operator_suspended(scene: Scene) -> Found:
    """Suspend the operator that seals, from another process; sealing ends with the commit."""
    services = scene.made.services

    def suspend() -> None:
        step = StateChange(state=State.SUSPENDED, since=now(), reason="a test")
        change_state_logged(BANK, step, log=services.log, random=secrets.token_bytes)

    key = scene.made.keys[BANK]
    return revoke(scene, "operator suspended", lambda: key, suspend)


def client_key_rotated(scene: Scene) -> Found:
    """Register a second key, change over, and revoke the first one: no request may fail."""
    issuer = scene.made.services.identity.issuer
    first, second = make_private_key(KeyType.P256), make_private_key(KeyType.ED25519)
    body = {"name": "load", "role": "signer", "ai": {"system": "saga"}, "key": _proven(first, issuer)}
    client_id = scene.ask("POST", "/v1/clients", body)["client_id"]
    current = [first]

    def shows() -> str:  # a token of its own for each request: the key is used all the time
        return AccessTokens(Transport(scene.server.url), ClientIdentity(client_id, current[0])).token()

    with Load(scene, shows) as load:
        time.sleep(BEFORE_S)
        scene.ask("POST", f"/v1/clients/{client_id}/keys", _proven(second, issuer))
        current[0] = second
        time.sleep(OVERLAP_S)
        scene.ask("DELETE", f"/v1/clients/{client_id}/keys/{first.thumbprint}")
        done_s = time.monotonic()
        time.sleep(AFTER_S)
    found = _judge(scene, "key of a client rotated", load, done_s=done_s)
    if found.refusals:
        found.wrong.append(f"{found.refusals} requests were refused")
    if found.last_sent_s < LATEST_S:
        found.wrong.append("the load ended before the first key was gone")
    return found


SCENARIOS: Final = (client_key_rotated, api_key_revoked, client_key_revoked, operator_suspended)
"""In this order on one scene: after the last nothing seals any more."""


def _proven(key: PrivateKey, issuer: str) -> dict[str, Any]:
    return prove_key(key, operator=BANK, issuer=issuer, at=now(), jti=secrets.token_hex(8)).members


def _judge(scene: Scene, name: str, load: Load, *, done_s: float) -> Found:
    """Look at every answer: a seal that verifies as genuine, or the refusal that it must be."""
    sealed = [answer for answer in load.answers if answer.status == _SEALED]
    refused = [answer for answer in load.answers if answer.status in _REFUSED]
    found = Found(name, len(sealed), len(refused), wrong=list(load.unanswered))
    found.last_sent_s = max((answer.sent_s for answer in sealed), default=done_s) - done_s
    found.last_came_s = max((answer.came_s for answer in sealed), default=done_s) - done_s
    found.wrong += [
        f"{each.status}: {each.members}" for each in load.answers if each.status not in {_SEALED, *_REFUSED}
    ]
    found.wrong += [
        f"{each.members}" for each in refused if not str(each.members.get("type")).endswith(_REFUSED[each.status])
    ]
    answers = Counter(scene.made.verify(seal=each.members["seal"], content=each.text)["answer"] for each in sealed)
    found.wrong += [f"{count} seals are {word}" for word, count in answers.items() if word != "genuine"]
    return found


def main(arguments: Sequence[str]) -> int:
    """Run every scenario on each database; print a line for each. 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Revocation, suspension and rotation under load.")
    parser.add_argument("--engine", choices=[SQLITE, POSTGRESQL], action="append", help="default: sqlite")
    asked = parser.parse_args(arguments)
    wrong: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sigill-load-")))
        databases = Databases(folder, stack)
        for engine in asked.engine or [SQLITE]:
            place = folder / engine
            place.mkdir()
            database: Any = nullcontext("") if engine == SQLITE else databases.empty(engine)
            with database as url, Scene.open(place, url) as scene:
                for scenario in SCENARIOS:
                    found = scenario(scene)
                    sys.stdout.write(f"{engine:11} {found}\n")
                    sys.stdout.flush()
                    wrong += found.wrong
    sys.stdout.write("".join(f"{line[:500]}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
