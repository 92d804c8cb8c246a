"""Idempotency keys over HTTP: a retry gets the very answer again, and nothing is ever sealed twice."""

import hashlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from api.resources import messages
from api.sealing import seal_messages
from policies.tables import decisions
from registry.model import Role, StateChange
from registry.operators import change_state, mark_changed
from registry.tables import ai_systems
from sigill.report.standing import State
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, deploy, operator
from transparency.idempotency import KEY_LASTS, purge_claims
from transparency.tables import idempotency_keys, records
from wiring import build_app

BANK = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
REPLAYED = "Idempotency-Replayed"
HASH = "A" * 43
START = NOW + timedelta(hours=1)  # the keys are made at the real time


def post(made: Deployment, body: object, key: str | None, *, by: str = BANK, path: str = "messages") -> Any:
    """POST one body, byte for byte the same each time."""
    headers = {"Authorization": f"Bearer {made.keys[by]}", "Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return made.client.post(f"/v1/{path}", data=data, headers=headers, buffered=True)


def size(made: Deployment, operator_id: str = BANK) -> int:
    head = made.services.log.head(operator_id)
    assert head is not None
    return head.size


def slug(response: Any) -> str:
    return str(response.get_json()["type"]).rpartition("/")[2]


def check_repeated(made: Deployment, first: Any, body: object, key: str, **options: Any) -> None:
    """Fail unless the same request gets the same answer again, byte for byte, and nothing is logged."""
    before = size(made)
    again = post(made, body, key, **options)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert (again.content_type, again.headers.get("Location")) == (first.content_type, first.headers.get("Location"))
    assert first.headers.get(REPLAYED) is None
    assert again.headers[REPLAYED] == "true"
    assert size(made) == before


@dataclass
class Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at


def with_clock(made: Deployment, clock: Clock) -> Deployment:
    """Return the same deployment, in a process of its own so to say, with another clock."""
    return replace(made, built=app_at(made, clock))


def app_at(made: Deployment, clock: Clock) -> Flask:
    return build_app(replace(made.services, signing=replace(made.services.signing, now=clock.now)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"conversation": "chat-1"},
        {"recipient": "+46701740605"},
        {"recipient": {"reference": "kund 7"}, "agent": "handläggare-7"},
        {"authorship": "ai", "ai": {"system": "saga"}, "disclosure": "separate"},
        {"text": None, "digest": {"canon": "nu1", "h": HASH, "hx": HASH, "n": 7, "links": [HASH]}},
        {"text": None, "html": '<p>Hej! Se <a href="https://bank.example/">här</a>.</p>', "channel": "email"},
        {"attachments": [{"name": "avtal.pdf", "h": HASH}, {"h": "B" * 42 + "A"}], "sent_at": "2026-01-01T00:00:00Z"},
        {"text": 'Citat: "ja"\n\tI två rader \\ 👍', "agent": 'åäö "7"'},
    ],
    ids=["text", "conversation", "phone", "reference", "ai", "digest", "html", "attachments", "quotes"],
)
def test_the_same_request_gets_the_same_answer_again(shared: Deployment, changes: dict[str, Any]) -> None:
    body = {name: value for name, value in (MESSAGE | changes).items() if value is not None}
    key = f"again {sorted(changes)}{changes.get('recipient')}{changes.get('agent')}".replace("ä", "a").replace("å", "a")
    key = key.encode("ascii", "replace").decode()
    first = post(shared, body, key)
    assert first.status_code == 201
    check_repeated(shared, first, body, key)
    post(shared, MESSAGE | {"conversation": "chat-1"}, None)  # others go on meanwhile, in the same conversation too
    post(shared, {"messages": [MESSAGE] * 20}, None, path="messages/batch")
    check_repeated(shared, first, body, key)


def test_a_refused_message_is_refused_again_with_the_same_words_and_logged_once(shared: Deployment) -> None:
    body = MESSAGE | {"authorship": "ai", "enquiry": "credit_decision", "conversation": "refused"}
    first = post(shared, body, "refused")
    assert (first.status_code, slug(first)) == (403, "policy-refusal")
    check_repeated(shared, first, body, "refused")
    post(shared, MESSAGE | {"conversation": "refused"}, None)
    check_repeated(shared, first, body, "refused")


def test_a_message_that_could_not_be_read_keeps_no_key(shared: Deployment) -> None:
    wrong = MESSAGE | {"text": "Betala\u200b nu"}
    assert [post(shared, wrong, "wrong").status_code for _ in range(2)] == [422, 422]
    assert post(shared, MESSAGE, "wrong").status_code == 201  # mended: nothing was made of the key


def test_another_body_with_the_same_key_is_refused(shared: Deployment) -> None:
    assert post(shared, MESSAGE, "other").status_code == 201
    before = size(shared)
    for body in (MESSAGE | {"text": "Annat"}, json.dumps(MESSAGE).encode() + b" ", MESSAGE | {"authorship": "ai"}):
        response = post(shared, body, "other")
        assert (response.status_code, slug(response)) == (422, "idempotency-key-reused")
        assert REPLAYED not in response.headers
    assert size(shared) == before


