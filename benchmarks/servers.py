"""Real servers on free loopback ports: gunicorn with exactly the project's `gunicorn.conf.py` for every subject."""

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ROOT: Final = Path(__file__).resolve().parents[1]
ON_DISK: Final = "/var/tmp"  # noqa: S108 (/tmp may be memory, where a commit costs nothing)
_START_S: Final = 60.0
_STOP_S: Final = 20.0
_NEVER_REACHED: Final = "sign=999999999/60 decide=999999999/60 read=999999999/60 verify=999999999/60"  # but counted
_PREPARE: Final = (
    "import os; from settings import read_settings; from running.first_start import prepare;"
    " prepare(read_settings(os.environ))"
)
_UNAUTHORIZED_OR_LESS: Final = 500


class ServerFailed(Exception):
    """A server did not start; says what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `stored` counts messages that are durable; None where nothing is stored."""

    base_url: str
    pid: int
    api_key: str
    database_pid: int | None = None
    stored: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where servers of one run live: the data folder, the checkout Sigill is started from, and how many workers.

    With `slow_write_ms` each durable write takes so much longer than the disk's own: strace holds up the calls that
    wait for the disk, and no others.
    """

    folder: Path
    tree: Path = field(default=ROOT)
    workers: int | None = None  # as the project has them
    slow_write_ms: float | None = None

    @property
    def prefix(self) -> list[str]:
        """What every server's command begins with."""
        if self.slow_write_ms is None:
            return []
        delay = f"inject=fsync,fdatasync:delay_exit={round(self.slow_write_ms * 1000)}"
        return [
            "strace",
            "-D",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=fsync,fdatasync",
            "-e",
            delay,
        ]

    @property
    def environment(self) -> dict[str, str]:
        """What every server gets."""
        return {} if self.workers is None else {"WEB_CONCURRENCY": str(self.workers)}


@contextmanager
def empty_server(places: Places, *, threads: int | None = None) -> Iterator[Server]:
    """Start the endpoint that does nothing; with `threads`, under gunicorn's `gthread` workers with so many each."""
    name = "empty" if threads is None else f"empty_{threads}_threads"
    own = {} if threads is None else {"GUNICORN_CMD_ARGS": f"--worker-class gthread --threads {threads}"}
    environment, log = {**places.environment, **own}, places.folder / f"{name}.log"
    with _gunicorn("benchmarks.subjects.empty:app", environment, cwd=ROOT, log=log, prefix=places.prefix) as (url, pid):
        yield Server(base_url=url, pid=pid, api_key="none")


@contextmanager
def handwritten_server(places: Places) -> Iterator[Server]:
    """Start the hand-written Flask + PyJWT endpoint over a new SQLite file."""
    database = places.folder / "handwritten.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE tokens (id TEXT PRIMARY KEY, seal TEXT NOT NULL)")
    connection.close()
    key = secrets.token_urlsafe(32)
    environment = {**places.environment, "HANDWRITTEN_DB": str(database), "HANDWRITTEN_API_KEY": key}
    log = places.folder / "handwritten.log"
    with _gunicorn("benchmarks.subjects.handwritten:app", environment, cwd=ROOT, log=log, prefix=places.prefix) as (
        url,
        pid,
    ):
        yield Server(base_url=url, pid=pid, api_key=key, stored=lambda: _rows(database))


@contextmanager
def sigill_server(
    places: Places, *, name: str, database_url: str | None = None, database_pid: int | None = None
) -> Iterator[Server]:
    """Start Sigill in a new data folder with the demonstration's operators; on SQLite unless a database is named."""
    var = places.folder / name
    bind = f"127.0.0.1:{free_port()}"
    environment = {
        **places.environment,
        "VAR": str(var),
        "SIGILL_BIND": bind,
        "SIGILL_PUBLIC_URL": f"http://{bind}",
        "SIGILL_LIMITS": _NEVER_REACHED,
    }
    if database_url is not None:
        environment["SIGILL_DATABASE_URL"] = database_url
    prepared = subprocess.run(  # noqa: S603 (the project's own code)
        [sys.executable, "-c", _PREPARE],
        check=False,
        cwd=places.tree,
        env=_environment(environment),
        capture_output=True,
        text=True,
    )
    if prepared.returncode:
        raise ServerFailed(f"{name} could not be prepared:\n{prepared.stderr[-2000:]}")
    operator = json.loads((var / "demo.json").read_text("utf-8"))["operators"][0]
    log = places.folder / f"{name}.log"
    with _gunicorn(None, environment, cwd=places.tree, log=log, bind=bind, prefix=places.prefix) as (url, pid):
        checkpoint = f"{url}/log/{operator['id']}/checkpoint"
        yield Server(
            base_url=url,
            pid=pid,
            api_key=operator["api_key"],
            database_pid=database_pid,
            stored=lambda: _tree_size(checkpoint),
        )


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def post(url: str, body: bytes, *, api_key: str) -> tuple[int, bytes]:
    """POST JSON; return status and body, whatever the status."""
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310 (a loopback address of ours)
    try:
        with urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def _gunicorn(
    app: str | None,
    environment: Mapping[str, str],
    *,
    cwd: Path,
    log: Path,
    prefix: Sequence[str],
    bind: str | None = None,
) -> Iterator[tuple[str, int]]:
    """Run gunicorn with the project's settings; yield its URL and the master's process id. Raises ServerFailed."""
    bind = bind or f"127.0.0.1:{free_port()}"
    command = [*prefix, sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", *([app] if app else [])]
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb"))
        process = subprocess.Popen(  # noqa: S603 (the project's own server)
            command,
            cwd=cwd,
            env=_environment({**environment, "SIGILL_BIND": bind}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        stack.callback(_stop, process)
        _await_answer(f"http://{bind}/", process, log)
        yield f"http://{bind}", process.pid


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nothing that would change the project's settings."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **own}


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=_START_S):  # noqa: S310 (a loopback address of ours)
                return
        except HTTPError as error:
            error.close()
            if error.code < _UNAUTHORIZED_OR_LESS:
                return
        except (URLError, OSError):
            pass
        time.sleep(0.1)
    raise ServerFailed(f"no answer from {url}:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _rows(database: Path) -> int:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        found: int = connection.execute("SELECT coalesce(max(rowid), 0) FROM tokens").fetchone()[0]
    finally:
        connection.close()
    return found


def _tree_size(checkpoint_url: str) -> int:
    """Return the size of a log by its checkpoint's second line (c2sp.org/tlog-checkpoint)."""
    with urlopen(checkpoint_url, timeout=30) as response:  # noqa: S310 (a loopback address of ours)
        return int(response.read().splitlines()[1])
