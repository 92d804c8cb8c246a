"""A real PostgreSQL server of the tests' own, databases in it, and a second server that follows it."""

import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

_BINARIES: Final = "/usr/lib/postgresql/*/bin"
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_INITDB: Final = ("-A", "trust", "-E", "UTF8", "--no-sync")
_BASEBACKUP: Final = ("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
_START_S: Final = 30.0
_STOP_S: Final = 20.0


class PostgresServer:
    """One server on a free port of 127.0.0.1, its data in a folder of its own. Not as root: the server refuses that."""

    def __init__(self, folder: Path, *, settings: dict[str, str], copy_of: "PostgresServer | None" = None) -> None:
        self.folder = folder
        self.port = _free_port()
        self._settings = settings
        self._names = (f"test_{number}" for number in count(1))
        self._process: subprocess.Popen[bytes] | None = None
        if copy_of is None:
            self._initialise()
        else:
            self._copy(copy_of)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start; return when it answers."""
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder), **self._settings}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [_binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *arguments]
        with (self.folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self._environment(),
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - only a system call
                **_unprivileged(),
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=2):
                return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and wait. SIGINT disconnects everybody (SIGTERM would wait for them); SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_STOP_S)
            self._process = None

    def execute(self, *statements: str | sql.Composed) -> None:
        """Run statements as the superuser, each for itself."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, query: str) -> Any:
        """Return the one value that a query gives, asked as the superuser."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else row[0]

    def wait_for(self, question: str) -> None:
        """Return when a question is answered with true. Raises TimeoutError."""
        deadline = time.monotonic() + _START_S
        while not self.ask(question):
            if time.monotonic() > deadline:
                raise TimeoutError(question)
            time.sleep(0.05)

    def cut_off(self) -> None:
        """Have a standby receive no more, as when the network between the two fails."""
        self.execute("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        self.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")

    def promote(self) -> None:
        """Make a standby the primary; return when it takes writes."""
        self._run("pg_ctl", "promote", "-D", str(self.folder / "data"), "-w")

    def make_database(self, *, template: str = "template1", name: str | None = None) -> str:
        """Make a database as a copy of another; return its name."""
        made = name or next(self._names)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(create.format(sql.Identifier(made), sql.Identifier(template)))
        return made

    def drop_database(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _initialise(self) -> None:
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", *_INITDB)

    def _copy(self, primary: "PostgresServer") -> None:
        """Take what the primary has, and follow it from then on."""
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres"]
        self._run("pg_basebackup", "-D", str(self.folder / "data"), *source, *_BASEBACKUP)

    def _run(self, program: str, *arguments: str) -> None:
        unprivileged = _unprivileged()
        if unprivileged:
            os.chown(self.folder, unprivileged["user"], unprivileged["group"])
        done = subprocess.run(
            [_binary(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self._environment(),
            **unprivileged,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)}


@contextmanager
def postgres_server(*, copy_of: PostgresServer | None = None, **settings: str) -> Iterator[PostgresServer]:
    """Run a server until the block ends; `settings` are those of postgresql.conf. It keeps what it acknowledged.

    With `copy_of` it is a standby that streams from that server.
    """
    folder = Path(tempfile.mkdtemp(prefix="sigill-postgres-"))
    try:
        server = PostgresServer(folder, settings={"shared_buffers": "32MB", **settings}, copy_of=copy_of)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _die_with_parent() -> None:
    """Have the kernel stop the server when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _unprivileged() -> dict[str, Any]:
    """Return what makes a child of root run as somebody else; nothing for anybody else."""
    if os.geteuid():
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    found = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _binary(name: str) -> str:
    found = sorted(glob.glob(f"{_BINARIES}/{name}"), key=_version)  # noqa: PTH207 - an absolute pattern
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise RuntimeError("PostgreSQL is not installed: requirements/debian.txt")
    return path


def _version(path: str) -> int:
    number = path.split("/")[4]
    return int(number) if number.isdigit() else 0


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
