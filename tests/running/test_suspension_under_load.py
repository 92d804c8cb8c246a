"""A suspension over HTTP, while real workers seal as fast as they can: nothing is sealed after it, nothing wrong."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from sigill.report.standing import State
from tests.builders_deciding import current, key_of, registrar
from tests.builders_deployment import TEXT, Deployment, deploy, operator
from tests.builders_server import Served, served

pytestmark = pytest.mark.slow

BANK, OTHER = "exempelbanken", "exempelel"
WITHIN_S = 2.0
WRITERS = 4


@dataclass(frozen=True)
class Asked:
    """One request to seal: when it was sent, how it was answered, and the seal if there is one."""

    sent_s: float
    status: int
    seal: str | None
    problem: str


def seal_for(server: Served, key: str, *, seconds: float) -> list[Asked]:
    """Seal one message after the other."""
    body = json.dumps({"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}).encode()
    found, deadline = [], time.monotonic() + seconds
    while (sent_s := time.monotonic()) < deadline:
        answer = server.ask("POST", "/v1/messages", body, key=key)
        told = json.loads(answer.body)
        found.append(Asked(sent_s, answer.status, told.get("seal"), str(told.get("type", "")).rpartition("/")[2]))
    return found


@pytest.mark.timeout(240)
def test_a_suspension_ends_sealing_in_every_worker_within_two_seconds(tmp_path: Path) -> None:
    made: Deployment = deploy(tmp_path, operator(), operator(OTHER))
    rut = key_of(made, registrar(made))
    with served(made, tmp_path, workers=3) as server, ThreadPoolExecutor(WRITERS + 1) as pool:
        sealing = [pool.submit(seal_for, server, made.keys[BANK], seconds=8) for _ in range(WRITERS)]
        beside = pool.submit(seal_for, server, made.keys[OTHER], seconds=8)
        time.sleep(3)
        path = f"/v1/registry/operators/{BANK}/proposals"
        answer = server.post(path, {"decision": "suspend", "reason": "looked at"}, key=rut)
        suspended_s = time.monotonic()
        assert (answer.status, json.loads(answer.body)["status"]) == (201, "unconfirmed")
        asked = [each for writer in sealing for each in writer.result()]
        others = beside.result()
    sealed = [each for each in asked if each.status == 201]
    late = [each for each in asked if each.sent_s >= suspended_s + WITHIN_S]
    assert {each.status for each in asked} == {201, 403}
    assert sealed
    assert late
    assert {(each.status, each.problem) for each in late} == {(403, "operator-suspended")}
    assert {each.status for each in others} == {201}
    since = current(made, BANK).history[-1].since
    assert current(made, BANK).state is State.SUSPENDED
    for each in (*sealed[:20], *sealed[-60:]):
        verdict = made.verify(seal=each.seal, content=TEXT)
        assert verdict["reason"] == "genuine_operator_suspended_since", verdict["reason"]
        assert datetime.fromisoformat(verdict["sealed_at"]) < since
    made.services.engine.dispose()
