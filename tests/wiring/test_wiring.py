"""Putting the parts together: who the guarantor is stays fixed, trust is fresh, readiness is true."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import wiring
from registry.model import OperatorId
from settings import Settings, SettingsInvalid, read_settings
from signing.keys.ring import LIFETIME
from storage.migrate import migrate
from tests.builders_deployment import Deployment, deploy, operator
from wiring import Identity, build_services, check_readiness, open_identity
from wiring.trust import TRUST_LASTS, trust_source


def settings(folder: Path, **environment: str) -> Settings:
    return read_settings({"VAR": str(folder), **environment})


def test_the_guarantors_name_is_fixed_at_the_first_start(tmp_path: Path) -> None:
    given = {"SIGILL_ISSUER": "https://one.example", "SIGILL_DEMONSTRATION": "0"}
    first = open_identity(settings(tmp_path, **given), first_start=True)
    later = [open_identity(settings(tmp_path, PORT="9999", **same), first_start=False) for same in ({}, given)]
    assert [first, first] == later
    assert first == Identity(issuer="https://one.example", demonstration=False)
    assert first.log_prefix == "one.example/log"
    assert (tmp_path / "guarantor.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"SIGILL_ISSUER": "https://two.example"},
            "SIGILL_ISSUER is https://two.example, .* it is https://one.example",
        ),
        ({"SIGILL_DEMONSTRATION": "1"}, "SIGILL_DEMONSTRATION is 1, .* it is 0"),
    ],
)
def test_another_guarantor_than_at_the_first_start_is_a_fault_that_names_both(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    first = settings(tmp_path, SIGILL_ISSUER="https://one.example", SIGILL_DEMONSTRATION="0")
    open_identity(first, first_start=True)
    for first_start in (True, False):
        with pytest.raises(SettingsInvalid, match=said) as raised:
            open_identity(settings(tmp_path, **given), first_start=first_start)
        assert len(raised.value.faults) == 1


def test_a_lost_identity_is_a_fault_and_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"guarantor\.json is missing in .*; restore it from the backup"):
        open_identity(settings(tmp_path), first_start=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", '{"issuer": "https://x.example"}', "\x80"])
def test_an_unreadable_identity_is_a_fault_and_not_made_anew(tmp_path: Path, kept: str) -> None:
    (tmp_path / "guarantor.json").write_text(kept, "latin-1")
    with pytest.raises(SettingsInvalid, match="guarantor"):
        open_identity(settings(tmp_path), first_start=True)
    assert (tmp_path / "guarantor.json").read_text("latin-1") == kept


def test_a_second_start_has_the_same_keys_and_the_folder_is_the_owners(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "var")
    one = build_services(chosen, first_start=True)
    two = build_services(replace(chosen, public_url="https://elsewhere.example"))
    assert one.keys.seal_signer(wiring.now()).kid == two.keys.seal_signer(wiring.now()).kid
    assert one.identity == two.identity
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    for services in (one, two):
        services.engine.dispose()


def test_the_service_is_ready_once_its_tables_are_there(tmp_path: Path) -> None:
    services = build_services(settings(tmp_path), first_start=True)
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


def test_nothing_is_sealed_outside_the_time_of_the_seal_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = wiring.now() - LIFETIME
    with monkeypatch.context() as patched:
        patched.setattr(wiring, "now", lambda: early)
        build_services(settings(tmp_path / "var"), first_start=True).engine.dispose()
    made = deploy(tmp_path)  # with these keys, which run out now
    before = made.services.log.logs()
    answer = made.sign()
    assert answer.status_code == 503
    assert answer.get_json()["type"].endswith("/key-unusable")
    assert made.services.log.logs() == before
    made.services.engine.dispose()


def test_trust_is_one_snapshot_for_a_moment_and_then_a_new_one(deployment: Deployment) -> None:
    services = deployment.services
    begin = wiring.now()
    clock = [begin]
    url = services.settings.public_url
    parts = (services.identity, services.keys, services.log, services.log_policy, url)
    trust = trust_source(*parts, now=lambda: clock[0])
    first = trust()
    deployment.add(operator("exempelel"))
    assert trust() is first
    clock[0] = begin - timedelta(seconds=1)
    assert trust() is not first  # a clock set back does not keep a snapshot for ever
    clock[0] = begin + TRUST_LASTS
    assert OperatorId("exempelel") in trust().logs
    assert trust().logs["exempelel"].url == "http://127.0.0.1:8000/log/exempelel"
