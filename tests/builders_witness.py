"""A real witness process (`sigill witness serve`) on a free port, which a test may stop, kill and start again."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import urllib3

from sigill.tlog.cosignature import WitnessKey, parse_witness_vkey
from tests.builders_server import free_port

_ROOT: Final = Path(__file__).parents[1]
_START_S: Final = 30.0
_STOP_S: Final = 10.0
_POLL_S: Final = 0.05
_PROGRAM: Final = "import sys; from sigill.cli.main import main; sys.exit(main())"


@dataclass(slots=True)
class Witness:
    """A witness with its state in `folder`, on a port of its own over all its starts; `log` is what it wrote."""

    folder: Path
    name: str
    vkeys: Sequence[str]
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its submission and monitoring prefix."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def vkey(self) -> str:
        """Its verifier key, as the last line it wrote for log policies has it."""
        return next(line for line in reversed(self.said().splitlines()) if "  witness W1 " in line).split()[2]

    @property
    def key(self) -> WitnessKey:
        """Its verifier key."""
        return parse_witness_vkey(self.vkey)

    @property
    def log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def said(self) -> str:
        """Return what it wrote, over all its starts."""
        return self.log.read_text("utf-8", errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers. Raises TimeoutError."""
        logs = [part for vkey in self.vkeys for part in ("--log", vkey)]
        arguments = ["--folder", str(self.folder), "--name", self.name, *logs, "--listen", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, "witness", "serve", *arguments],
                cwd=_ROOT,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(urllib3.exceptions.HTTPError):
                if urllib3.request("GET", self.url, retries=False, timeout=1).status == 200:
                    return
            time.sleep(_POLL_S)
        raise TimeoutError(f"the witness did not begin: {self.said()[-2000:]}")

    def stop(self) -> int:
        """Ask it to stop and return its exit code. Raises TimeoutExpired."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(_STOP_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


@contextmanager
def running_witness(folder: Path, name: str, vkeys: Sequence[str]) -> Iterator[Witness]:
    """Run a witness that watches the logs of these verifier keys, until the block ends."""
    witness = Witness(folder, name, vkeys)
    witness.start()
    try:
        yield witness
    finally:
        if witness.process is not None and witness.process.poll() is None:
            witness.stop()
