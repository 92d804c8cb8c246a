"""The registrar's commands: on a production folder, from nothing to a sealed message, and what they refuse."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from registry.operators import load_operator
from running.admin import main
from running.first_start import prepare
from running.publisher import make_publisher
from settings import read_settings
from sigill.report.standing import State
from sigill.tlog.leaf import LeafKind
from storage.engine import reading, writing
from tests.builders_deployment import Deployment
from transparency.root_log import halt
from transparency.tables import logs
from wiring import build_services

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BROKEN = ("--break-glass",)
ENROL = (
    *("enrol", "--id", "nordbank", "--name", "Nordbanken", "--identifier", "NTRSE-5560000001"),
    *("--industry", "bank", "--market", "SE", "NO"),
)


class Desk:
    """A production folder, and the commands run on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.environment = {
            "VAR": str(folder / "var"),
            "SIGILL_DEMONSTRATION": "0",
            "SIGILL_ISSUER": "https://guarantor.example",
        }
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        code = main(arguments, self.environment)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def do(self, *arguments: str) -> str:
        """Return stdout of a command that must succeed."""
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return out


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path, capsys)
    prepare(read_settings(made.environment))
    return made


@pytest.fixture
def service(desk: Desk) -> Iterator[Deployment]:
    """The running service on the same folder."""
    services = build_services(read_settings(desk.environment))
    yield Deployment(services)
    services.engine.dispose()


