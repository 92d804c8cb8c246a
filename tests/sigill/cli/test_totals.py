"""`sigill totals` against a real service: what was sent on a day, signed, and what the other side counted."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from registry.model import Role
from sigill.cli.main import main
from tests.builders_clients import BANK, Key, new_client
from tests.builders_deployment import Deployment, deploy

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    made = deploy(tmp_path)
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("SIGILL_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("SIGILL_API_KEY", made.new_key(role=Role.ADMIN, operator_id=BANK))
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.services.engine.dispose()


def totals(*arguments: str, day: str = TODAY) -> int:
    return main(["totals", day, "--operator", BANK, "--key", "bot.pem", *arguments])


def test_a_day_is_declared_corrected_and_held_against_the_seals(
    listening: Deployment, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["client-key", "new", "bot.pem"]) == 0
    assert main(["client-key", "register", "bot.pem", "--operator", BANK, "--name", "bot", "--role", "signer"]) == 0
    listening.sign(channel="sms")
    capsys.readouterr()
    assert totals("--count", "sms=120/118", "--count", "email=3/0") == 0
    said = capsys.readouterr().out
    assert f"Declared for {TODAY}, version 1." in said
    assert "sms: 120 sent, 118 sealed; seals that were made: 1" in said
    assert "email: 3 sent, 0 sealed; seals that were made: 0" in said
    assert totals("--count", "sms=1/1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] == 2


def test_what_cannot_be_declared_is_said_and_sent_nowhere(
    listening: Deployment, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["client-key", "new", "bot.pem"]) == 0
    for wrong in ("sms=1/2", "fax=1/1", "sms", "sms=-1/0", "sms=1", "sms=١/1"):
        assert totals("--count", wrong) == 2
    for day in ("yesterday", "20261128", "2026-11-31"):
        assert totals("--count", "sms=1/1", day=day) == 2
    capsys.readouterr()
    assert totals("--count", "sms=1/1") == 2  # nobody has registered this key
    assert "kid is the thumbprint" in capsys.readouterr().err
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    new_client(listening, key=Key())
    assert totals("--count", "sms=1/1", day=tomorrow) == 2
