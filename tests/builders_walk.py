"""A page's commands, typed by those it names, and the production service that they start and use."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from tests.builders_server import free_port

_ROOT: Final = Path(__file__).parents[1]
_BLOCK: Final = re.compile(r"```sh (\w+)\n(.*?)```", re.DOTALL)
_STARTS_WITHIN_S: Final = 180.0
_STOPS_WITHIN_S: Final = 60.0
_COMMANDS_WITHIN_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of a page, and who types them."""

    who: str
    commands: str


def blocks_of(page: str, changes: Mapping[str, str]) -> list[Block]:
    """Return a page's commands, in their order, with what has to differ in a test changed; all of it must be there."""
    text = (_ROOT / page).read_text("utf-8")
    for written, ours in changes.items():
        assert written in text, written
        text = text.replace(written, ours)
    return [Block(who, commands) for who, commands in _BLOCK.findall(text)]


@dataclass(frozen=True, slots=True)
class Walk:
    """Who types is in a folder of her own, and what she exported stays; `.venv` and `sigill` are this project's."""

    folder: Path
    environment: Mapping[str, str]
    exported: dict[str, list[str]]

    def home(self, who: str) -> Path:
        """Return the folder of somebody."""
        made = self.folder / who
        if not made.exists():
            made.mkdir()
            (made / ".venv").symlink_to(sys.prefix)
        return made

    def type(self, block: Block) -> str:
        """Run commands as pasted into a shell; return what they print. They must not fail."""
        before = self.exported.setdefault(block.who, [])
        ran = subprocess.run(
            ["/bin/sh", "-eu"],
            input="\n".join([*before, block.commands]),
            cwd=self.home(block.who),
            env=self._env(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMANDS_WITHIN_S,
        )
        assert ran.returncode == 0, f"{block.commands}\n{ran.stdout}\n{ran.stderr}"
        before += [line for line in block.commands.splitlines() if line.startswith("export ")]
        return ran.stdout

    @contextmanager
    def service(self, port: int) -> Iterator[Path]:
        """Run what `make run` starts, as the guarantor exported it, until the block ends; yield where its output is."""
        said = self.folder / "service.log"
        command = "\n".join([*self.exported["guarantor"], f"exec '{sys.executable}' -m running"])
        with said.open("wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-euc", command], cwd=_ROOT, env=self._env(), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            deadline = time.monotonic() + _STARTS_WITHIN_S
            while not _is_ready(port):
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.1)
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(_STOPS_WITHIN_S) == 0

    def _env(self) -> dict[str, str]:
        ours = ("SIGILL_", "DATABASE_URL", "PROMETHEUS_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return inherited | {"PATH": path, "PYTHONPATH": str(_ROOT)} | dict(self.environment)


def make_walk(folder: Path, more: Mapping[str, str]) -> tuple[Walk, int]:
    """Return a walk that begins, and the port on which its service will be."""
    port = free_port()
    own = {"VAR": str(folder / "var"), "PORT": str(port), "WEB_CONCURRENCY": "1"}
    return Walk(folder, own | dict(more), {}), port


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