def until(holds: Callable[[], bool], *, within_s: float = 2.0) -> bool:
    """Tell whether something holds within the time in which every process knows of a change."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_an_operator_goes_from_nothing_to_a_genuine_seal_and_out_again(desk: Desk, service: Deployment) -> None:
    assert "has applied (leaf 0 of guarantor.example/log/nordbank)" in desk.do(*ENROL)
    service.keys["nordbank"] = desk.do("key", "nordbank", "--role", "signer", "--name", "chat").strip()
    assert service.sign(by="nordbank").status_code == 403
    assert "is verified (leaf 2" in desk.do(
        "state", "nordbank", "verified", "--reason", "register extract seen", *BROKEN
    )
    desk.do("ai-system", "nordbank", "--ref", "hedda", "--name", "Hedda", "--provider", "Exempel AI", "--model", "h-1")
    answer = service.sign(by="nordbank", authorship="ai", disclosure="separate").get_json()
    assert (
        service.verify(seal=answer["seal"], content="Hej! Kontoret har öppet 9–17 alla vardagar.")["answer"]
        == "genuine"
    )
    assert "is suspended (leaf 5" in desk.do("state", "nordbank", "suspended", "--reason", "inquiry", *BROKEN)
    assert service.sign(by="nordbank").get_json()["type"].endswith("/operator-suspended")
    assert [service.services.log.leaf("nordbank", index).kind for index in (0, 1, 2, 3, 5)] == [LeafKind.REGISTRY] * 5  # type: ignore[union-attr]


def test_everything_told_about_an_operator_is_kept(desk: Desk, service: Deployment) -> None:
    more = (
        "--environment",
        "test",
        "--flag",
        "online_platform",
        "--website",
        "https://n.example",
        "--phone",
        "+46 8 465 004",
    )
    desk.do(*ENROL, *more)
    with reading(service.services.engine) as connection:
        found = load_operator(connection, "nordbank")
    assert (found.environment, found.flags, found.website) == ("test", ("online_platform",), "https://n.example")
    assert (found.markets, found.phone, found.state) == (("SE", "NO"), "+46 8 465 004", State.APPLIED)


def test_operators_are_listed(desk: Desk) -> None:
    desk.do(*ENROL)
    head, line = desk.do("operators").splitlines()
    assert head.split("\t") == ["id", "state", "environment", "industry", "markets", "name"]
    assert line.split("\t") == ["nordbank", "applied", "live", "bank", "SE,NO", "Nordbanken"]


def test_halted_logs_are_listed_and_go_on_when_nobody_has_seen_more(desk: Desk, service: Deployment) -> None:
    desk.run(*ENROL)
    assert desk.run("resume") == (0, "No log is halted.\n", "")
    halt(service.services.engine, "W1 has seen 9 leaves", log_id="nordbank")
    code, out, _ = desk.run("logs")
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[0] == ["log", "size", "origin", "halted"]
    assert rows[1] == ["nordbank", "1", "guarantor.example/log/nordbank", "W1 has seen 9 leaves"]
    assert rows[2][::3] == ["root", "-"]
    code, out, err = desk.run("state", "nordbank", "verified", "--reason", "checked", *BROKEN)
    assert code == 2
    assert "W1 has seen 9 leaves" in err
    assert desk.run("resume") == (0, "Nobody has seen more than there is. Sealing goes on in nordbank.\n", "")
    assert desk.run("state", "nordbank", "verified", "--reason", "checked", *BROKEN)[0] == 0


def test_a_log_that_is_shorter_than_its_head_in_the_root_log_does_not_go_on(desk: Desk, service: Deployment) -> None:
    desk.run(*ENROL)
    make_publisher(service.services).run()
    with writing(service.services.engine) as connection:
        connection.execute(update(logs).where(logs.c.log_id == "nordbank").values(size=0, halted="for a test"))
    code, _, err = desk.run("resume")
    assert code == 1
    assert "has 0 leaves, and a head of it has 1" in err


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(desk: Desk, service: Deployment) -> None:
    desk.do(*ENROL)
    desk.do("state", "nordbank", "verified", "--reason", "seen", *BROKEN)
    code, key, said = desk.run("key", "nordbank", "--role", "signer", "--name", "chat", "--days", "2")
    _, prefix, secret = key.strip().split("_", 2)
    assert (code, "shown once" in said, secret in said) == (0, True, False)
    service.keys["nordbank"] = key.strip()
    assert service.sign(by="nordbank").status_code == 201
    listed = desk.do("keys", "nordbank")
    assert secret not in listed
    assert listed.splitlines()[1].split("\t")[:3] == [prefix, "chat", "signer"]
    assert listed.splitlines()[1].endswith("\t-")
    assert "is revoked" in desk.do("revoke-key", prefix)
    assert not desk.do("keys", "nordbank").splitlines()[1].endswith("\t-")
    assert until(lambda: "/credential-expired" in str(service.sign(by="nordbank").get_json().get("type")))
    assert desk.run("revoke-key", prefix)[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("state", "nobody", "verified", "--reason", "x", *BROKEN), "no operator has this id"),
        (("state", "nordbank", "suspended", "--reason", "x", *BROKEN), "from applied to suspended"),
        (("state", "nordbank", "verified", "--reason", "x"), "registrars decide here"),
        (("state", "nordbank", "verified", "--reason", "", *BROKEN), "reason is one line"),
        (("key", "nobody", "--role", "signer", "--name", "x"), "no operator has this id"),
        (("key", "nordbank", "--role", "signer", "--name", "x", "--days", "0"), "days is 1 to 3650"),
        (("key", "nordbank", "--role", "signer", "--name", "\n"), "name is one line"),
        (("keys", "nobody"), "no operator has this id"),
        (("revoke-key", "nothing"), "there is no such key"),
        (("ai-system", "nobody", "--ref", "hedda", "--name", "Hedda"), "no operator has this id"),
        (("ai-system", "nordbank", "--ref", "He dda", "--name", "Hedda"), "ref cannot be"),
        (ENROL, "registered already"),
        ((*ENROL, "--id", "Nordbank"), "id cannot be"),
        ((*ENROL, "--market", "XX"), "unknown jurisdiction"),
    ],
)
def test_what_is_refused_is_told_and_changes_nothing(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    desk.do(*ENROL)
    before = desk.do("operators"), desk.do("keys", "nordbank")
    code, out, err = desk.run(*arguments)
    assert (code, out) == (1, "")
    assert says in err
    assert (desk.do("operators"), desk.do("keys", "nordbank")) == before


def test_a_folder_that_no_service_was_started_in_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = Desk(tmp_path, capsys).run("operators")
    assert (code, "There is no service in" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_settings_and_databases_that_cannot_be_used_are_told(desk: Desk) -> None:
    Path(desk.environment["VAR"], "sigill.db").write_bytes(b"not a database, just some text" * 100)
    assert desk.run("operators")[0] == 2
    desk.environment["SIGILL_SEAL_DAYS"] = "never"
    code, _, err = desk.run("operators")
    assert (code, "SIGILL_SEAL_DAYS" in err) == (2, True)


@pytest.mark.parametrize("arguments", [(), ("dance",), (*ENROL, "--industry", "gambling"), ("state", "x", "applied")])
def test_a_command_that_does_not_exist_is_a_fault_of_usage(desk: Desk, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as raised:
        desk.run(*arguments)
    assert raised.value.code == 2


@pytest.mark.slow
def test_it_is_started_by_its_name(desk: Desk) -> None:
    program = [sys.executable, "-m", "running.admin", "operators"]
    done = subprocess.run(program, cwd=ROOT, env=desk.environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("id\tstate")
