"""Audits and monitors over HTTP: a deployment played from a folder, and the project's own service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.serving import make_server

from registry.model import OperatorId, Role
from running.publisher import make_publisher
from sigill.cli.main import main
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.report.trust import ROOT
from sigill.tlog.leaf import Leaf, LeafKind
from tests.builders_deployment import Deployment, deploy
from tests.builders_http import serving
from tests.builders_published import Published
from tests.builders_server import served
from tests.running.test_publisher import watched

BANK = "exempelbanken"
KEY = "sigill_auditor"
_ERASE: Any = {"t": "erase", "v": 1}


class Played(BaseHTTPRequestHandler):
    """What a deployment answers: entries and erasures for the auditor's key only, erasures one on a page."""

    protocol_version = "HTTP/1.1"
    folder: Path
    erased: list[tuple[int, int, bytes]]
    failures: int  # how many requests are answered 503 first
    connections: set[Any]

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        address = urlsplit(self.path)
        allowed = self.headers.get("Authorization") == f"Bearer {KEY}"
        if type(self).failures:
            type(self).failures -= 1
            self.answer(503, b"busy")
        elif ("/tile/entries/" in self.path and "/root/" not in self.path and not allowed) or (
            address.path.endswith("/erasures") and not allowed
        ):
            self.answer(401 if self.headers.get("Authorization") is None else 403, b"no")
        elif address.path == f"/log/{BANK}/erasures":
            self.answer(200, self.erasures(int(parse_qs(address.query).get("after", ["0"])[0])))
        elif (self.folder / address.path.lstrip("/")).is_file():
            self.answer(200, (self.folder / address.path.lstrip("/")).read_bytes())
        else:
            self.answer(404, b"nothing")

    def erasures(self, number: int) -> bytes:
        index, at, record = self.erased[number]
        value = {
            "tombstones": [{"index": index, "kind": "seal", "erased_by": at}],
            "records": [{"index": at, "record": format_base64url(record)}],
            "next": str(number + 1) if number + 1 < len(self.erased) else None,
        }
        return json.dumps(value).encode()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def with_erasures(made: Published, count: int) -> list[tuple[int, int, bytes]]:
    erased = []
    for index in range(count):
        about: dict[str, Any] = {"indexes": [index], "kind": "seal", "log": BANK, "salt": "A" * 22}
        asked = {"at": 1, "ground": "data_subject_request", "requester": "r"}
        record = format_canonical_json(about | asked | _ERASE)
        erased.append((index, len(made.log(BANK).entries), record))
        made.log(BANK).add(Leaf(LeafKind.ERASE, sha256(record).digest()))
    return erased


@contextmanager
def played(
    made: Published, erased: list[tuple[int, int, bytes]], *, failures: int = 0
) -> Iterator[tuple[str, set[Any]]]:
    connections: set[Any] = set()
    state = {"folder": made.folder, "erased": erased, "failures": failures, "connections": connections}
    with serving(type("PlayedHere", (Played,), state)) as address:
        yield address, connections


@pytest.fixture
def made(tmp_path: Path) -> Published:
    published = Published(tmp_path / "published")
    published.log(BANK).grow(5_000)
    return published


def audit(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["audit", "log", *options, "--json", "--retry-for", "5"])
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value | {"code": code}


