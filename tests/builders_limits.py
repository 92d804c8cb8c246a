"""Limits for tests: a watcher that counts, a clock that is set by hand, and a real redis-server."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.builders_server import free_port

_START_S = 10.0


@dataclass
class Watcher:
    """Counts what the limits report."""

    refused: Counter[str] = field(default_factory=Counter)
    uncounted: Counter[str] = field(default_factory=Counter)

    def limited(self, quota: str) -> None:
        self.refused[quota] += 1

    def limits_uncounted(self, store: str) -> None:
        self.uncounted[store] += 1


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    s: float = 1_000_000_000.0

    def __call__(self) -> float:
        return self.s


@dataclass
class RedisServer:
    """A redis-server of this test's own on 127.0.0.1, which can be killed, stopped and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                "/usr/bin/redis-server",
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                self.folder,
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_S
        with redis.Redis(port=self.port) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
                else:
                    return

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run a redis-server until the block ends."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
