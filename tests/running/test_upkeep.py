"""What the worker does for privacy: a bounded part a cycle, and what fails hinders nothing else."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from privacy.tables import destroyed_salts
from running import upkeep as module
from running.upkeep import Upkeep
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, operator
from transparency.row_check import check_rows
from transparency.tables import tokens

pytestmark = pytest.mark.slow

BANK = "exempelbanken"


def upkeep(made: Deployment, *, days: float = 0) -> Upkeep:
    at = NOW + timedelta(days=days)
    return Upkeep(replace(made.services, privacy=replace(made.services.privacy, now=lambda: at)))


def test_a_cycle_erases_what_is_past_its_time_and_clears_the_files(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    sealed = deployment.sign().get_json()
    var = deployment.services.settings.var
    upkeep(deployment).cycle()
    assert deployment.verify(code=sealed["code"], content=TEXT)["answer"] == "genuine"
    with caplog.at_level(logging.INFO, logger="sigill.worker"):
        upkeep(deployment, days=2000).cycle()
    assert caplog.messages == ["1 messages, events and refusals were erased after their usual time"]
    assert deployment.verify(code=sealed["code"], content=TEXT)["reason"] == "code_unknown"
    left = b"".join(path.read_bytes() for path in var.glob("sigill.db*"))
    assert sealed["id"].encode() not in left
    assert (var / "sigill.db-wal").stat().st_size == 0


def test_a_salt_key_that_was_to_go_goes(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    deployment.sign()
    (path,) = (deployment.services.settings.var / "keys" / "salts" / BANK).iterdir()
    with writing(deployment.services.engine) as connection:
        row = {"log_id": BANK, "month": f"{NOW:%Y-%m}", "idx": 1, "at_ms": 0}
        connection.execute(insert(destroyed_salts), row)
    upkeep(deployment).cycle()
    assert not path.exists()
    assert "had come back" in caplog.text


def test_rows_are_checked_a_part_at_a_time_and_damage_is_an_error(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deployment.add(operator("exempelel"))
    for by, many in ((BANK, 5), ("exempelel", 3)):
        for _ in range(many):
            deployment.sign(by=by)
    asked: list[tuple[str, int]] = []

    def two_at_a_time(engine: Any, log_id: str, *, begin: int) -> Any:
        asked.append((log_id, begin))
        return check_rows(engine, log_id, begin=begin, count=2)

    monkeypatch.setattr(module, "check_rows", two_at_a_time)
    monkeypatch.setattr(module, "STRETCHES_A_CYCLE", 2)
    with writing(deployment.services.engine) as connection:
        connection.execute(update(tokens).where(tokens.c.log_id == BANK, tokens.c.idx == 3).values(jws="x"))
    working = upkeep(deployment)
    for _ in range(4):
        working.cycle()
    assert asked == [
        *((BANK, 0), (BANK, 2)),
        *((BANK, 4), ("exempelel", 0)),
        ("exempelel", 2),  # the last of the logs: the next cycle begins anew
        *((BANK, 0), (BANK, 2)),
    ]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert errors[0].startswith("demonstration.sigill.example/log/exempelbanken: row_wrong at leaf 3: the signed text")


def test_what_fails_is_told_and_the_rest_is_done(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deployment.sign()
    with writing(deployment.services.engine) as connection:
        connection.execute(delete(tokens))

    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "expire", full)
    upkeep(deployment).cycle()
    assert "could not expire now: [Errno 28] No space left on device" in caplog.text
    assert "row_missing at leaf 0" in caplog.text


def test_without_logs_there_is_nothing_to_do(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    class Empty:
        def logs(self) -> tuple[()]:
            return ()

    Upkeep(replace(deployment.services, log=Empty())).cycle()  # type: ignore[arg-type]
    assert caplog.messages == []
