"""Interleaved rounds: A B C A B C …, so that what disturbs the machine for a while disturbs everybody."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.contenders import Contender
from benchmarks.load import Load, Outcome, one_body, run_wrk
from benchmarks.processes import Cpu, cpu_of
from benchmarks.servers import Server, post

WARM_UP_S: Final = 2
_LOOK_S: Final = 0.25
_IDLE_S: Final = 0.02
_LONGEST_S: Final = 60.0
_OK: Final = (200, 201)
_SHOWN: Final = 300


class Lost(Exception):
    """A message was acknowledged and is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One contender in one round. Rates are messages a second; CPU is the server's a message, its database's apart."""

    messages: int
    rate: float
    cpu_us: float
    kernel_us: float
    database_cpu_us: float
    p50_ms: float | None
    p99_ms: float | None
    bad_status: int
    broken: int
    timeouts: int


def measure_rounds(
    contenders: Sequence[Contender],
    servers: Mapping[str, Server],
    load: Load,
    *,
    rounds: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, list[Sample]]:
    """Return each contender's samples, one a round; a contender that does not take the load is left out, and said."""
    ready = [contender for contender in contenders if answers(contender, servers[contender.server], load, say)]
    for contender in ready:
        sample_once(contender, servers[contender.server], load, folder, seconds=WARM_UP_S)
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in ready}
    for number in range(1, rounds + 1):
        for contender in ready:
            sample = sample_once(contender, servers[contender.server], load, folder, seconds=load.seconds)
            samples[contender.name].append(sample)
            say(f"{load.name} {number}/{rounds} {contender.name}: {sample.rate:.0f}/s, {sample.cpu_us:.0f} µs CPU")
    return samples


def sample_once(contender: Contender, server: Server, load: Load, folder: Path, *, seconds: int) -> Sample:
    """Send a load for so long, once the server is idle, and return what it cost. Raises WrkMissing, Lost."""
    settle(server)
    load = replace(load, seconds=seconds)
    stored, cpu = _stored(server), _cpu(server)
    outcome = run_wrk(_url(contender, server, load), load, api_key=server.api_key, folder=folder)
    cpu_after, stored_after = _cpu(server), _stored(server)
    used, database_used = (after - before for after, before in zip(cpu_after, cpu, strict=True))
    messages = _messages(outcome, load, stored_after - stored if server.stored else None)
    each_us = 1e6 / max(messages, 1)
    return Sample(
        messages=messages,
        rate=messages / outcome.duration_s,
        cpu_us=used.all_s * each_us,
        kernel_us=used.kernel_s * each_us,
        database_cpu_us=database_used.all_s * each_us,
        p50_ms=outcome.p50_ms,
        p99_ms=outcome.p99_ms,
        bad_status=outcome.bad_status,
        broken=outcome.broken,
        timeouts=outcome.timeouts,
    )


def answers(contender: Contender, server: Server, load: Load, say: Callable[[str], None]) -> bool:
    """Send one request and look at the answer: what is measured shall work. If it does not, that is said."""
    settle(server)
    status, answer = post(_url(contender, server, load), one_body(load), api_key=server.api_key)
    good = status in _OK and b'"problem"' not in answer
    if not good:
        say(f"{contender.name} is left out: it answers {load.name} with {status} {answer[:_SHOWN]!r}")
    return good


def settle(server: Server) -> None:
    """Return when a server has nothing left to do, or after a minute."""
    deadline = time.monotonic() + _LONGEST_S
    before = _cpu(server)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        now = _cpu(server)
        if sum((after - earlier).all_s for after, earlier in zip(now, before, strict=True)) <= _IDLE_S:
            return
        before = now


def _messages(outcome: Outcome, load: Load, stored: int | None) -> int:
    """Return how many messages count.

    Single ones: those acknowledged. Batches: those stored meanwhile, acknowledged or not, because a slow server ends
    few batches in a round; this favours the slow. Raises Lost.
    """
    acknowledged = (outcome.requests - outcome.bad_status) * load.messages
    if stored is not None and stored < acknowledged:
        raise Lost(f"{acknowledged} messages were acknowledged, {stored} are stored")
    return acknowledged if stored is None or load.batch is None else stored


def _stored(server: Server) -> int:
    return server.stored() if server.stored else 0


def _cpu(server: Server) -> tuple[Cpu, Cpu]:
    return cpu_of(server.pid), cpu_of(server.database_pid) if server.database_pid else Cpu(0.0, 0.0)


def _url(contender: Contender, server: Server, load: Load) -> str:
    return f"{server.base_url}{contender.path if load.batch is None else contender.batch_path}"