def test_a_quoted_key_is_the_bare_one(shared: Deployment) -> None:
    first = post(shared, MESSAGE, '"8e03978e"')
    assert first.status_code == 201
    check_repeated(shared, first, MESSAGE, "8e03978e")
    check_repeated(shared, first, MESSAGE, ' "8e03978e" ')


@pytest.mark.parametrize("key", ["", " ", '""', '" "x\t', "a" * 256, '"' + "a" * 256 + '"', "nyckel-å", "a\x7fb"])
def test_what_is_no_key_is_refused_before_anything_is_sealed(shared: Deployment, key: str) -> None:
    before = size(shared)
    for path, body in (("messages", MESSAGE), ("messages/batch", {"messages": [MESSAGE]})):
        response = post(shared, body, key, path=path)
        assert (response.status_code, slug(response)) == (400, "idempotency-key-malformed")
    assert size(shared) == before


@pytest.mark.parametrize("key", ["a", '"', "a" * 255, '"' + "~" * 255 + '"', " inner blanks too ", "x" * 254 + '"'])
def test_any_printable_key_of_up_to_255_characters_is_one(shared: Deployment, key: str) -> None:
    first = post(shared, MESSAGE, key)
    assert first.status_code == 201
    check_repeated(shared, first, MESSAGE, key)


