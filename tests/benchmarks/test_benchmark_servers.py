"""The servers of the benchmarks start and answer: what is measured is real."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from benchmarks.appending import Asked as Sizes
from benchmarks.appending import measure as measure_appends
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.in_process import choose
from benchmarks.in_process import measure as measure_steps
from benchmarks.load import Load, one_body
from benchmarks.processes import cpu_of
from benchmarks.rounds import answers, measure_rounds
from benchmarks.servers import Places, Server, empty_server, handwritten_server, post, sigill_server

pytestmark = pytest.mark.slow

SINGLE = Load(name="single", connections=2, seconds=1, conversations=5)
BATCH = Load(name="batch", batch=3, connections=2, seconds=1, conversations=5)
STARTERS: dict[str, Callable[[Places], AbstractContextManager[Server]]] = {
    "empty": empty_server,
    "handwritten": handwritten_server,
    "sigill": partial(sigill_server, name="sigill"),
}


@pytest.mark.parametrize(
    "contender", [each for each in CONTENDERS if each.server in STARTERS], ids=lambda each: each.name
)
def test_a_contender_takes_its_loads_and_stores_what_it_acknowledged(contender: Contender, tmp_path: Path) -> None:
    said: list[str] = []
    with STARTERS[contender.server](Places(tmp_path)) as server:
        loads = [load for load in (SINGLE, BATCH) if contender.takes(load)]
        before = server.stored() if server.stored else 0
        for load in loads:
            assert answers(contender, server, load, said.append), said
        if server.stored:
            assert server.stored() - before == sum(load.messages for load in loads)
        assert cpu_of(server.pid).all_s > 0


def test_the_hand_written_endpoint_refuses_strangers_and_nonsense(tmp_path: Path) -> None:
    with handwritten_server(Places(tmp_path)) as server:
        url = f"{server.base_url}/messages"
        assert post(url, one_body(SINGLE), api_key="another")[0] == 401
        assert post(url, b'{"authorship": "a parrot"}', api_key=server.api_key)[0] == 422
        status, answer = post(url, one_body(SINGLE), api_key=server.api_key)
        assert status == 201
        assert json.loads(answer)["seal"].count(".") == 2


@pytest.mark.servers
def test_rounds_over_http_give_a_sample_each(tmp_path: Path) -> None:
    if shutil.which("wrk") is None:
        pytest.skip("needs Debian's wrk")
    said: list[str] = []
    contender = CONTENDERS[1]
    with handwritten_server(Places(tmp_path)) as server:
        found = measure_rounds(
            [contender], {contender.server: server}, SINGLE, rounds=2, folder=tmp_path, say=said.append
        )
    (samples,) = found.values()
    assert len(samples) == 2
    assert all(sample.messages > 0 and sample.cpu_us > 0 and sample.bad_status == 0 for sample in samples)


def test_appends_are_timed_in_a_small_and_a_large_log() -> None:
    costs = measure_appends(Sizes(small=10, large=30, rounds=2, singles=3, batches=2, batch=4), say=lambda _: None)
    assert list(costs) == [10, 30]
    assert all(len(each.single_us) == 2 and min(each.batch_us) > 0 for each in costs.values())


def test_every_single_step_runs() -> None:
    chosen = choose(None)
    values = measure_steps(chosen, seconds=0.001, rounds=1)
    assert values.keys() == chosen.keys()
    assert choose(["seal_verify"]).keys() == {"es256_verify", "seal_verify"}
