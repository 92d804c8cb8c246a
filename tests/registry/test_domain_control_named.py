"""Whole checks of a domain against BIND, the name server that most of the Internet's zones were written for."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from registry.asking.dns import NameServer, ask_txt
from registry.asking.guarded import GuardedFetch
from registry.asking.txt import TxtOutcome
from registry.checks.domain import Reason
from registry.checks.domain_challenge import Challenge, make_challenge
from registry.checks.outcome import CheckResult, Outcome
from registry.domain_control import Askable, Way, check_domain

pytestmark = [pytest.mark.slow, pytest.mark.servers]

_AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
_CONFIGURATION: Final = """
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; allow-transfer {{ none; }};
}};
controls {{ }};
zone "example" {{ type primary; file "{folder}/example.zone"; }};
"""


def _challenge(domain: str) -> Challenge:
    return make_challenge(domain, thumbprint="T" * 43, random=bytes(32), at=_AT)


def _zone() -> str:
    """Return a zone with an answer of each kind."""
    split = _challenge("split.example").record
    lines = [
        "$TTL 60",
        "@ IN SOA ns.example. hostmaster.example. 1 3600 600 86400 60",
        "@ IN NS ns.example.",
        "ns IN A 127.0.0.1",
        f'_sigill-challenge.plain IN TXT "{_challenge("plain.example").record}"',
        f'_sigill-challenge.split IN TXT "{split[:9]}" "{split[9:]}"',
        f'_sigill-challenge.long IN TXT "{"x" * 255}" "{"y" * 45}"',
        "_sigill-challenge.alias IN CNAME token.dcv.example.",
        f'token.dcv IN TXT "{_challenge("alias.example").record}"',
        "_sigill-challenge.dangling IN CNAME gone.dcv.example.",
        '_sigill-challenge.empty IN CAA 0 issue ";"',
        f'*.wild IN TXT "{_challenge("wild.example").record}"',
        f'_sigill-challenge.many IN TXT "{_challenge("many.example").record}"',
        *(f'_sigill-challenge.many IN TXT "number {number} {"z" * 200}"' for number in range(90)),
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    program = shutil.which("named") or "/usr/sbin/named"
    if not Path(program).exists():
        pytest.fail("install the Debian package bind9")
    folder = tmp_path_factory.mktemp("named")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "example.zone").write_text(_zone())
    (folder / "named.conf").write_text(_CONFIGURATION.format(folder=folder, port=port))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "-g", "-n", "1", "-c", str(folder / "named.conf")], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(port, process, folder / "output")
        yield NameServer("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, output.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(output.read_text())


def _check(named: NameServer, domain: str) -> CheckResult:
    askable = Askable(servers=[named] * 3, needed=2, fetch=GuardedFetch(), time_s=3.0)
    return check_domain(_challenge(domain), askable=askable, at=_AT, way=Way.RECORD)


@pytest.mark.parametrize("domain", ["plain.example", "split.example", "alias.example", "wild.example", "many.example"])
def test_a_record_in_a_real_zone_proves_its_domain(named: NameServer, domain: str) -> None:
    result = _check(named, domain)

    assert (result.outcome, result.facts["confirming"]) == (Outcome.PASSED, "3")


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("long.example", Reason.OTHER_RECORDS),
        ("dangling.example", Reason.NO_RECORD),
        ("empty.example", Reason.NO_RECORD),
        ("nowhere.example", Reason.NO_RECORD),
    ],
)
def test_a_zone_without_the_record_fails(named: NameServer, domain: str, reason: Reason) -> None:
    result = _check(named, domain)

    assert (result.outcome, result.reason) == (Outcome.FAILED, reason)


def test_a_zone_that_is_not_served_could_not_be_checked(named: NameServer) -> None:
    assert _check(named, "example.com").outcome is Outcome.COULD_NOT_BE_CHECKED


def test_ninety_records_come_over_tcp(named: NameServer) -> None:
    (answer,) = ask_txt("_sigill-challenge.many.example.", [named])

    assert (answer.outcome, len(answer.records)) == (TxtOutcome.RECORDS, 91)
    assert len(answer.message) > 18_000