def test_another_operators_same_key_is_its_own(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    ours, theirs = (post(deployment, MESSAGE, "1", by=by).get_json() for by in (BANK, "exempelel"))
    assert ours["id"] != theirs["id"]
    assert (size(deployment), size(deployment, "exempelel")) == (1, 1)


def test_a_key_is_of_its_route(shared: Deployment) -> None:
    before = size(shared)
    assert post(shared, MESSAGE, "route").status_code == 201
    assert post(shared, {"messages": [MESSAGE]}, "route", path="messages/batch").status_code == 200
    assert size(shared) == before + 2


def test_what_runs_with_a_key_now_is_not_begun_again(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slowly(*args: Any, **options: Any) -> Any:
        inside.set()
        assert go_on.wait(20)
        return seal_messages(*args, **options)

    answers: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(messages, "seal_messages", slowly)
        first = threading.Thread(target=lambda: answers.append(post(deployment, MESSAGE, "running")))
        first.start()
        assert inside.wait(20)
    running = post(deployment, MESSAGE, '"running"')
    assert (running.status_code, slug(running)) == (409, "idempotency-key-running")
    assert running.headers["Retry-After"] == "1"
    assert post(deployment, MESSAGE, "another").status_code == 201
    go_on.set()
    first.join()
    assert answers[0].status_code == 201
    check_repeated(deployment, answers[0], MESSAGE, "running")


def suspend(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        change_state(connection, BANK, StateChange(state=State.SUSPENDED, since=NOW, reason="r"))


def retire_ai(made: Deployment) -> None:
    with writing(made.services.engine) as connection:
        connection.execute(update(ai_systems).values(active=False))
        mark_changed(connection, BANK)


@pytest.mark.parametrize("happens", [suspend, retire_ai])
@pytest.mark.parametrize("anew", [False, True])
def test_an_operator_changed_meanwhile_gets_its_earlier_answers_still_and_no_new_ones(
    deployment: Deployment, happens: Any, anew: bool
) -> None:
    body = MESSAGE | {"authorship": "ai", "ai": {"system": "saga"}, "conversation": "c"}
    first = post(deployment, body, "1")
    batch = {"messages": [body, body | {"text": "Betala\u200b nu"}, body]}
    first_batch = post(deployment, batch, "1", path="messages/batch")
    assert (first.status_code, first_batch.status_code) == (201, 200)
    happens(deployment)
    if anew:  # a process that knows of the change from its start
        deployment.built = build_app(deployment.services)
    refused = post(deployment, body, "2")
    assert (refused.status_code, slug(refused)) in {(403, "operator-suspended"), (422, "ai-system-unknown")}
    check_repeated(deployment, first, body, "1")
    before = size(deployment)
    again = post(deployment, batch, "1", path="messages/batch")
    assert (again.status_code, again.headers[REPLAYED], size(deployment)) == (200, "true", before)
    answers, answers_then = again.get_json()["results"], first_batch.get_json()["results"]
    assert [answers[0], answers[2]] == [answers_then[0], answers_then[2]]
    assert answers[1]["status"] in {403, 422}


def test_a_key_is_remembered_over_the_end_of_a_month(deployment: Deployment) -> None:
    clock = Clock(datetime(NOW.year, NOW.month, 1, tzinfo=UTC) + timedelta(days=32))
    clock.at = clock.at.replace(day=1) - timedelta(milliseconds=1) + timedelta(microseconds=700)
    made = with_clock(deployment, clock)
    month = clock.at.month
    deployment.keys[BANK] = deployment.new_key(
        role=Role.SIGNER, operator_id=operator().id, expires_at=NOW + timedelta(90)
    )
    body = MESSAGE | {"recipient": "+46701740605", "agent": "7", "conversation": "c"}
    first = post(made, body, "1")
    assert first.status_code == 201, first.data
    clock.at += timedelta(hours=1)
    assert clock.at.month != month
    check_repeated(made, first, body, "1")
    other = post(made, MESSAGE, "1")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


def test_a_key_is_free_again_after_24_hours_and_not_a_moment_earlier(deployment: Deployment) -> None:
    clock = Clock(START)
    made = with_clock(deployment, clock)
    first = post(made, MESSAGE, "1")
    clock.at = START + KEY_LASTS - timedelta(milliseconds=1)
    check_repeated(made, first, MESSAGE, "1")
    clock.at = START + KEY_LASTS
    second = post(made, MESSAGE, "1")
    assert second.status_code == 201
    assert REPLAYED not in second.headers
    assert second.get_json()["id"] != first.get_json()["id"]
    check_repeated(made, second, MESSAGE, "1")
    assert size(made) == 2


def test_expired_keys_are_purged_and_the_others_kept(deployment: Deployment) -> None:
    clock = Clock(START)
    made = with_clock(deployment, clock)
    for number in range(3):
        clock.at = START + timedelta(hours=number)
        post(made, MESSAGE, str(number))
    with writing(made.services.engine) as connection:
        assert purge_claims(connection, at=START + KEY_LASTS - timedelta(milliseconds=1)) == 0
        assert purge_claims(connection, at=START + KEY_LASTS + timedelta(hours=1)) == 2
        assert connection.scalar(select(func.count()).select_from(idempotency_keys)) == 1


def test_neither_key_nor_request_can_be_read_or_tested_in_the_database(deployment: Deployment) -> None:
    body = json.dumps(MESSAGE).encode()
    post(deployment, body, "order-19121212-1212")
    with writing(deployment.services.engine) as connection:
        (row,) = connection.execute(select(idempotency_keys)).all()
    stored = b"".join(value for value in row if isinstance(value, bytes)) + repr(row).encode()
    assert b"19121212" not in stored
    for guess in (b"order-19121212-1212", body, TEXT.encode()):
        assert guess not in stored
        assert hashlib.sha256(guess).digest() not in stored
    deployment.services.engine.dispose()
    files = b"".join(path.read_bytes() for path in deployment.services.settings.var.rglob("sigill.db*"))
    assert b"19121212" not in files


def test_a_key_whose_month_s_salt_key_is_gone_brings_nothing_back_and_seals_nothing(deployment: Deployment) -> None:
    post(deployment, MESSAGE, "1")
    signing = replace(
        deployment.services.signing,
        salt_key=lambda _operator, _at: b"another key" * 2,
        salt_keys=lambda _operator, _at: [b"another key" * 2],
    )
    deployment.built = build_app(replace(deployment.services, signing=signing))
    response = post(deployment, MESSAGE, "1")
    assert response.status_code in {404, 422}
    assert size(deployment) == 1


@pytest.mark.parametrize("erased", ["the decision", "the refusal"])
def test_what_was_erased_since_is_not_brought_back_and_not_sealed_anew(deployment: Deployment, erased: str) -> None:
    refused = MESSAGE | {"authorship": "ai", "enquiry": "credit_decision"}
    body = MESSAGE if erased == "the decision" else refused
    batch = {"messages": [body, MESSAGE | {"text": "Annat"}]}
    assert post(deployment, body, "1").status_code in {201, 403}
    assert post(deployment, batch, "1", path="messages/batch").status_code == 200
    before = size(deployment)
    with writing(deployment.services.engine) as connection:
        connection.execute(delete(decisions if erased == "the decision" else records))
    gone = post(deployment, body, "1")
    assert (gone.status_code, slug(gone)) == (404, "message-not-found")
    results = post(deployment, batch, "1", path="messages/batch").get_json()["results"]
    assert results[0]["status"] == 404
    assert size(deployment) == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = deploy(tmp_path)
    (tmp_path / "key").write_text(made.keys[BANK])
    made.services.engine.dispose()
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_retrying_one_key_a_thousand_times_make_one_seal(folder: Path) -> None:
    here = Path(__file__).parent
    command = [sys.executable, str(here / "repeating_process.py"), str(folder), (folder / "key").read_text(), "500"]
    started = [subprocess.Popen(command, cwd=here.parents[1], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outcomes = [json.loads(process.communicate(timeout=280)[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sum(outcome["answers"] for outcome in outcomes) == 1000
    bodies = {body for outcome in outcomes for body in outcome["bodies"]}
    assert len(bodies) == 1
    assert sum(outcome["first"] for outcome in outcomes) == 1
    assert [outcome["size"] for outcome in outcomes] == [1, 1]
