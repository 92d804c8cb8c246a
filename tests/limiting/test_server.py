"""A real redis-server: counts of all hosts in one place, and nobody notices when it is gone."""

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from limiting.counters import ANSWER_S, Counters, open_server
from limiting.errors import LimitReached
from limiting.guessing import Guessing, Leniency
from limiting.limiter import Limiter, Subjects
from limiting.quotas import Quota
from limiting.table import TableStorage
from tests.builders_limits import Clock, RedisServer, Watcher, redis_server
from tests.builders_server import free_port

_ROOT = Path(__file__).parents[2]
QUOTA = Quota("sign", 50, 60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as started:
        yield started


def host(folder: Path, name: str, url: str, *, clock: Clock | None = None) -> tuple[Limiter, Counters, Watcher]:
    """Return the limits of one host: a table of its own, and the server all share."""
    watcher = Watcher()
    monotonic = time.monotonic if clock is None else clock
    counters = Counters(
        TableStorage(folder / f"{name}.table"), server=open_server(url), observer=watcher, monotonic=monotonic
    )
    limiter = Limiter({"sign": QUOTA}, counters=counters, subjects=Subjects(b"s" * 32), now_s=lambda: 1_000_000_000.0)
    return limiter, counters, watcher


def passed(limiter: Limiter, times: int) -> int:
    """Return how many of so many requests were let through."""
    count = 0
    for _ in range(times):
        try:
            limiter.take("sign", "somebody")
        except LimitReached:
            continue
        count += 1
    return count


@pytest.mark.servers
@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_two_hosts_share_one_limit(tmp_path: Path, server: RedisServer, scheme: str) -> None:
    url = server.url.replace("redis", scheme)
    (one, _, seen), (two, _, _) = host(tmp_path, "one", url), host(tmp_path, "two", url)
    assert passed(one, 30) + passed(two, 30) == 50
    assert not seen.uncounted


@pytest.mark.servers
@pytest.mark.slow
def test_four_processes_on_a_server_get_exactly_what_the_limit_allows(tmp_path: Path, server: RedisServer) -> None:
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.limiting.counting",
                str(tmp_path / f"{number}.table"),
                "40",
                "50",
                server.url,
            ],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 50


@pytest.mark.servers
@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back_is_used_again_and_nothing_fails(
    tmp_path: Path, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(0.0)
    limiter, _, watcher = host(tmp_path, "one", server.url, clock=clock)
    assert passed(limiter, 20) == 20
    server.kill()
    with caplog.at_level(logging.WARNING):
        begun_s = time.monotonic()
        assert passed(limiter, 60) == 50  # this host's own count begins
        assert time.monotonic() - begun_s < 1
        assert watcher.uncounted == {"server": 1}  # tried once, then left alone
        for _ in range(10):
            clock.s += 31
            passed(limiter, 1)
        assert watcher.uncounted == {"server": 11}
        server.start()
        clock.s += 31
        assert passed(limiter, 60) == 50  # the server forgot; it has no disk
    said = [record.getMessage() for record in caplog.records]
    assert said[-1] == "the limits' server answers again"
    assert 2 <= len(said) < 10  # at most one a minute while it was gone
    assert not any(str(server.port) in line for line in said)


@pytest.mark.servers
@pytest.mark.slow
def test_a_server_that_hangs_costs_a_tenth_of_a_second_once(tmp_path: Path, server: RedisServer) -> None:
    limiter, _, watcher = host(tmp_path, "one", server.url, clock=Clock(0.0))
    assert passed(limiter, 5) == 5
    server.signal(signal.SIGSTOP)
    try:
        begun_s = time.monotonic()
        assert passed(limiter, 10) == 10
        assert time.monotonic() - begun_s < 2 * ANSWER_S + 0.2
    finally:
        server.signal(signal.SIGCONT)
    assert watcher.uncounted == {"server": 1}


@pytest.mark.servers
def test_guessing_is_slowed_on_all_hosts_at_once(tmp_path: Path, server: RedisServer) -> None:
    subjects = Subjects(b"s" * 32)
    one, two = (Guessing(host(tmp_path, name, server.url)[1], subjects=subjects) for name in ("one", "two"))
    for _ in range(4):
        one.note_wrong("code", "a", leniency=Leniency(free=1))
    assert 1 <= two.wait_s("code", "a") <= 5
    assert two.note_wrong("code", "a", leniency=Leniency(free=1)) == 8


def test_where_no_server_listens_the_machine_counts_for_itself(tmp_path: Path) -> None:
    limiter, _, watcher = host(tmp_path, "one", f"redis://:secret@127.0.0.1:{free_port()}/0")
    assert passed(limiter, 60) == 50
    assert watcher.uncounted["server"] == 1


def test_what_is_no_redis_server_is_left_alone_soon(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun_s = time.monotonic()
        limiter, _, _ = host(tmp_path, "one", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert passed(limiter, 60) == 50
        assert time.monotonic() - begun_s < 1


def test_where_nobody_can_count_everything_is_let_through(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table, watcher = TableStorage(tmp_path / "limits.table"), Watcher()
    counters = Counters(table, observer=watcher)
    limiter = Limiter({"sign": QUOTA}, counters=counters, subjects=Subjects(b"s" * 32))
    (tmp_path / "limits.table").write_bytes(b"")
    assert passed(limiter, 60) == 60
    assert watcher.uncounted == {"table": 60}
    assert len(caplog.records) == 1
