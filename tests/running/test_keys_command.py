"""`python -m running.keys`: what whoever runs the service does with its keys, and what it refuses."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from running import worker
from running.guard import root_keys
from running.key_watch import KeyWatch
from running.keys import main
from sigill.report.trust import GUARANTOR
from sigill.tlog.leaf import Leaf, LeafKind
from sigill.tlog.note import parse_note
from signing.keys.folder import load_listing
from signing.keys.listing import KeyKind
from tests.builders_deployment import Deployment, deploy
from wiring import build_services

ROOT = Path(__file__).parents[2]
BANK = "exempelbanken"


class Desk:
    """A deployment, and the commands run on its folder."""

    def __init__(self, made: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
        self.made = made
        self.var = made.services.settings.var
        self.environment = {"VAR": str(self.var)}
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        code = main(arguments, self.environment)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def do(self, *arguments: str) -> str:
        """Return stdout of a command that must succeed."""
        code, out, err = self.run(*arguments)
        assert (code, err) == (0, "")
        return out

    def records(self) -> list[dict[str, Any]]:
        """Return what the guarantor's log holds, each record checked against its leaf."""
        log = self.made.services.log
        head = log.head(GUARANTOR)
        found = []
        for index in range(0 if head is None else head.size):
            record = log.record(GUARANTOR, index)
            assert record is not None
            assert log.leaf(GUARANTOR, index) == Leaf(LeafKind.KEY, hashlib.sha256(record).digest())
            found.append(json.loads(record))
        return found


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    made = deploy(tmp_path)
    yield Desk(made, capsys)
    made.services.engine.dispose()


def test_the_table_is_read_from_the_running_folder(desk: Desk) -> None:
    assert desk.made.sign().status_code == 201
    lines = [line.split("\t") for line in desk.do("list").splitlines()]
    assert lines[0] == ["kind", "generation", "key", "from", "until", "state", "place"]
    assert [(line[0], line[1], line[5]) for line in lines[1:]] == [
        *((kind.value, "1", "signing") for kind in KeyKind),
        ("salts", "1", "making salts"),
    ]
    assert lines[6][4] == "-"  # a log's key has no end
    assert lines[6][2] in desk.made.client.get("/.well-known/sigill-trust.json").get_data(as_text=True)
    assert desk.records() == []  # looking is not logged


def test_a_rotation_is_published_at_once_and_logged(desk: Desk) -> None:
    out = desk.do("rotate", "seal", "--overlap", "36h")
    assert out.startswith("seal-2.pem is published and signs from ")
    assert "Back up" in out
    keys = desk.made.services.keys
    keys.look()
    kid = keys.seal_signer(datetime.now(UTC) + timedelta(hours=37)).kid
    published = desk.made.client.get("/.well-known/jwks.json").get_json()["keys"]
    assert kid in {key["kid"] for key in published}
    assert [(each["event"], each["kind"], each["generation"], each["key"]) for each in desk.records()] == [
        ("rotated", "seal", 2, kid)
    ]
    log = desk.made.services.log
    head = log.head(GUARANTOR)
    assert head is not None
    assert head.origin == f"{desk.made.services.identity.log_prefix}/guarantor"
    assert worker.check_heads(log, keys_of=keys.note_keys) == []
    assert load_listing(desk.var / "keys").unlogged == ()


def test_all_keys_are_rotated_together_and_salts_with_them(desk: Desk) -> None:
    assert desk.made.sign().status_code == 201
    out = desk.do("rotate", "all")
    assert "1 operators seal with a new salt key" in out
    assert [each["kind"] for each in desk.records()] == [*(kind.value for kind in KeyKind), "salts"]
    code, _, err = desk.run("rotate", "all")
    assert (code, "Refused: seal-2.pem is the next one already" in err) == (1, True)
    assert len(desk.records()) == len(KeyKind) + 1


def test_a_stolen_key_is_published_as_such_and_replaced_at_once(desk: Desk) -> None:
    before = desk.made.sign().get_json()["seal"]
    out = desk.do("compromise", "seal", "1", "--at", "2026-01-01T12:00:00+01:00")
    assert "seal-1.pem is published as compromised since 2026-01-01T11:00:00Z." in out
    assert "seal-2.pem is published and signs from " in out
    desk.made.services.keys.look()
    published = desk.made.client.get("/.well-known/jwks.json").get_json()["keys"]
    assert [key["compromised_at"] for key in published if "compromised_at" in key] == [1767265200]
    after = desk.made.sign().get_json()["seal"]
    text = {"content": "Hej! Kontoret har öppet 9–17 alla vardagar."}
    assert desk.made.verify(seal=before, **text)["reason"] == "key_compromised"
    assert desk.made.verify(seal=after, **text)["answer"] == "genuine"
    assert [each["event"] for each in desk.records()] == ["compromised", "rotated"]
    for arguments in (("seal", "1"), ("seal", "7"), ("seal", "2", "--at", "2999-01-01T00:00:00Z")):
        code, _, err = desk.run("compromise", *arguments)
        assert (code, err.startswith("Refused: ")) == (1, True)


