"""The commands for people: on a production folder, from nobody to an administrator who can sign in."""

from pathlib import Path

import pytest

from registry.people.links import open_link
from registry.people.store import load_person
from registry.steps import list_steps
from running.admin import main
from running.first_start import prepare
from settings import read_settings
from storage.engine import reading
from wiring import build_services
from wiring.desk import people_of

pytestmark = pytest.mark.slow

ENROL = (
    *("enrol", "--id", "nordbank", "--name", "Nordbanken", "--identifier", "NTRSE-5560000001"),
    *("--industry", "bank", "--market", "SE"),
)


def test_the_first_administrator_is_made_invited_listed_and_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {
        "VAR": str(tmp_path / "var"),
        "SIGILL_DEMONSTRATION": "0",
        "SIGILL_ISSUER": "https://guarantor.example",
        "SIGILL_PUBLIC_URL": "https://guarantor.example",
    }
    prepare(read_settings(environment))

    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments, environment)
        return code, capsys.readouterr().out.strip()

    assert run(*ENROL)[0] == 0
    assert run("person", "nobody", "--role", "admin", "--name", "Anna")[0] == 1
    code, person = run("person", "nordbank", "--role", "admin", "--name", "Anna Andersson")
    assert code == 0
    code, link = run("enrolment-link", person)
    assert link.startswith("https://guarantor.example/desk/enrol#")
    listed = run("people", "nordbank")[1].splitlines()[1].split("\t")
    assert listed[:4] == [person, "admin", "Anna Andersson", "0"]
    assert run("people")[1].splitlines()[1:] == []
    services = build_services(read_settings(environment))
    try:
        opened = open_link(link.partition("#")[2], world=people_of(services))
        assert (opened.person.id, opened.made_by) == (person, "whoever runs the service")
        assert run("end-person", person)[0] == 0
        assert run("enrolment-link", person)[0] == 1
        assert run("end-person", "pe-nobody")[0] == 1
        with reading(services.engine) as connection:
            assert load_person(connection, person).ended_at is not None
            acts = [each.step.act for each in list_steps(connection, "nordbank")]
        assert acts == ["person_added", "person_ended"]
    finally:
        services.engine.dispose()
