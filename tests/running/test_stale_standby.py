"""The drill of docs/operations.md: a PostgreSQL primary dies, and a standby takes over, stale or not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from registry.model import OperatorId, Role
from running.first_start import prepare
from running.seen import NAME, read_seen
from settings import read_settings
from sigill.tlog.checkpoint import parse_checkpoint
from sigill.tlog.note import format_vkey, parse_note
from tests.builders_deployment import TEXT, Deployment, operator
from tests.builders_log_over_http import check_whole_log
from tests.builders_postgres import PostgresServer, postgres_server
from tests.builders_server import Served, free_port
from tests.builders_witness import Witness
from tests.faults.wire import NoAnswer
from wiring import build_services

pytestmark = [pytest.mark.slow, pytest.mark.servers]

_ROOT: Final = Path(__file__).parents[2]
_START_S: Final = 60.0
_REFUSED: Final = 2
_BANK: Final = "exempelbanken"
_MESSAGE: Final = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}


@dataclass
class Drill:
    """A primary, a standby, a witness, and one host's settings; the service runs between `start` and `stop`."""

    folder: Path
    primary: PostgresServer
    standby: PostgresServer
    witness: Witness
    key: str = ""
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def served(self) -> Served:
        return Served(self.port, self.folder / "service.log")

    def environment(self, url: str, **changes: str) -> dict[str, str]:
        """Return the host's settings with a database; "" takes one away."""
        chosen = {
            "VAR": str(self.var),
            "DATABASE_URL": url,
            "PORT": str(self.port),
            "SIGILL_DEMONSTRATION": "0",
            "SIGILL_ISSUER": "https://guarantor.example",
            "SIGILL_LOG_POLICY_FILE": str(self.folder / "policy"),
            "SIGILL_PUBLISH_TO": str(self.folder / "public"),
            "SIGILL_ROOT_INTERVAL": "1",
            "WEB_CONCURRENCY": "2",
        }
        return {name: value for name, value in {**chosen, **changes}.items() if value}

    @property
    def both(self) -> str:
        """The address that finds the primary among the two."""
        hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (self.primary, self.standby))
        return f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write"

    def start(self, url: str) -> None:
        """Run the service, and return when it is ready."""
        with self.served.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "running"],
                cwd=_ROOT,
                env=_around(self.environment(url)),
                stdout=output,
                stderr=output,
            )
        self.wait(lambda: self.served.ask("GET", "/readyz").status == 200)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def try_start(self, url: str, **changes: str) -> tuple[int, str]:
        """Start the service where it is to end by itself; return its exit code and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "running"],
            cwd=_ROOT,
            env=_around(self.environment(url, **changes)),
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_S,
        )
        return done.returncode, done.stderr

    def seal(self) -> tuple[int, str]:
        """Ask for a seal; return the status, and the code or the problem's name."""
        answer = self.served.post("/v1/messages", _MESSAGE, key=self.key)
        said = answer.json()
        return answer.status, said["code"] if answer.status == 201 else said["type"].rpartition("/")[2]

    def seal_all(self, count: int) -> list[str]:
        answers = [self.seal() for _ in range(count)]
        assert {status for status, _ in answers} == {201}, answers
        return [code for _, code in answers]

    def answer_of(self, code: str) -> str:
        """Return what a customer with these words and this code is told."""
        answer = self.served.post("/v1/verifications", {"code": code, "content": TEXT}, key=self.key)
        return str(answer.json()["answer"])

    def wait(self, happened: Callable[[], bool]) -> None:
        """Return when something is so. Raises TimeoutError with what the service wrote."""
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            try:
                if happened():
                    return
            except NoAnswer:
                pass
            time.sleep(0.1)
        raise TimeoutError(self.served.said()[-3000:])

    def wait_until_published(self, size: int) -> None:
        """Return when this host, the folder and the witness have seen a root log of so many leaves."""
        public = self.folder / "public/log/root/checkpoint"
        self.wait(lambda: _size(read_seen(self.var)) >= size)
        self.wait(lambda: public.exists() and _size(public.read_text()) >= size)

    def wait_until_standby_has_all(self) -> None:
        """Return when the standby has received and replayed what the primary has."""
        end = self.primary.ask("SELECT pg_current_wal_lsn()::text")
        self.standby.wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{end}'")

    def lose_primary(self) -> None:
        """Have the primary die without a word."""
        self.primary.stop(signal.SIGQUIT)


