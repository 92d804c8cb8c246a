"""The faults. Each strikes, and is healed; what dies of it comes back by itself or with `Database.come_back`."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Protocol

from tests.faults.databases import Database, PostgresCluster, kill
from tests.faults.load import Load
from tests.faults.possible import NotPossible
from tests.faults.processes import Process, send
from tests.faults.service import Kind, Service

_WEIGHTS: Final = {Kind.WEB: 80, Kind.MASTER: 4, Kind.WORKER: 6, Kind.SUPERVISOR: 2}  # two web workers, mostly
_BACKEND_WEIGHT: Final = 25
_POSTMASTER_WEIGHT: Final = 3
_CHUNK: Final = bytes(1 << 16)


class Strike(Protocol):
    """One kind of fault."""

    @property
    def name(self) -> str:
        """What it is, for the table."""

    def strike(self) -> None:
        """Make it happen."""

    def heal(self) -> None:
        """Take it away again."""


class KillAnything:
    """`kill -9` of one process at random, of the service's or the database server's: first each kind once."""

    name = "kill -9"

    def __init__(self, service: Service, database: Database, *, chance: random.Random) -> None:
        self.killed: dict[str, int] = {}
        self._service = service
        self._database = database
        self._chance = chance

    def strike(self) -> None:
        """Kill one; try others where it was gone already. Raises NotPossible where nothing runs for long."""
        for _ in range(100):
            victims: list[tuple[str, Process, int]] = [
                (kind.value, process, _WEIGHTS[kind]) for kind, process in self._service.processes()
            ]
            server = self._database.processes()
            victims += [("postmaster", each, _POSTMASTER_WEIGHT) for each in server[:1]]
            victims += [("backend", each, max(1, _BACKEND_WEIGHT // len(server))) for each in server[1:]]
            victims = [victim for victim in victims if victim[0] not in self.killed] or victims
            if victims:
                weights = [weight for *_, weight in victims]
                ((what, process, _),) = self._chance.choices(victims, weights)
                if kill(process):
                    self.killed[what] = self.killed.get(what, 0) + 1
                    return
            time.sleep(0.1)
        raise NotPossible("there was nothing to kill for ten seconds")

    def heal(self) -> None:
        """Start the database server, if that was it."""
        self._database.come_back()


class StopWebWorker:
    """A web worker that stands still (SIGSTOP), wherever it is: in a commit, too."""

    name = "stopped worker"

    def __init__(self, service: Service, *, chance: random.Random) -> None:
        self._service = service
        self._chance = chance
        self._stopped: Process | None = None

    def strike(self) -> None:
        """Stop one."""
        workers = [process for kind, process in self._service.processes() if kind is Kind.WEB]
        if workers:
            self._stopped = self._chance.choice(workers)
            send(self._stopped, signal.SIGSTOP)

    def heal(self) -> None:
        """Let it go on, if it was not replaced meanwhile."""
        if self._stopped is not None:
            send(self._stopped, signal.SIGCONT)
            self._stopped = None


class HangUps:
    """Clients that go away in the request, before the answer and in the answer."""

    name = "client hangs up"

    def __init__(self, load: Load, *, share: float = 0.4) -> None:
        self._load = load
        self._share = share

    def strike(self) -> None:
        """Let a share of all requests be abandoned."""
        self._load.hang_ups = self._share

    def heal(self) -> None:
        """Let all clients wait again."""
        self._load.hang_ups = 0.0


class Locked:
    """Somebody else holds the database's lock, longer than the service waits."""

    name = "database locked"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = ExitStack()

    def strike(self) -> None:
        """Take the lock."""
        self._lock.enter_context(self._database.locked())

    def heal(self) -> None:
        """Give it back."""
        self._lock.close()


class Vanished:
    """The database is gone (the file moved away, the server stopped), and a web worker starts without it."""

    name = "database vanished"

    def __init__(self, database: Database, service: Service) -> None:
        self._database = database
        self._service = service

    def strike(self) -> None:
        """Take it away, and let one worker that had it open be replaced."""
        self._database.vanish()
        for process in [process for kind, process in self._service.processes() if kind is Kind.WEB][:1]:
            kill(process)

    def heal(self) -> None:
        """Give it back."""
        self._database.come_back()


class SmallDisk:
    """A tmpfs of its own for data folder and database, mounted at `folder` until `unmount`. Raises NotPossible."""

    def __init__(self, *, megabytes: int) -> None:
        if os.geteuid() != 0:
            raise NotPossible("only root can mount a small disk")
        self.folder = Path(tempfile.mkdtemp(prefix="sigill-small-disk-"))
        options = f"size={megabytes}m,mode=755"
        mounted = _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))
        if mounted.returncode:
            raise NotPossible(f"no small disk can be mounted: {mounted.stderr.strip()}")

    def unmount(self) -> None:
        """Take the disk away with all that is on it."""
        _run("umount", str(self.folder))
        self.folder.rmdir()


class DiskFull:
    """Not a byte left on the disk of the data folder."""

    name = "disk full"

    def __init__(self, disk: SmallDisk, database: Database) -> None:
        self._filler = disk.folder / "filler"
        self._database = database

    def strike(self) -> None:
        """Fill it to the last byte."""
        with self._filler.open("ab", buffering=0) as filler:
            for chunk in (_CHUNK, _CHUNK[:512], _CHUNK[:1]):
                try:
                    while filler.write(chunk):
                        pass
                except OSError:
                    continue

    def heal(self) -> None:
        """Free it, and start the database server if it gave up."""
        self._filler.unlink(missing_ok=True)
        self._database.come_back()


class FsyncFails:
    """fsync and fdatasync fail with EIO in every process that writes the database, by strace's fault injection."""

    name = "fsync fails"

    def __init__(self, service: Service, database: Database) -> None:
        if shutil.which("strace") is None:
            raise NotPossible("strace is not installed (Debian: strace)")
        self._service = service
        self._database = database
        self._strace: subprocess.Popen[bytes] | None = None

    def strike(self) -> None:
        """Attach to the writers. Raises NotPossible where tracing is forbidden."""
        calls = "fsync,fdatasync,sync_file_range"
        arguments = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
        arguments += ["-e", f"inject={calls}:error=EIO"]
        for process in self._writers():
            arguments += ["-p", str(process.pid)]
        self._strace = subprocess.Popen(arguments, stderr=subprocess.PIPE)
        time.sleep(0.3)
        if self._strace.poll() is not None:
            said = self._strace.stderr.read().decode(errors="replace") if self._strace.stderr else ""
            raise NotPossible(f"strace cannot attach: {said.strip()[:200]}")

    def heal(self) -> None:
        """Detach, and start the database server if it gave up."""
        if self._strace is not None:
            self._strace.terminate()
            self._strace.wait(20)
            if self._strace.stderr:
                self._strace.stderr.close()
            self._strace = None
        self._database.come_back()

    def _writers(self) -> Sequence[Process]:
        if isinstance(self._database, PostgresCluster):
            return self._database.all_processes()
        return [process for kind, process in self._service.processes() if kind is Kind.WEB]


def wait_for(done: Callable[[], bool], *, within_s: float) -> bool:
    """Wait until `done`; say whether it was in time."""
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True)
