"""The real service in a data folder of its own: `python -m running`, started again whenever it ends, as by systemd."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.faults.processes import Process, descendants, read_process
from tests.faults.wire import HttpAnswer, NoAnswer, Wire

ROOT: Final = Path.cwd()
_RESTART_S: Final = 0.5
_POLL_S: Final = 0.1
_OK: Final = 200
_READY_IN_A_ROW: Final = 8  # on as many connections: every worker is asked


class Kind(StrEnum):
    """What a process of the service does."""

    SUPERVISOR = "supervisor"
    MASTER = "web master"
    WEB = "web worker"
    WORKER = "worker"


class Service:
    """A running service over `folder`. Its output goes to `log`; `environment` comes on top of the caller's own."""

    def __init__(self, folder: Path, *, log: Path, environment: Mapping[str, str]) -> None:
        self.port = _free_port()
        self.starts = 0
        self._folder = folder
        self._log = log
        self._environment = environment
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def begin(self, *, within_s: float) -> None:
        """Start; return when ready. Raises TimeoutError."""
        self._keeper.start()
        self.wait_until_ready(within_s=within_s)

    def end(self) -> None:
        """Stop everything; returns when no process is left."""
        self._stopping.set()
        everything = self.processes()
        if self._supervisor is not None:
            self._supervisor.terminate()
        self._keeper.join(40)
        deadline = time.monotonic() + 20
        for _, process in everything:
            while (now := read_process(process.pid)) and now.started == process.started:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"process {process.pid} did not end")
                time.sleep(_POLL_S)

    def wait_until_ready(self, *, within_s: float) -> float:
        """Return how many seconds it took until every worker answered /readyz with 200. Raises TimeoutError."""
        begin = time.monotonic()
        said, in_a_row = "nothing", 0
        while time.monotonic() - begin < within_s:
            try:
                answer = self.get("/readyz", timeout_s=5)
                ready, said = answer.status == _OK, answer.body.decode(errors="replace")
            except NoAnswer as error:
                ready, said = False, str(error)
            in_a_row = in_a_row + 1 if ready else 0
            if in_a_row == _READY_IN_A_ROW:
                return time.monotonic() - begin
            time.sleep(0.0 if ready else _POLL_S)
        raise TimeoutError(f"the service was not ready within {within_s:g} s; /readyz: {said}; see {self._log}")

    def get(self, path: str, *, key: str | None = None, timeout_s: float = 30) -> HttpAnswer:
        """GET a path. Raises NoAnswer."""
        wire = Wire(self.port, timeout_s=timeout_s)
        try:
            return wire.exchange("GET", path, headers={} if key is None else {"Authorization": f"Bearer {key}"})
        finally:
            wire.close()

    def demo(self) -> dict[str, Any]:
        """Return `demo.json`."""
        value: dict[str, Any] = json.loads((self._folder / "demo.json").read_text("utf-8"))
        return value

    def processes(self) -> list[tuple[Kind, Process]]:
        """Return the service's processes with what each does; those between fork and exec are left out."""
        top = None if self._supervisor is None else read_process(self._supervisor.pid)
        if top is None:
            return []
        found = [(Kind.SUPERVISOR, top)]
        masters: set[int] = set()
        for process in descendants(top.pid):
            if process.parent in masters:
                found.append((Kind.WEB, process))
            elif "gunicorn" in process.command:
                masters.add(process.pid)
                found.append((Kind.MASTER, process))
            elif "running.worker" in process.command:
                found.append((Kind.WORKER, process))
        return found

    def _keep(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("SIGILL_", "DATABASE_URL"))
        }
        environment |= {
            "VAR": str(self._folder),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "SIGILL_LIMITS": "off",
            **self._environment,
        }
        with self._log.open("ab") as output:
            while not self._stopping.is_set():
                self.starts += 1
                self._supervisor = subprocess.Popen(
                    [sys.executable, "-m", "running"], cwd=ROOT, env=environment, stdout=output, stderr=output
                )
                if self._stopping.is_set():
                    self._supervisor.terminate()
                self._supervisor.wait()
                self._stopping.wait(_RESTART_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
