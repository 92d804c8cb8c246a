"""The worker notices a damaged log; starting says in one line why it cannot."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from running import __main__ as start
from running import worker
from running.first_start import has_logs, prepare
from running.supervise import Child
from settings import read_settings
from sigill.encoding.base64url import format_base64url
from storage.engine import writing
from storage.migrate import migrate
from tests.builders_deployment import Deployment, operator
from transparency.append import LogHead
from transparency.errors import StoreUnavailable
from transparency.log import TransparencyLog
from transparency.tables import entries, logs, tiles
from wiring import build_services, open_identity

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def check(made: Deployment) -> list[str]:
    return worker.check_heads(made.services.log, keys_of=made.services.keys.note_keys)


def test_logs_in_order_have_no_faults(deployment: Deployment) -> None:
    deployment.add(operator("empty"))
    for _ in range(5):
        deployment.sign()
    assert check(deployment) == []


@pytest.mark.parametrize("leaves", [2, 3, 5, 8])
def test_one_flipped_bit_in_any_tile_or_leaf_is_noticed(deployment: Deployment, leaves: int) -> None:
    for _ in range(leaves):
        deployment.sign()
    with writing(deployment.services.engine) as connection:
        data = bytearray(connection.execute(select(tiles.c.data)).scalar_one())
        data[0] ^= 1
        connection.execute(update(tiles).values(data=bytes(data)))
    (fault,) = check(deployment)
    assert fault.startswith("demonstration.sigill.example/log/exempelbanken: ")


def test_a_checkpoint_that_is_not_ours_and_a_missing_tile_are_noticed(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    for by in ("exempelbanken", "exempelel", "exempelel"):
        deployment.sign(by=by)
    with writing(deployment.services.engine) as connection:
        note = connection.execute(select(logs.c.checkpoint).where(logs.c.log_id == "exempelbanken")).scalar_one()
        forged = note.replace("\n1\n", "\n9\n")
        connection.execute(update(logs).where(logs.c.log_id == "exempelbanken").values(checkpoint=forged))
        connection.execute(delete(tiles).where(tiles.c.log_id == "exempelel"))
    assert len(check(deployment)) == 2


def test_a_leaf_swapped_in_the_database_is_noticed(deployment: Deployment) -> None:
    deployment.sign()
    with writing(deployment.services.engine) as connection:
        connection.execute(update(entries).values(hash=bytes(32)))
    assert len(check(deployment)) == 1
    assert format_base64url(bytes(32)) not in check(deployment)[0]


def test_a_database_that_does_not_answer_is_no_damage(deployment: Deployment) -> None:
    deployment.services.engine.dispose()
    (deployment.services.settings.var / "sigill.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreUnavailable):
        check(deployment)


def test_a_database_lost_in_the_middle_of_the_check_is_no_damage_either(deployment: Deployment) -> None:
    deployment.sign()
    heads = deployment.services.log.logs()
    (deployment.services.settings.var / "sigill.db").rename(deployment.services.settings.var / "moved.db")
    deployment.services.engine.dispose()
    broken = deployment.services.log

    class HalfGone(TransparencyLog):
        def __init__(self) -> None:
            """Know the heads only."""

        def logs(self) -> tuple[LogHead, ...]:
            return heads

        def receipt(self, log_id: str, index: int) -> str:
            return broken.receipt(log_id, index)

    with pytest.raises(StoreUnavailable):
        worker.check_heads(HalfGone(), keys_of=deployment.services.keys.note_keys)


def run(module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *module.split()]
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("SIGILL_")}
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("module", ["running", "running.worker", "running.publisher"])
def test_a_wrong_setting_ends_the_start_with_all_faults(module: str, tmp_path: Path) -> None:
    found = run(module, VAR=str(tmp_path), PORT="x", SIGILL_TYPO="1")
    assert found.returncode == 2
    assert "SIGILL_TYPO is not a setting" in found.stderr
    assert "PORT is a number" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
@pytest.mark.parametrize("module", ["running", "running.worker", "running.publisher"])
def test_a_key_that_others_can_read_ends_the_start(module: str, tmp_path: Path) -> None:
    open_identity(read_settings({"VAR": str(tmp_path)}), first_start=True)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "seal-1.pem").write_text("x")
    (tmp_path / "keys" / "seal-1.pem").chmod(0o644)
    found = run(module, VAR=str(tmp_path))
    assert found.returncode == 2
    assert "seal-1.pem can be read by others" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
@pytest.mark.parametrize("module", ["running", "running web", "running.worker", "running.publisher"])
@pytest.mark.parametrize("lost", ["keys/seal-1.pem", "keys/keys.json", "guarantor.json"])
def test_what_was_lost_since_the_first_start_ends_a_later_one_and_is_not_made_anew(
    module: str, lost: str, deployment: Deployment
) -> None:
    var = deployment.services.settings.var
    (var / lost).unlink()
    found = run(module, VAR=str(var))
    assert found.returncode == 2
    assert f"{Path(lost).name} is missing" in found.stderr
    assert "restore it from the backup" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (var / lost).exists()


def test_a_first_start_that_was_cut_short_is_completed_by_the_next(tmp_path: Path) -> None:
    chosen = read_settings({"VAR": str(tmp_path), "SIGILL_DEMONSTRATION": "0", "SIGILL_ISSUER": "https://g.example"})
    prepare(chosen)
    kept = (tmp_path / "keys" / "seal-1.pem").read_bytes()
    (tmp_path / "keys" / "log-1.pem").unlink()
    assert not has_logs(chosen.database_url)
    prepare(chosen)
    assert (tmp_path / "keys" / "log-1.pem").exists()
    assert (tmp_path / "keys" / "seal-1.pem").read_bytes() == kept


def test_a_database_with_a_log_had_its_first_start(deployment: Deployment, tmp_path: Path) -> None:
    assert has_logs(deployment.services.settings.database_url)
    assert not has_logs(f"sqlite:///{tmp_path / 'new.db'}")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["running", "running.worker", "running.publisher"])
def test_another_guarantor_than_at_the_first_start_ends_the_start(module: str, deployment: Deployment) -> None:
    var = deployment.services.settings.var
    found = run(module, VAR=str(var), SIGILL_ISSUER="https://sigill.se", SIGILL_DEMONSTRATION="0")
    assert found.returncode == 2
    assert "SIGILL_ISSUER is https://sigill.se, and since the first start it is https://demonstration" in found.stderr
    assert "SIGILL_DEMONSTRATION is 0, and since the first start it is 1" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
@pytest.mark.parametrize("module", ["running", "running.worker", "running.publisher"])
def test_a_folder_that_cannot_be_ends_the_start(module: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = run(module, VAR=str(tmp_path / "file" / "var"))
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_a_database_that_is_none_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "sigill.db").write_bytes(b"x" * 5000)
    found = run("running", VAR=str(tmp_path))
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_start_prepares_the_folder_says_where_it_runs_and_keeps_the_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[str] = []

    def supervise(children: Sequence[Child]) -> int:
        kept.extend(child.name for child in children)
        return 0

    monkeypatch.setattr(start, "supervise", supervise)
    given = {"PORT": "9000", "SIGILL_DEMONSTRATION": "0", "SIGILL_ISSUER": "https://guarantor.example"}
    for name, value in {"VAR": str(tmp_path), **given}.items():
        monkeypatch.setenv(name, value)
    assert start.main() == 0
    assert capsys.readouterr().out == "Sigill runs at http://127.0.0.1:9000\n"
    assert kept == ["web", "worker", "publisher"]
    assert {path.name for path in tmp_path.iterdir()} >= {"guarantor.json", "keys", "sigill.db"}


def test_the_web_process_becomes_gunicorn_over_a_prepared_folder(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    become: list[tuple[tuple[str, ...], str]] = []
    var = deployment.services.settings.var
    metrics = var / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(metrics))
    monkeypatch.setenv("VAR", str(var))
    assert (
        start.main(["web"], become=lambda _path, argv, env: become.append((argv, env["PROMETHEUS_MULTIPROC_DIR"]))) == 0
    )
    assert become == [((sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"), str(metrics))]
    assert metrics.is_dir()


def test_an_argument_unknown_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(["wbe"]) == 2
    assert "no argument but web" in capsys.readouterr().err


def test_the_processes_of_one_machine_are_the_server_the_worker_and_the_publisher(tmp_path: Path) -> None:
    chosen = read_settings({"VAR": str(tmp_path), "PORT": "9000", "SIGILL_PUBLIC_URL": "https://sigill.example"})
    web, working, publishing = start.children_of(chosen)
    assert (web.name, working.name, publishing.name) == ("web", "worker", "publisher")
    assert web.argv[1:] == ("-m", "running", "web")
    assert web.env["SIGILL_BIND"] == "127.0.0.1:9000"
    assert working.env["VAR"] == str(tmp_path)


def test_the_worker_logs_damage_goes_on_without_a_database_and_ends_on_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[list[str] | StoreUnavailable] = [["log a is damaged"], StoreUnavailable("locked"), []]

    def check_heads(_log: TransparencyLog, *, keys_of: worker.KeysOf) -> list[str]:
        assert [key.name for key in keys_of("log.example")] == ["log.example"]
        found = rounds.pop(0)
        if isinstance(found, StoreUnavailable):
            raise found
        if not found:
            os.kill(os.getpid(), signal.SIGTERM)
        return found

    monkeypatch.setattr(worker, "INTERVAL_S", 0.01)
    monkeypatch.setattr(worker, "check_heads", check_heads)
    monkeypatch.setenv("VAR", str(tmp_path))
    made = build_services(read_settings({"VAR": str(tmp_path)}), first_start=True).engine
    migrate(made)
    made.dispose()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert worker.main() == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert [record.getMessage() for record in caplog.records if record.name == "sigill.worker"] == [
        "log damaged: log a is damaged",
        "the logs were not checked: locked",
    ]
