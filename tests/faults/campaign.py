"""Every scenario on one engine, in the short form (about half a minute) or the long one."""

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.faults.checker import Checker
from tests.faults.clock import ClockSteps, SteppingClock
from tests.faults.databases import Database, PostgresCluster, SqliteFile
from tests.faults.ledger import Counts, Ledger
from tests.faults.load import BATCH, SINGLE, Habits
from tests.faults.possible import NotPossible
from tests.faults.scenario import Outcome, Plan, Trial
from tests.faults.service import Service
from tests.faults.strikes import (
    DiskFull,
    FsyncFails,
    HangUps,
    KillAnything,
    Locked,
    SmallDisk,
    StopWebWorker,
    Vanished,
)

ENGINES: Final = ("sqlite", "postgresql")
_STARTS_WITHIN_S: Final = 90.0
_SIGNERS: Final = ("exempelbanken", "exempelforsakring", "eksempeltele")
_DISK_MB: Final = {"sqlite": 48, "postgresql": 160}
_BUSY_S: Final = 10.0  # how long the service waits for a lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How much of everything."""

    kills: int
    seconds: float
    stopped_s: float
    locked_s: float
    rounds: int
    clients: int = 8
    keys: bool = True
    batches: bool = True
    only: frozenset[str] = frozenset()
    seed: int = 1


SHORT: Final = Form(kills=7, seconds=30, stopped_s=3, locked_s=1.5, rounds=1, clients=4)
LONG: Final = Form(kills=1000, seconds=7200, stopped_s=60, locked_s=_BUSY_S + 3, rounds=3)


def run_campaign(engine: str, form: Form, folder: Path) -> Iterator[Outcome]:
    """Run every scenario of `form`, yielding each outcome as it comes. Data and output stay in `folder`."""

    def wanted(name: str) -> bool:
        return not form.only or name in form.only

    ordinary = {"kill -9", "client hangs up", "stopped worker", "database locked", "database vanished", "fsync fails"}
    if not form.only or ordinary & form.only:
        with trial(engine, form, folder / "plain") as it:
            yield from _ordinary(it, form)
    if wanted("disk full"):
        yield from _on_a_small_disk(engine, form, folder / "small-disk")
    if wanted("clock steps"):
        yield from _with_another_clock(engine, form, folder / "clock")


def _ordinary(it: Trial, form: Form) -> Iterator[Outcome]:
    def kill() -> Outcome:
        fault = KillAnything(it.service, it.database, chance=random.Random(form.seed))  # noqa: S311
        return it.run(fault, Plan(strikes=form.kills, enough_s=form.seconds), it.load())

    def hang_up() -> Outcome:
        load = it.load()
        return it.run(HangUps(load), Plan(strikes=form.rounds, lasts_s=2.0), load)

    def stop() -> Outcome:
        fault = StopWebWorker(it.service, chance=random.Random(form.seed))  # noqa: S311
        return it.run(fault, Plan(strikes=form.rounds, lasts_s=form.stopped_s), it.load())

    def lock() -> Outcome:
        return it.run(Locked(it.database), Plan(strikes=form.rounds, lasts_s=form.locked_s), it.load())

    def vanish() -> Outcome:
        return it.run(Vanished(it.database, it.service), Plan(strikes=form.rounds, lasts_s=4.0), it.load())

    def fail_to_sync() -> Outcome:
        return it.run(FsyncFails(it.service, it.database), Plan(strikes=form.rounds, lasts_s=1.5), it.load())

    scenarios: Mapping[str, Callable[[], Outcome]] = {
        "kill -9": kill,
        "client hangs up": hang_up,
        "stopped worker": stop,
        "database locked": lock,
        "database vanished": vanish,
        "fsync fails": fail_to_sync,
    }
    for name, scenario in scenarios.items():
        if not form.only or name in form.only:
            yield _possible(name, it.database.name, scenario)


def _on_a_small_disk(engine: str, form: Form, folder: Path) -> Iterator[Outcome]:
    def scenario() -> Outcome:
        disk = SmallDisk(megabytes=_DISK_MB[engine])
        try:
            with trial(engine, form, folder, disk=disk.folder) as it:
                return it.run(DiskFull(disk, it.database), Plan(strikes=form.rounds, lasts_s=2.0), it.load())
        finally:
            disk.unmount()

    yield _possible("disk full", engine, scenario)


def _with_another_clock(engine: str, form: Form, folder: Path) -> Iterator[Outcome]:
    def scenario() -> Outcome:
        folder.mkdir(parents=True, exist_ok=True)
        clock = SteppingClock(folder)
        with trial(engine, form, folder, environment=clock.environment()) as it:
            return it.run(ClockSteps(clock), Plan(strikes=2 * form.rounds, lasts_s=1.5), it.load())

    yield _possible("clock steps", engine, scenario)


def _possible(name: str, engine: str, scenario: Callable[[], Outcome]) -> Outcome:
    """Run a scenario; where the machine cannot, say so: that is no pass."""
    try:
        return scenario()
    except NotPossible as error:
        return Outcome(
            scenario=name,
            engine=engine,
            strikes=0,
            counts=Counts(),
            acknowledged=0,
            silence_s=0.0,
            recovered_s=0.0,
            not_run=str(error),
        )


@contextmanager
def trial(
    engine: str,
    form: Form,
    folder: Path,
    *,
    disk: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Trial]:
    """Run a service with its data on `disk` (by default below `folder`) until the end of the block."""
    var = (disk or folder) / "var"
    folder.mkdir(parents=True, exist_ok=True)
    database: Database = SqliteFile(var) if engine == "sqlite" else PostgresCluster(disk)
    with ExitStack() as stack:
        database.begin()
        stack.callback(database.end)
        settings = {} if engine == "sqlite" else {"DATABASE_URL": database.url}
        service = Service(var, log=folder / "service.log", environment={**settings, **(environment or {})})
        stack.callback(service.end)
        service.begin(within_s=_STARTS_WITHIN_S)
        ledger = Ledger(folder / "ledger.jsonl")
        stack.callback(ledger.close)
        demo = service.demo()
        found = {each["id"]: each["api_key"] for each in demo["operators"] if each["id"] in _SIGNERS}
        habits = Habits(
            port=service.port,
            api_keys=found,
            documented=_documented(service.get("/openapi.json").json()),
            clients=form.clients,
            keys=form.keys,
            batches=form.batches,
            seed=form.seed,
        )
        yield Trial(service, database, ledger, Checker(keys=form.keys), habits, demo["auditor"]["api_key"])


def _documented(openapi: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """Return the statuses that the service's own document lists for each path's POST."""
    return {
        path: frozenset(
            int(status)
            for status in openapi["paths"].get(path, {}).get("post", {}).get("responses", {})
            if status.isdigit()
        )
        for path in (SINGLE, BATCH)
    }


def say(line: str) -> None:
    """Tell how far it is, at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
