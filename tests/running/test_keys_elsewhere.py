"""A whole service whose keys move from files to a token (SoftHSM) or KMS (moto's server) and back."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from running.key_watch import KeyWatch
from sigill.seal.token import parse_seal
from signing.keys import planning
from signing.keys.listing import KeyKind
from signing.keys.planning import HEAD_START
from tests.builders_deployment import TEXT, Deployment
from tests.builders_server import served
from tests.builders_token import PIN, SoftHsm, soft_hsm
from tests.running.builders_key_desk import BANK, MESSAGE, Desk, check_all

pytestmark = [pytest.mark.slow]
TOKEN = "pkcs11:token=sigill"
_TRIES = 10


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    monkeypatch.setattr(planning, "HEAD_START", HEAD_START / 4)
    with soft_hsm(tmp_path / "hsm") as made:
        yield made


@pytest.fixture
def desk(hsm: SoftHsm, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    settings = {name: value for name, value in hsm.settings.items() if name.startswith("SIGILL_")}
    made = Desk(tmp_path, settings, capsys)
    yield made
    made.made.services.engine.dispose()


@pytest.mark.servers
def test_every_kind_of_key_moves_to_the_token_and_back_and_all_seals_stay_genuine(desk: Desk, hsm: SoftHsm) -> None:
    sealed = [desk.seal()]
    desk.rotate("all", "--to", TOKEN)
    assert desk.places() == {**{kind.value: "pkcs11" for kind in KeyKind}, "salts": "file"}
    sealed.append(desk.seal())
    desk.made.services.log.renew_checkpoints()
    check_all(desk.made, sealed)
    withdrawn = desk.made.client.delete(
        f"/v1/messages/{sealed[1]['id']}",
        json={"reason": "wrong_content"},
        headers={"Authorization": f"Bearer {desk.made.keys[BANK]}"},
    )
    assert withdrawn.status_code == 200
    assert desk.made.verify(seal=sealed.pop(1)["seal"], content=TEXT)["reason"] == "withdrawn"
    desk.rotate("seal")  # without a place: beside the last one
    assert desk.places()["seal"] == "pkcs11"
    sealed.append(desk.seal())
    code, out, _ = desk.run("compromise", "seal", "3")
    assert (code, out.startswith("seal-3 is published as compromised since ")) == (0, True)
    assert "seal-4 is published and signs from" in out
    desk.made.services.keys.look()
    assert desk.made.verify(seal=sealed.pop()["seal"], content=TEXT)["answer"] == "not_genuine"
    sealed.append(desk.seal())
    desk.rotate("all", "--to", "file")
    assert set(desk.places().values()) == {"file"}
    sealed.append(desk.seal())
    desk.made.services.log.renew_checkpoints()
    hsm.take_away()  # nothing that is to be believed needs it any longer
    check_all(desk.made, sealed)
    assert len({parse_seal(each["seal"]).jws.kid for each in sealed}) == 3
    names = [record["event"] for record in _records(desk)]
    assert names.count("compromised") == 1
    assert not any(PIN in path.read_text("utf-8", "replace") for path in _files(desk))


def _records(desk: Desk) -> list[dict[str, Any]]:
    log = desk.made.services.log
    head = log.head("guarantor")
    assert head is not None
    return [json.loads(log.record("guarantor", index) or b"") for index in range(head.size)]


def _files(desk: Desk) -> list[Path]:
    return [path for path in desk.made.services.settings.var.rglob("*") if path.is_file()]


@pytest.mark.servers
def test_while_the_token_is_away_sealing_is_503_and_verifying_goes_on(
    desk: Desk, hsm: SoftHsm, caplog: pytest.LogCaptureFixture
) -> None:
    desk.rotate("all", "--to", TOKEN)
    sealed = desk.seal()
    watch = KeyWatch(desk.made.services)
    watch.look(at=datetime.now(UTC))
    assert "seal-2" not in caplog.text
    hsm.take_away()
    for _ in range(2):
        refused = desk.made.sign()
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.get_json()["type"].endswith("/key-unusable")
        assert refused.get_json()["detail"].startswith("seal-2: the token ")
    found = desk.made.verify(seal=sealed["seal"], content=TEXT)
    assert (found["answer"], found["receipt"]) == ("genuine", None)
    assert desk.made.client.get("/.well-known/jwks.json").status_code == 200
    watch.look(at=datetime.now(UTC))
    assert re.search(r"WARNING  sigill.worker.*seal-2: the token ", caplog.text)
    assert PIN not in caplog.text
    restarted = deploy_again(desk)
    assert restarted.sign().status_code == 503
    assert restarted.verify(seal=sealed["seal"], content=TEXT)["answer"] == "genuine"
    hsm.bring_back()
    time.sleep(1.1)
    for made in (desk.made, restarted):
        assert made.sign().status_code == 201
        assert made.verify(seal=sealed["seal"], content=TEXT)["receipt"] is not None
    restarted.services.engine.dispose()


def deploy_again(desk: Desk) -> Deployment:
    """Return the same service in what might be another process."""
    from settings import read_settings
    from wiring import build_services

    services = build_services(read_settings(desk.environment))
    return Deployment(services, keys=dict(desk.made.keys))


@pytest.mark.servers
def test_a_log_s_key_on_a_token_that_is_away_leaves_nothing_half_done(desk: Desk, hsm: SoftHsm) -> None:
    desk.rotate("log", "--to", TOKEN)
    before = desk.seal()
    hsm.take_away()
    refused = desk.made.sign()
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (503, "store-unavailable")
    head = desk.made.services.log.head(BANK)
    assert head is not None
    hsm.bring_back()
    time.sleep(1.1)
    after = desk.seal()
    check_all(desk.made, [before, after])
    grown = desk.made.services.log.head(BANK)
    assert grown is not None
    assert grown.size == head.size + 1


@pytest.mark.servers
def test_what_cannot_be_done_changes_nothing(desk: Desk, hsm: SoftHsm) -> None:
    desk.rotate("seal", "--to", TOKEN)
    before = (desk.made.services.settings.var / "keys" / "keys.json").read_bytes()
    used = next(str(key.home.place) for key in desk.listed() if key.home is not None)
    for arguments, code, said in [
        (("rotate", "all", "--to", "kms:new"), 1, "the log's keys live in files or on a PKCS#11 token"),
        (("rotate", "salts", "--to", TOKEN), 1, "salt keys are files and stay files"),
        (("rotate", "event", "--to", used), 1, "in the list already"),
        (("rotate", "event", "--to", "pkcs11:token=other"), 2, "the token is not there"),
    ]:
        assert desk.run(*arguments)[0] == code, arguments
        assert said in desk.run(*arguments)[2]
    with pytest.raises(SystemExit):
        desk.run("rotate", "seal", "--to", f"pkcs11:token=sigill?pin-value={PIN}")
    hsm.take_away()
    assert desk.run("rotate", "seal")[0] == 2
    assert desk.run("compromise", "seal", "2")[0] == 2
    assert (desk.made.services.settings.var / "keys" / "keys.json").read_bytes() == before
    assert desk.run("compromise", "seal", "2", "--to", "file")[0] == 0  # the way out where the token is gone for good
    desk.made.services.keys.look()
    assert desk.made.sign().status_code == 201
    hsm.bring_back()


@pytest.mark.servers
def test_two_gunicorn_workers_sign_on_the_token_and_get_over_its_absence(
    desk: Desk, hsm: SoftHsm, tmp_path: Path
) -> None:
    desk.rotate("all", "--to", TOKEN)
    with served(desk.made, tmp_path, workers=2, more=hsm.settings) as server:

        def seal(_number: int) -> tuple[int, Any]:
            answer = server.post("/v1/messages", MESSAGE, key=desk.made.keys[BANK])
            return answer.status, json.loads(answer.body)

        with ThreadPoolExecutor(8) as pool:
            sealed = list(pool.map(seal, range(60)))
            assert {status for status, _ in sealed} == {201}
            hsm.take_away()
            assert {status for status, _ in pool.map(seal, range(16))} == {503}
            hsm.bring_back()
            again = sealed
            for _ in range(_TRIES):  # each worker leaves a silent place alone for a second
                time.sleep(1)
                again = list(pool.map(seal, range(16)))
                if {status for status, _ in again} == {201}:
                    break
            assert {status for status, _ in again} == {201}
        assert "Traceback" not in server.said()
        assert PIN not in server.said()
    check_all(desk.made, [body for _, body in sealed[:5] + again[:5]])