@pytest.mark.slow
def test_a_stolen_log_key_signs_no_checkpoint_any_longer_idle_logs_included(desk: Desk) -> None:
    log, keys = desk.made.services.log, desk.made.services.keys
    idle = log.checkpoint(BANK)
    time.sleep(1.1)  # a key signs for a second at least
    desk.do("compromise", "log", "1")
    keys.look()
    note = log.checkpoint(BANK)
    assert idle is not None
    assert note is not None
    assert parse_note(note).text == parse_note(idle).text
    new, old = keys.note_keys(f"{desk.made.services.identity.log_prefix}/{BANK}")
    assert [each.key_id for each in parse_note(idle).signatures] == [old.key_id]
    assert [each.key_id for each in parse_note(note).signatures] == [new.key_id]
    assert worker.check_heads(log, keys_of=keys.note_keys) == []
    assert [key.public_key for key in root_keys(desk.made.services)] == [new.public_key]  # none halts us with the old


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("rotate",),
        ("rotate", "everything"),
        ("rotate", "seal", "--overlap", "91d"),
        ("rotate", "seal", "--overlap", "-1d"),
        ("rotate", "seal", "--overlap", "2w"),
        ("rotate", "seal", "--overlap", "٢d"),
        ("compromise", "salts", "1"),
        ("compromise", "seal", "one"),
        ("compromise", "seal", "1", "--at", "2026-01-01T12:00:00"),
        ("compromise", "seal", "1", "--at", "yesterday"),
        ("compromise", "seal", "1", "--at", "0001-01-01T00:00:00Z"),
    ],
)
def test_what_cannot_be_understood_changes_nothing(desk: Desk, arguments: tuple[str, ...]) -> None:
    before = (desk.var / "keys" / "keys.json").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        desk.run(*arguments)
    assert (desk.var / "keys" / "keys.json").read_bytes() == before


def test_a_folder_that_is_none_or_cannot_be_read_is_told(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Desk(desk.made, desk._capsys)
    elsewhere.environment = {"VAR": str(tmp_path / "nowhere")}
    code, _, err = elsewhere.run("list")
    assert (code, "There is no service" in err) == (2, True)
    (desk.var / "keys" / "keys.json").write_text("{")
    code, _, err = desk.run("rotate", "seal")
    assert (code, err) == (2, "Not done: keys.json does not say when each key is valid\n")


def test_keys_are_rotated_without_a_database_and_logged_when_it_is_back(desk: Desk) -> None:
    services = desk.made.services
    desk.environment["DATABASE_URL"] = f"sqlite:///{desk.var / 'another.db'}"  # one without a single table
    code, out, err = desk.run("compromise", "seal", "1")
    assert (code, "seal-2.pem is published" in out) == (0, True)
    assert "It is not in the guarantor's log yet" in err
    assert len(load_listing(desk.var / "keys").unlogged) == 2
    again = build_services(services.settings)
    try:
        KeyWatch(again).look(at=again.signing.now())
        KeyWatch(again).look(at=again.signing.now())
    finally:
        again.engine.dispose()
    assert load_listing(desk.var / "keys").unlogged == ()
    assert [each["event"] for each in desk.records()] == ["compromised", "rotated"]


def test_what_was_logged_and_not_crossed_off_is_not_logged_twice(desk: Desk) -> None:
    desk.do("rotate", "seal")
    path = desk.var / "keys" / "keys.json"
    record = desk.made.services.log.record(GUARANTOR, 0)
    assert record is not None
    path.write_text(json.dumps(json.loads(path.read_text()) | {"unlogged": [record.decode()]}))
    desk.do("list")
    assert len(desk.records()) == 1
    assert load_listing(desk.var / "keys").unlogged == ()


def test_the_worker_says_once_a_day_what_runs_out(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    watch, at = KeyWatch(desk.made.services), datetime.now(UTC) + timedelta(days=720)
    for after in (0, 1, 23, 24, 25):
        watch.look(at=at + timedelta(hours=after))
    told = [record.getMessage() for record in caplog.records if record.name == "sigill.worker"]
    assert len(told) == 2 * len(KeyKind)
    assert f"the seal key runs out {datetime.now(UTC) + timedelta(days=730):%Y-%m-%d}" in told[0]


def test_the_worker_tells_of_a_list_it_cannot_read_and_goes_on(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    (desk.var / "keys" / "keys.json").write_text("{")
    KeyWatch(desk.made.services).look(at=datetime.now(UTC))
    told = [record.getMessage() for record in caplog.records if record.name == "sigill.worker"]
    assert "what was done to the keys was not logged: keys.json does not say when each key is valid" in told


_FOLLOW = """
import sys, time
from datetime import UTC, datetime
from settings import read_settings
from wiring import build_services
services = build_services(read_settings({"VAR": sys.argv[1]}))
before = services.keys.seal_signer(datetime.now(UTC)).kid
print("ready", flush=True)
until = time.monotonic() + 30
while time.monotonic() < until:
    if services.keys.seal_signer(datetime.now(UTC)).kid != before:
        print("signs", flush=True)
        break
    if len(services.trust().keys) > 4 and sys.argv[2] == "publish":
        print("publishes", flush=True)
        break
    time.sleep(0.02)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "wanted"),
    [(("rotate", "seal"), "publish"), (("compromise", "seal", "1"), "sign")],
)
def test_another_process_follows_within_three_seconds(desk: Desk, command: tuple[str, ...], wanted: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _FOLLOW, str(desk.var), wanted], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        desk.do(*command)
        begun = time.monotonic()
        assert process.stdout.readline() == f"{wanted}s\n".replace("publishs", "publishes")
        assert time.monotonic() - begun < 3
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_the_command_runs_as_a_process_of_its_own(desk: Desk) -> None:
    command = [sys.executable, "-m", "running.keys", "rotate", "event", "--overlap", "0"]
    done = subprocess.run(
        command, cwd=ROOT, env={"VAR": str(desk.var), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("event-2.pem is published and signs from ")
