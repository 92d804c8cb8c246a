"""Clients that post messages, single and in batches, and ask again with the same key until an answer comes."""

import json
import random
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tests.faults.ledger import Acknowledged, Asked, Denied, Ledger, Sealed
from tests.faults.wire import HangUp, HttpAnswer, NoAnswer, Wire

SINGLE: Final = "/v1/messages"
BATCH: Final = "/v1/messages/batch"
_LONGEST_WAIT_S: Final = 2.0
_CONVERSATIONS: Final = 6
_MOVES_ON: Final = 0.3
_BATCH_SIZES: Final = (2, 5, 20, 60)
_OK: Final = 200
_CREATED: Final = 201
_FORBIDDEN: Final = 403
_CONFLICT: Final = 409
_BUSY: Final = frozenset([_CONFLICT, 429])
_OURS: Final = 500
_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the clients behave. `documented` has the statuses of each path's POST, as the OpenAPI document lists them."""

    port: int
    api_keys: Mapping[str, str]
    documented: Mapping[str, frozenset[int]]
    clients: int = 8
    keys: bool = True
    batches: bool = True
    timeout_s: float = 20.0
    seed: int = 1


class Load:
    """A number of clients at work until `finish`. `hang_ups` is the share of requests that are abandoned."""

    def __init__(self, ledger: Ledger, habits: Habits) -> None:
        self.ledger = ledger
        self.hang_ups = 0.0
        self._habits = habits
        self._ending = threading.Event()
        self._give_up = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(habits.clients)]
        self._unanswered: list[str] = []

    def begin(self) -> None:
        """Let the clients start."""
        for thread in self._threads:
            thread.start()

    def finish(self, *, patience_s: float) -> list[str]:
        """Ask for nothing new, wait for the answers still owed; return the keys of what was never answered."""
        self._ending.set()
        deadline = time.monotonic() + patience_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._give_up.set()
        for thread in self._threads:
            thread.join(self._habits.timeout_s + 5)
        return list(self._unanswered)

    def _work(self, number: int) -> None:
        client = _Client(self, self._habits, random.Random(f"{self._habits.seed}/{number}"), self._give_up)  # noqa: S311
        while not self._ending.is_set():
            path, asked = client.next_request()
            if not client.ask_until_answered(path, asked):
                self._unanswered.append(asked[0].key)
        client.wire.close()


def ask_again(ledger: Ledger, habits: Habits, keys: Sequence[str], *, patience_s: float) -> list[str]:
    """Send answered requests once more, each under its key; return the keys that were not answered."""
    load = Load(ledger, replace(habits, clients=0))
    give_up = threading.Event()
    timer = threading.Timer(patience_s, give_up.set)
    timer.start()
    client = _Client(load, habits, random.Random(0), give_up)  # noqa: S311
    requests: dict[str, list[Asked]] = {key: [] for key in keys}
    for asked in list(ledger.asked.values()):
        if asked.key in requests:
            requests[asked.key].append(asked)
    unanswered = [
        key
        for key, asked in requests.items()
        if not client.ask_until_answered(BATCH if asked[0].key.startswith("batch") else SINGLE, asked, again=True)
    ]
    timer.cancel()
    client.wire.close()
    return unanswered


