"""What `make run` prints is tried as printed, against a service that listens."""

import re
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from werkzeug.serving import make_server

from running.demo import write_demo_file
from running.first_things import three_things
from storage.engine import writing
from tests.builders_services import demo_services
from transparency.tables import tokens
from wiring import Services, build_app

_ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Services]:
    with demo_services(tmp_path, port=_free_port()) as services:
        port = int(services.settings.public_url.rpartition(":")[2])
        server = make_server("127.0.0.1", port, build_app(services), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield services
        server.shutdown()
        thread.join()
        server.server_close()


def _paste(command: str) -> str:
    ran = subprocess.run(["/bin/sh", "-c", command], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=30)
    return ran.stdout + ran.stderr


@pytest.mark.slow
def test_the_three_commands_work_as_they_are_pasted(listening: Services, tmp_path: Path) -> None:
    said = three_things(listening).replace(" --out sealed", f" --out {tmp_path}/sealed")
    said = said.replace(" sealed/message.txt", f" {tmp_path}/sealed/message.txt")
    seal, check, refuse = re.findall(r"^   (?:echo|\S*sigill verify) (?:.*\\\n)*.*", said, flags=re.MULTILINE)
    assert "code: " in _paste(seal)
    assert "This message is genuine" in _paste(check)
    refused = _paste(refuse)
    assert "Refused: the policy denies this message" in refused
    assert "bank.credit_decision.ai" in refused


def test_the_text_is_short_and_shows_no_key(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        said = three_things(services)
        kept = (services.settings.var / "demo.json").read_text("utf-8")
    assert len(said.splitlines()) <= 25
    assert not [key for key in re.findall(r'sigill_[^"]+', kept) if key in said]
    assert re.search(r"http://127\.0\.0\.1:8000/s/[0-9A-Z]{12}$", said, flags=re.MULTILINE)


def test_a_message_is_offered_for_checking_only_if_it_is_still_genuine(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        assert "a message of Exempelbanken" in three_things(services)
        shutil.rmtree(services.settings.var / "keys/salts/exempelbanken")
        assert re.search("a message of (?!Exempelbanken)", three_things(services))


def test_where_no_seeded_message_can_be_proven_any_more_the_text_still_comes(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        with writing(services.engine) as connection:
            connection.execute(delete(tokens))
        assert "Or in a browser: http://127.0.0.1:8000/\n" in three_things(services)


def test_every_key_stands_in_a_file_of_its_own_that_nobody_else_reads(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        write_demo_file(services)
        files = sorted((services.settings.var / "demo-keys").iterdir())
    assert len(files) == 10  # nine operators, and an auditor
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert all(path.read_text("ascii").startswith("sigill_") for path in files)
