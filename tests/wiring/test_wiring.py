"""Putting the parts together: who the guarantor is stays fixed, trust is fresh, readiness is true."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import wiring
from registry.model import OperatorId
from settings import Settings, SettingsInvalid, read_settings
from storage.migrate import migrate
from tests.builders_deployment import Deployment, operator
from wiring import Identity, build_services, check_readiness, open_identity


def settings(folder: Path, **environment: str) -> Settings:
    return read_settings({"VAR": str(folder), **environment})


def test_the_guarantors_name_is_fixed_at_the_first_start(tmp_path: Path) -> None:
    first = open_identity(settings(tmp_path, SIGILL_ISSUER="https://one.example", SIGILL_DEMONSTRATION="0"))
    later = open_identity(settings(tmp_path, SIGILL_ISSUER="https://two.example", PORT="9999"))
    assert first == later == Identity(issuer="https://one.example", demonstration=False)
    assert first.log_prefix == "one.example/log"
    assert (tmp_path / "guarantor.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", '{"issuer": "https://x.example"}', "\x80"])
def test_an_unreadable_identity_is_a_fault_and_not_made_anew(tmp_path: Path, kept: str) -> None:
    (tmp_path / "guarantor.json").write_text(kept, "latin-1")
    with pytest.raises(SettingsInvalid, match="guarantor"):
        open_identity(settings(tmp_path))
    assert (tmp_path / "guarantor.json").read_text("latin-1") == kept


def test_a_second_start_has_the_same_keys_and_the_folder_is_the_owners(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "var")
    one, two = build_services(chosen), build_services(replace(chosen, public_url="https://elsewhere.example"))
    assert one.keys.seal.kid == two.keys.seal.kid
    assert one.identity == two.identity
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    for services in (one, two):
        services.engine.dispose()


def test_the_service_is_ready_once_its_tables_are_there(tmp_path: Path) -> None:
    services = build_services(settings(tmp_path))
    before = check_readiness(services)
    assert not before.ready
    assert before.parts["database"] == "the database does not answer (OperationalError)"
    migrate(services.engine)
    assert check_readiness(services).ready
    services.engine.dispose()


def test_the_service_is_not_ready_with_keys_that_ran_out(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = wiring.now() + timedelta(days=800)
    monkeypatch.setattr(wiring, "now", lambda: late)
    readiness = check_readiness(deployment.services)
    assert not readiness.ready
    assert "no key is valid now" in str(readiness.parts["keys"])
    response = deployment.client.get("/readyz")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert json.loads(response.data)["parts"]["database"] == "ok"


def test_trust_is_one_snapshot_for_a_moment_and_then_a_new_one(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = deployment.services.trust
    begin = wiring.now()
    monkeypatch.setattr(wiring, "now", lambda: begin)
    first = trust()
    deployment.add(operator("exempelel"))
    assert trust() is first
    monkeypatch.setattr(wiring, "now", lambda: begin - timedelta(seconds=1))
    assert trust() is not first  # a clock set back does not keep a snapshot for ever
    monkeypatch.setattr(wiring, "now", lambda: begin + wiring.TRUST_LASTS)
    assert OperatorId("exempelel") in trust().logs
    assert trust().logs["exempelel"].url == "http://127.0.0.1:8000/log/exempelel"
