"""The first registrar of an empty system, the next ones, and the way past them that everyone reads about."""

import subprocess
import sys
from pathlib import Path

import pytest

from registry.model import Role
from registry.people.store import list_people
from registry.steps import list_steps
from running.admin import main
from running.first_start import prepare
from settings import read_settings
from sigill.report.trust import GUARANTOR
from storage.engine import reading
from tests.builders_clients import bearer
from tests.builders_deployment import Deployment
from wiring import build_app, build_services

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENROL = (
    *("enrol", "--id", "nordbutik", "--name", "Nordbutiken", "--identifier", "NTRSE-5560000001"),
    *("--industry", "retail", "--market", "SE"),
)


class Shell:
    """A production folder with nothing in it, and the commands run on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.environment = {
            "VAR": str(folder / "var"),
            "SIGILL_DEMONSTRATION": "0",
            "SIGILL_ISSUER": "https://guarantor.example",
            "SIGILL_PUBLIC_URL": "https://guarantor.example",
        }
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(arguments, self.environment)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def key_file(self, name: str, key: str) -> str:
        path = self.folder / name
        path.write_text(key)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    made = Shell(tmp_path, capsys)
    prepare(read_settings(made.environment))
    return made


def test_the_first_registrar_lets_in_the_next_and_everyone_reads_it_in_the_guarantors_log(shell: Shell) -> None:
    code, first, said = shell.run("first-registrar", "--name", "Rut Test")
    assert (code, "is a registrar" in said, "enrolment-link pe-" in said) == (0, True, True)
    code, _, said = shell.run("first-registrar", "--name", "Elak Test")
    assert (code, "there is a registrar already" in said) == (1, True)
    code, second, said = shell.run("registrar", "--name", "Tove Test", "--by", shell.key_file("rut", first))
    assert (code, said.count("is a registrar")) == (0, 1)
    services = build_services(read_settings(shell.environment))
    made = Deployment(services, build_app(services))
    with reading(services.engine) as connection:
        rut, tove = list_people(connection, operator_id=None)
        steps = [each.step for each in list_steps(connection, GUARANTOR)]
    assert [(each.name, each.role) for each in (rut, tove)] == [
        ("Rut Test", Role.REGISTRAR),
        ("Tove Test", Role.REGISTRAR),
    ]
    assert [(each.said["person"], each.by) for each in steps] == [
        (rut.id, "the command line, where nobody was registrar"),
        (tove.id, f"registrar {rut.id}"),
    ]
    assert "Rut Test" not in str(steps)
    for key in (first, second):
        answer = made.client.get("/v1/registry/queue", headers=bearer(key.strip()))
        assert (answer.status_code, answer.get_json()["applications"]) == (200, [])
    services.engine.dispose()


def test_a_key_that_is_nobodys_lets_nobody_in(shell: Shell) -> None:
    _, first, _ = shell.run("first-registrar", "--name", "Rut Test")
    services = build_services(read_settings(shell.environment))
    program = Deployment(services, build_app(services)).new_key(role=Role.REGISTRAR, operator_id=None)
    services.engine.dispose()
    for key, says in (
        (program, "belongs to no person"),
        ("sigill_aaaaaaaa_" + "A" * 43, "no such API key"),
    ):
        code, out, said = shell.run("registrar", "--name", "Elak Test", "--by", shell.key_file("key", key))
        assert (code, out, says in said) == (1, "", True)
    assert shell.run("registrar", "--name", "Elak Test", "--by", str(shell.folder / "nothing"))[0] == 2
    for arguments, says in (
        (("--name", "\n"), "name is one line"),
        (("--name", "Tove Test", "--days", "0"), "days is 1 to 3650"),
    ):
        code, out, said = shell.run("registrar", *arguments, "--by", shell.key_file("rut", first))
        assert (code, out, says in said) == (1, "", True)


def test_two_who_would_be_first_at_once_do_not_both_become_it(shell: Shell) -> None:
    program = [sys.executable, "-m", "running.admin", "first-registrar", "--name", "Rut Test"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(program, cwd=ROOT, env=shell.environment, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    assert sorted(each.wait(timeout=60) for each in both) == [0, 1]
    for each in both:
        each.communicate()


def test_only_breaking_glass_goes_past_the_registrars_and_everyone_reads_it(shell: Shell) -> None:
    assert shell.run(*ENROL)[0] == 0
    step = ("state", "nordbutik", "verified", "--reason", "register extract seen")
    code, _, said = shell.run(*step)
    assert (code, "--break-glass" in said) == (1, True)
    assert shell.run(*step, "--break-glass")[0] == 0
    code, _, said = shell.run("state", "nordbutik", "suspended", "--reason", "ring 070-174 06 05", "--break-glass")
    assert (code, "no e-mail address" in said) == (1, True)
    services = build_services(read_settings(shell.environment))
    public = Deployment(services, build_app(services)).client.get("/registry/operators/nordbutik").get_json()
    services.engine.dispose()
    (only,) = public["steps"]
    assert (only["by"], only["said"]["break_glass"]) == ("break-glass at the command line", True)
    code, out, _ = shell.run(
        *ENROL, "--id", "sken", "--name", "Nordbutiken Support", "--identifier", "NTRSE-5560160680"
    )
    assert (code, "could be taken for Nordbutiken" in out) == (0, True)
