"""What `make run` prints is tried as printed, against a service that listens."""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from werkzeug.serving import make_server

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
    ran = subprocess.run(["/bin/sh", "-c", command], cwd=_ROOT, capture_output=True, text=True, check=True, timeout=30)
    return ran.stdout


@pytest.mark.slow
def test_the_three_commands_work_as_they_are_pasted(listening: Services) -> None:
    said = three_things(listening)
    seal, check, refuse = re.findall(r"^   curl (?:.*\\\n)*.*", said, flags=re.MULTILINE)
    assert re.search(r'"code": ?"[0-9A-Z]{4}-', _paste(seal))
    assert '"embedded_text":' in _paste(seal)
    assert re.search(r'"answer": ?"genuine"', _paste(check))
    assert "The policy denies this message" in _paste(refuse)
    assert "bank.credit_decision.ai" in _paste(refuse)


def test_the_text_is_short_and_shows_no_key(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        said = three_things(services)
        kept = (services.settings.var / "demo.json").read_text("utf-8")
    assert len(said.splitlines()) <= 25
    assert not [key for key in re.findall(r'sigill_[^"]+', kept) if key in said]
    assert re.search(r"http://127\.0\.0\.1:8000/s/[0-9A-Z]{12}$", said, flags=re.MULTILINE)


def test_a_message_is_offered_for_checking_only_if_it_is_still_genuine(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        assert "2. Check what Exempelbanken wrote" in three_things(services)
        shutil.rmtree(services.settings.var / "keys/salts/exempelbanken")
        assert re.search("2. Check what (?!Exempelbanken)", three_things(services))


def test_where_no_seeded_message_can_be_proven_any_more_the_text_still_comes(tmp_path: Path) -> None:
    with demo_services(tmp_path) as services:
        with writing(services.engine) as connection:
            connection.execute(delete(tokens))
        assert "2. Open http://127.0.0.1:8000/ in a browser" in three_things(services)
