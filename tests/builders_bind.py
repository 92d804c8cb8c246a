"""BIND on this machine, the name server that most of the Internet's zones were written for, with zones of a test's."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from registry.asking.dns import NameServer
from tests.builders_server import free_port

_CONFIGURATION: Final = """
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; allow-transfer {{ none; }};
}};
controls {{ }};
"""
_ZONE: Final = 'zone "{zone}" {{ type primary; file "{folder}/{zone}.zone"; }};\n'
_STARTS_WITHIN_S: Final = 10.0


@dataclass
class Bind:
    """A running BIND: where it answers, and where its files are."""

    folder: Path
    server: NameServer
    process: subprocess.Popen[bytes]
    serials: dict[str, int] = field(default_factory=dict)

    def change(self, zone: str, lines: Sequence[str]) -> None:
        """Give a zone other records; it is read again within moments."""
        self.serials[zone] = self.serials.get(zone, 1) + 1
        _write(self.folder, zone, lines, serial=self.serials[zone])
        self.process.send_signal(signal.SIGHUP)

    def said(self) -> str:
        """Return what it wrote."""
        return (self.folder / "output").read_text("utf-8", errors="replace")


@contextmanager
def bind(folder: Path, zones: Mapping[str, Sequence[str]]) -> Iterator[Bind]:
    """Serve zones, given by their records but for SOA and NS, until the block ends."""
    program = shutil.which("named") or "/usr/sbin/named"
    if not Path(program).exists():
        pytest.fail("install the Debian package bind9")
    folder.mkdir(exist_ok=True)
    port = free_port()
    texts = [_CONFIGURATION.format(folder=folder, port=port)]
    for zone, lines in zones.items():
        texts.append(_ZONE.format(folder=folder, zone=zone))
        _write(folder, zone, lines, serial=1)
    (folder / "named.conf").write_text("".join(texts))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "-g", "-n", "1", "-c", str(folder / "named.conf")], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        running = Bind(folder, NameServer("127.0.0.1", port), process)
        _wait(running)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


def _write(folder: Path, zone: str, lines: Sequence[str], *, serial: int) -> None:
    head = [
        "$TTL 60",
        f"@ IN SOA ns.{zone}. hostmaster.{zone}. {serial} 3600 600 86400 60",
        f"@ IN NS ns.{zone}.",
        "ns IN A 127.0.0.1",
    ]
    (folder / f"{zone}.zone").write_text("\n".join([*head, *lines]) + "\n")


def _wait(running: Bind) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline and running.process.poll() is None:
        with suppress(OSError), socket.create_connection((running.server.address, running.server.port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(running.said())