@pytest.mark.slow
def test_a_log_is_audited_with_its_entries_and_erasures_over_a_few_connections(
    made: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    erased = with_erasures(made, 3)
    made.publish()
    (tmp_path / "key").write_text(f"{KEY}\n")
    with played(made, erased, failures=2) as (address, connections):
        answer = audit(capsys, address, "--key", str(tmp_path / "key"))
    (bank,) = (log for log in answer["logs"] if log["name"] == BANK)
    assert (answer["code"], answer["findings"], bank["size"]) == (0, [], 5_003)
    assert (bank["entries_checked"], bank["erasures_checked"], bank["heads_compared"]) == (True, 3, 1)
    assert len(connections) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("over_http", [True, False])
def test_readers_of_an_older_checkpoint_take_the_full_tile_where_the_partial_one_is_gone(
    over_http: bool,
    made: Published,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGILL_API_KEY", KEY)
    erased = with_erasures(made, 1)
    made.publish()
    for log in (made.log(BANK), made.root):
        grown = log.copy()
        grown.grow(300)
        for path, data in grown.files().items():
            made.write(f"log/{log.name}/{path}", data)
        partial = {path for path in log.files() if ".p/" in path and path.partition(".p/")[0] in grown.files()}
        assert partial
        for path in partial:
            made.path(f"log/{log.name}/{path}").unlink()
    with played(made, erased) as (address, _):
        source = address if over_http else str(made.folder)
        answer = audit(capsys, source, "--since", str(made.path(f"log/{BANK}/checkpoint")))
        assert (answer["code"], answer["findings"]) == (0, [])
        assert all(log["entries_checked"] for log in answer["logs"])
        assert main(["monitor", source, "--state", str(tmp_path / "watched"), "--once"]) == 0


@pytest.mark.slow
def test_without_a_key_or_with_anothers_only_the_tiles_are_audited(
    made: Published, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made.publish()
    with played(made, []) as (address, _):
        answer = audit(capsys, address)
        assert answer["code"] == 0
        assert any(f"{BANK}: entries: " in line and "(401)" in line for line in answer["not_proven"])
        monkeypatch.setenv("SIGILL_API_KEY", "sigill_another")
        answer = audit(capsys, address, "--log", BANK)
        assert any(f"{BANK}: entries: " in line and "(403)" in line for line in answer["not_proven"])
        made.flip(f"log/{BANK}/tile/0/007")
        answer = audit(capsys, address)
    assert [(each["fault"], each["where"]) for each in answer["findings"]] == [("tile_wrong", "tile/0/007")]


@pytest.mark.slow
def test_a_service_that_goes_away_is_no_fault_and_no_pass_and_the_audit_can_be_resumed(
    made: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made.publish()
    monkeypatch.setenv("SIGILL_API_KEY", KEY)
    whole = Played.do_GET

    def away(self: Played) -> None:
        if "entries/012" in self.path:
            self.close_connection = True
            return
        whole(self)

    state = str(tmp_path / "state")
    with played(made, [(0, 1, b"")]) as (address, _):
        monkeypatch.setattr(Played, "do_GET", away)
        answer = audit(capsys, address, "--state", state, "--retry-for", "0")
        assert (answer["code"], answer["findings"]) == (3, [])
        monkeypatch.setattr(Played, "do_GET", whole)
        answer = audit(capsys, address, "--state", state, "--resume")
    (bank,) = (log for log in answer["logs"] if log["name"] == BANK)
    assert (answer["code"], bank["begun_at"] > 0, bank["size"]) == (0, True, 5_000)
    assert any("erasures: an interrupted audit was resumed" in line for line in bank["not_looked"])


@pytest.mark.slow
def test_nobody_there_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "log", "http://127.0.0.1:9", "--retry-for", "0"]) == 3
    assert "cannot be reached" in capsys.readouterr().err
    assert main(["monitor", "http://127.0.0.1:9", "--state", str(tmp_path), "--once"]) == 3
    assert "could not look: The service at http://127.0.0.1:9 cannot be reached" in capsys.readouterr().out


@pytest.mark.slow
def test_a_monitor_follows_tells_changes_and_ends_on_a_signal(made: Published, tmp_path: Path) -> None:
    made.publish()
    with played(made, []) as (address, _):
        arguments = ["monitor", address, "--state", str(tmp_path / "state"), "--interval", "1", "--json"]
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; from sigill.cli.main import main; sys.exit(main())", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        timer = threading.Timer(60, process.kill)
        timer.start()
        try:
            first = json.loads(process.stdout.readline())
            del made.log(BANK).entries[4_000:]
            made.publish(heads=False)
            lines = [json.loads(process.stdout.readline())]
            while len({each["fault"] for line in lines for each in line["findings"]}) < 2:
                lines.append(json.loads(process.stdout.readline()))
            time.sleep(2.5)  # nothing changes, so nothing is told
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
            code = process.wait(10)
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
    assert (first["root_size"], first["standing"], first["findings"]) == (1, 0, [])
    assert {each["fault"] for each in lines[-1]["findings"]} <= {"shrunk", "log_behind_head"}
    assert (code, rest) == (1, "")


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_audited_in_little_memory(tmp_path: Path) -> None:
    """In a process of its own, which is asked for its peak at the end; a million entries take the same."""
    made = Published(tmp_path / "published")
    made.log(BANK).grow(100_000)
    made.publish()
    script = (
        "import sys; from sigill.cli.main import main; code = main(sys.argv[1:]);"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "audit", "log", str(made.folder)], capture_output=True, text=True, check=True
    )
    assert "100,000 entries, no faults" in done.stdout
    assert int(done.stdout.splitlines()[-1]) < 100_000  # kilobytes


@pytest.mark.slow
def test_the_projects_own_service_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deploy(tmp_path)
    made.services.log.create_log(ROOT, made.services.identity.root_origin)
    for _ in range(300):
        made.sign()
    make_publisher(made.services).run()
    monkeypatch.setenv("SIGILL_API_KEY", made.new_key(role=Role.AUDITOR, operator_id=None))
    with served(made, tmp_path, workers=1) as server:
        state = str(tmp_path / "state")
        answer = audit(capsys, server.url, "--state", state, "--log", BANK)
        (bank,) = (log for log in answer["logs"] if log["name"] == BANK)
        assert (answer["code"], answer["findings"], bank["size"], bank["entries_checked"]) == (0, [], 300, True)
        made.sign()
        answer = audit(capsys, server.url, "--state", state, "--log", BANK)
        (bank,) = (log for log in answer["logs"] if log["name"] == BANK)
        assert (answer["code"], bank["size"], bank["earlier_checkpoints"]) == (0, 301, [300])


@contextmanager
def answering(made: Deployment) -> Iterator[str]:
    """Serve a deployment's app from a thread."""
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def monitored(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, set[tuple[str, str]]]:
    capsys.readouterr()
    code = main(["monitor", *options, "--once", "--json", "--grace", "0"])
    value = json.loads(capsys.readouterr().out)
    assert value["failed"] == []
    return code, {(each["fault"], each["log"].rpartition("/")[2]) for each in value["findings"]}


@pytest.mark.slow
def test_the_real_root_log_with_real_witnesses_and_erasures_passes_and_a_roll_back_of_it_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, policy, aside = str(tmp_path / "state"), str(tmp_path / "policy"), tmp_path / "aside"
    with watched(tmp_path) as made:
        service = made.open()
        made.seal(service)
        made.publish()
        shutil.copytree(made.var, aside)
        service = made.open()
        service.keys[BANK] = service.new_key(role=Role.SIGNER, operator_id=OperatorId(BANK))
        message = service.sign().get_json()["id"]
        order = ["--ground", "authority_order", "--requester", "T 1234-26"]
        subprocess.run(
            [sys.executable, "-m", "running.admin", "erase", BANK, message, *order],
            env=os.environ | made.environment,
            check=True,
            capture_output=True,
        )
        monkeypatch.setenv("SIGILL_API_KEY", service.new_key(role=Role.AUDITOR, operator_id=None))
        made.publish()
        service = made.open()
        with answering(service) as address:
            answer = audit(capsys, address, "--state", state)
            assert (answer["code"], answer["findings"]) == (0, [])
            logs = {log["name"]: log for log in answer["logs"]}
            assert (logs["root"]["cosignatures"], logs[BANK]["erasures_checked"]) == (2, 1)
            assert monitored(capsys, address, "--state", state, "--log-policy", policy) == (0, set())
        made.close()
        shutil.rmtree(made.var)
        shutil.copytree(aside, made.var)
        with answering(made.open()) as address:
            answer = audit(capsys, address, "--state", state)
            assert {(each["fault"], each["log"].rpartition("/")[2]) for each in answer["findings"]} == {
                ("shrunk", "root"),
                ("shrunk", BANK),
            }
            seen_before = {("shrunk", "root"), ("shrunk", BANK), ("log_behind_head", BANK)}
            code, found = monitored(capsys, address, "--state", state, "--log-policy", policy)
            assert (code, found) == (1, seen_before)
            fresh = str(tmp_path / "fresh")
            assert monitored(capsys, address, "--state", fresh, "--log-policy", policy) == (
                1,
                {("witness_ahead", "root")},
            )
