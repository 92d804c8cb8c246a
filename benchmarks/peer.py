"""A published Merkle tree in a process of its own, from an environment that is made for it and thrown away."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.servers import ON_DISK, ROOT

PINNED: Final = ROOT / "requirements" / "benchmark-peers.txt"
_PROGRAM: Final = ROOT / "benchmarks" / "subjects" / "peer_tree.py"
_INSTALLING_S: Final = 300
_ANSWERING_S: Final = 600


class PeerMissing(Exception):
    """The other library cannot be installed or does not run; says why."""


class Peer:
    """The running program."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, line: str) -> float:
        """Send a line of `benchmarks.subjects.peer_tree`, return the number answered. Raises PeerMissing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise PeerMissing(f"it ended at {line!r}") from error


@contextmanager
def running_peer() -> Iterator[Peer]:
    """Install what is pinned, checked by hash, and run the program. Raises PeerMissing."""
    with TemporaryDirectory(prefix="sigill-peer-", dir=ON_DISK) as folder:
        python = Path(folder) / "bin" / "python"
        _run(sys.executable, "-m", "venv", folder)
        quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
        _run(str(python), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(PINNED))
        with subprocess.Popen(  # noqa: S603
            [str(python), "-I", str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield Peer(process)
            finally:
                process.kill()


def _run(*command: str) -> None:
    try:
        subprocess.run(  # noqa: S603
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=_INSTALLING_S,
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        raise PeerMissing(said[-1] if said else f"{command[0]} failed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(str(error)) from error