class _Client:
    def __init__(self, load: Load, habits: Habits, chance: random.Random, give_up: threading.Event) -> None:
        self.wire = Wire(habits.port, timeout_s=habits.timeout_s)
        self._load = load
        self._ledger = load.ledger
        self._habits = habits
        self._chance = chance
        self._give_up = give_up

    def next_request(self) -> tuple[str, list[Asked]]:
        """Make up one message, or a batch of some."""
        operator = self._chance.choice(sorted(self._habits.api_keys))
        batch = self._habits.batches and self._chance.random() < 0.15
        size = self._chance.choice(_BATCH_SIZES) if batch else 1
        key = f"{'batch' if batch else 'single'}-{secrets.token_hex(12)}"
        return BATCH if batch else SINGLE, [
            self._ledger.ask(key=key, position=position, operator=operator, conversation=self._conversation())
            for position in range(size)
        ]

    def ask_until_answered(self, path: str, asked: Sequence[Asked], *, again: bool = False) -> bool:
        """Ask until there is an answer that settles every message; False if told to give up before."""
        messages = [message_of(item) for item in asked]
        body = json.dumps({"messages": messages} if path == BATCH else messages[0]).encode()
        headers = {
            "Authorization": f"Bearer {self._habits.api_keys[asked[0].operator]}",
            "Content-Type": "application/json",
        }
        if self._habits.keys:
            headers["Idempotency-Key"] = f'"{asked[0].key}"'
        while not self._give_up.is_set():
            try:
                answer = self._exchange(path, body, headers)
            except NoAnswer:
                self._ledger.count(status=None, again=again)
                self._pause(0.2)
            else:
                settled = self._settle(path, asked, answer, again=again)
                if settled:
                    return True
                self._pause(_retry_after_s(answer))
            again = True
        return False

    def _conversation(self) -> str | None:
        if self._chance.random() < 0.4:
            return None
        return f"chat-{self._chance.randrange(_CONVERSATIONS)}"

    def _exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        if self._chance.random() < self._load.hang_ups:
            self.wire.hang_up(path, body=body, headers=headers, when=self._chance.choice(list(HangUp)))
        if self._chance.random() < _MOVES_ON:
            self.wire.close()  # the next connection may meet another worker
        return self.wire.exchange("POST", path, body=body, headers=headers)

    def _settle(self, path: str, asked: Sequence[Asked], answer: HttpAnswer, *, again: bool) -> bool:
        """Enter an answer; return whether it settles the request."""
        wrong = None
        try:
            answers, settled = _read(path, asked, answer)
        except (KeyError, TypeError, ValueError) as error:
            answers, settled, wrong = [], True, f"{path}: {answer.status}: {error}"
        if answer.status not in self._habits.documented[path]:
            wrong = f"{path}: {answer.status} is not documented"
        elif answer.status == _UNAVAILABLE and not answer.headers.get("retry-after", "").isdigit():
            wrong = f"{path}: 503 without Retry-After"
        replayed = answer.headers.get("idempotency-replayed") == "true"
        self._ledger.count(status=answer.status, again=again, replayed=replayed, wrong=wrong)
        for item in answers:
            self._ledger.acknowledge(item)
        return settled

    def _pause(self, seconds: float) -> None:
        self._give_up.wait(min(seconds, _LONGEST_WAIT_S) * self._chance.uniform(0.5, 1.0))


def message_of(asked: Asked) -> dict[str, Any]:
    refused = asked.serial % 29 == 0
    message: dict[str, Any] = {
        "authorship": "ai" if refused or asked.serial % 3 else "human",
        "channel": "chat",
        "enquiry": "credit_decision" if refused else "informational",
        "language": "sv",
        "text": asked.text,
        "customer": {"jurisdiction": "SE"},
        "disclosure": "separate",
        "sent_at": asked.sent_at.isoformat().replace("+00:00", "Z"),
    }
    if asked.conversation is not None:
        message["conversation"] = asked.conversation
    return message


def _read(path: str, asked: Sequence[Asked], answer: HttpAnswer) -> tuple[list[Acknowledged], bool]:
    """Return what an answer acknowledges, and whether it settles every message."""
    if path == BATCH and answer.status == _OK:
        results = answer.json()["results"]
        if len(results) != len(asked):
            raise ValueError("not as many results as messages")
        read = [
            _read_one(item, result["status"], result.get("problem", result))
            for item, result in zip(asked, results, strict=True)
        ]
        return [item for item, _ in read if item is not None], all(settled for _, settled in read)
    value = answer.json()
    if path == BATCH:
        if not _is_passing(answer.status):
            raise ValueError(f"the batch was refused with {answer.status} {value.get('type')}: {value.get('detail')}")
        return [], False
    one, settled = _read_one(asked[0], answer.status, value)
    return [] if one is None else [one], settled


def _read_one(asked: Asked, status: int, value: Mapping[str, Any]) -> tuple[Acknowledged | None, bool]:
    if status == _CREATED:
        conversation = value.get("conversation") or {}
        return Sealed(
            serial=asked.serial,
            id=value["id"],
            origin=value["log"]["origin"],
            index=value["log"]["index"],
            receipt=value["receipt"],
            seal=value["seal"],
            conversation=conversation.get("id"),
            seq=conversation.get("seq"),
        ), True
    if status == _FORBIDDEN and value["type"].endswith("/policy-refusal"):
        place = value["log"]
        denied = Denied(serial=asked.serial, id=value["decision_id"], origin=place["origin"], index=place["index"])
        return denied, True
    if not _is_passing(status):
        raise ValueError(f"the message was refused with {status} {value.get('type')}: {value.get('detail')}")
    return None, False


def _is_passing(status: int) -> bool:
    """Whether the same request may well be answered otherwise later."""
    return status in _BUSY or status >= _OURS


def _retry_after_s(answer: HttpAnswer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.2