def _around(chosen: Mapping[str, str]) -> dict[str, str]:
    ours = ("SIGILL_", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | dict(chosen)


def _size(note: str | None) -> int:
    return 0 if note is None else parse_checkpoint(parse_note(note).text).size


@contextmanager
def drilling(folder: Path) -> Iterator[Drill]:
    """Set up everything but the service."""
    with ExitStack() as stack:
        primary = stack.enter_context(postgres_server())
        standby = stack.enter_context(postgres_server(copy_of=primary))
        made = Drill(folder, primary, standby, Witness(folder / "w1", "w1.example", []))
        first = made.environment(primary.url(), SIGILL_LOG_POLICY_FILE="", SIGILL_PUBLISH_TO="")
        prepare(read_settings(first))
        services = build_services(read_settings(first))
        deployment = Deployment(services)
        deployment.add(operator())
        made.key = deployment.new_key(role=Role.SIGNER, operator_id=OperatorId(_BANK))
        made.witness.vkeys = [format_vkey(services.keys.note_keys(services.identity.root_origin)[0])]
        services.engine.dispose()
        made.witness.start()
        stack.callback(lambda: made.witness.process and made.witness.stop())
        (folder / "public").mkdir()
        (folder / "policy").write_text(f"witness W1 {made.witness.vkey} {made.witness.url}\nquorum W1\n")
        stack.callback(made.stop)
        yield made


def check_logs(made: Drill, url: str) -> int:
    """Re-derive the bank's log from its entries as an auditor does; return how many there are."""
    services = build_services(read_settings(made.environment(url)))
    try:
        return len(check_whole_log(Deployment(services), _BANK))
    finally:
        services.engine.dispose()


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    with drilling(tmp_path) as made:
        yield made


def test_a_stale_standby_is_refused_by_whoever_of_the_three_has_seen_more(drill: Drill) -> None:
    drill.start(drill.primary.url())
    drill.seal_all(3)
    drill.wait_until_published(1)
    drill.wait_until_standby_has_all()
    behind = drill.standby.ask("SELECT size FROM logs WHERE log_id = 'root'")
    drill.standby.cut_off()
    drill.seal_all(4)
    drill.wait_until_published(behind + 1)
    seen = _size(read_seen(drill.var))
    drill.lose_primary()
    drill.stop()
    drill.standby.promote()
    url = drill.standby.url()
    before = drill.standby.ask("SELECT size FROM logs WHERE log_id = 'exempelbanken'")
    says = f"has seen {seen} leaves of guarantor.example/log/root, and there are {behind}."
    found = [drill.try_start(url)]
    (drill.var / NAME).unlink()
    found.append(drill.try_start(url))
    found.append(drill.try_start(url, SIGILL_PUBLISH_TO=""))
    for (code, said), who in zip(
        found, (f"{NAME} in the data folder", "what was published", "the witness w1.example"), strict=True
    ):
        assert code == _REFUSED
        assert f"{who} {says}" in said
        assert "Bring back the newest state there is (docs/operations.md, Restoring), then start again." in said
        assert "Traceback" not in said
    assert drill.standby.ask("SELECT size FROM logs WHERE log_id = 'exempelbanken'") == before == 3
    assert drill.standby.ask("SELECT bool_and(halted IS NOT NULL) FROM logs")


def test_a_service_that_finds_a_stale_standby_by_itself_halts_every_log_though_nothing_grows(drill: Drill) -> None:
    drill.start(drill.both)
    drill.seal_all(3)
    drill.wait_until_published(1)
    drill.wait_until_standby_has_all()
    drill.standby.cut_off()
    behind = drill.standby.ask("SELECT size FROM logs WHERE log_id = 'root'")
    drill.seal_all(4)
    drill.wait_until_published(behind + 1)
    drill.lose_primary()
    drill.standby.promote()
    drill.wait(lambda: drill.served.ask("GET", "/registry/operators/exempelbanken").status == 200)
    drill.wait(lambda: drill.standby.ask("SELECT bool_and(halted IS NOT NULL) FROM logs") is True)
    assert {drill.seal() for _ in range(10)} == {(503, "log-halted")}
    assert drill.standby.ask("SELECT size FROM logs WHERE log_id = 'exempelbanken'") == 3
    assert "has seen" in drill.served.said()


def test_a_standby_that_had_everything_goes_on_where_the_primary_ended_without_a_restart(drill: Drill) -> None:
    drill.start(drill.both)
    sealed = drill.seal_all(5)
    drill.wait_until_published(1)
    drill.standby.execute("SELECT pg_wal_replay_pause()")
    sealed += drill.seal_all(5)
    end = drill.primary.ask("SELECT pg_current_wal_lsn()::text")
    drill.standby.wait_for(f"SELECT pg_last_wal_receive_lsn() >= '{end}'")
    assert drill.standby.ask(f"SELECT pg_last_wal_replay_lsn() < '{end}'")
    drill.lose_primary()
    assert drill.seal() == (503, "store-unavailable")
    drill.standby.promote()
    drill.wait(lambda: drill.served.ask("GET", "/readyz").status == 200)
    sealed += drill.seal_all(5)
    assert [drill.answer_of(code) for code in sealed] == ["genuine"] * 15
    public = drill.folder / f"public/log/{_BANK}/checkpoint"
    drill.wait(lambda: _size(public.read_text()) == 15)
    assert check_logs(drill, drill.standby.url()) == 15
    assert drill.standby.ask("SELECT bool_and(halted IS NULL) FROM logs")
    drill.stop()
    drill.start(drill.standby.url())
    assert drill.seal()[0] == 201


def test_at_a_standby_nothing_starts_and_what_runs_says_503_until_there_is_a_primary_again(drill: Drill) -> None:
    code, said = drill.try_start(drill.standby.url())
    assert code == _REFUSED
    assert "this server is a standby: name the primary" in said
    assert "Traceback" not in said
    drill.start(drill.both)
    sealed = drill.seal_all(1)
    drill.wait_until_standby_has_all()
    drill.lose_primary()
    for _ in range(3):
        assert drill.seal() == (503, "store-unavailable")
        answer = drill.served.post("/v1/verifications", {"code": sealed[0], "content": TEXT}, key=drill.key)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert drill.served.ask("GET", "/readyz").status == 503
    drill.primary.start()
    drill.wait(lambda: drill.seal()[0] == 201)


def test_with_a_synchronous_standby_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    with drilling(tmp_path) as drill:
        drill.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        drill.primary.wait_for("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
        drill.start(drill.both)
        sealed = drill.seal_all(20)
        drill.lose_primary()
        drill.standby.promote()
        drill.wait(lambda: drill.served.ask("GET", "/readyz").status == 200)
        assert [drill.answer_of(code) for code in sealed] == ["genuine"] * 20
        sealed += drill.seal_all(1)
        assert check_logs(drill, drill.standby.url()) == 21
