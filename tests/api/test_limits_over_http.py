"""Limits over two real gunicorn workers: one count for both, with and without a server that dies in the middle."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sigill.client.retry import Patience
from tests.builders_deployment import TEXT, Deployment, deploy
from tests.builders_limits import redis_server
from tests.builders_server import Served, served

pytestmark = [pytest.mark.slow]
MESSAGE = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}


def sign_many(server: Served, made: Deployment, times: int) -> Counter[int]:
    """Sign on as many connections, eight at once; return how often each status was answered."""
    key = made.keys["exempelbanken"]
    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(lambda _: server.post("/v1/messages", MESSAGE, key=key).status, range(times)))


def test_two_workers_let_through_exactly_what_one_limit_allows(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    with served(made, tmp_path, more={"SIGILL_LIMITS": "sign=25/86400"}) as server:
        assert sign_many(server, made, 60) == {201: 25, 429: 35}
        last = server.post("/v1/messages", MESSAGE, key=made.keys["exempelbanken"])
        assert (last.status, json.loads(last.body)["status"]) == (429, 429)
        assert "127.0.0.1" not in server.said().partition("Booting worker")[2]
    with served(made, tmp_path, more={"SIGILL_LIMITS": "sign=25/86400"}) as again:
        assert sign_many(again, made, 3) == {429: 3}  # a restart forgets nothing


def test_a_client_of_ours_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    from sigill.client.service import Client

    made = deploy(tmp_path)
    waited: list[float] = []
    with served(made, tmp_path, more={"SIGILL_LIMITS": "sign=2/4"}) as server:
        patience = Patience(on_retry=lambda _, pause_s: waited.append(pause_s))
        client = Client(server.url, api_key=made.keys["exempelbanken"], patience=patience)
        for _ in range(3):
            client.sign(TEXT, authorship="human", channel="chat", enquiry="informational")
    assert len(waited) == 1
    assert 1 <= waited[0] <= 5


@pytest.mark.servers
def test_a_redis_that_is_killed_in_the_middle_costs_nobody_an_answer(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    with (
        redis_server(tmp_path) as redis,
        served(made, tmp_path, more={"SIGILL_LIMITS": "sign=1000/86400", "SIGILL_LIMITS_URL": redis.url}) as server,
    ):
        assert sign_many(server, made, 40) == {201: 40}
        redis.kill()
        assert sign_many(server, made, 40) == {201: 40}
        assert "the limits' server does not answer (ConnectionError)" in server.said()
        redis.start()
        assert sign_many(server, made, 40) == {201: 40}
        assert str(redis.port) not in server.said()
