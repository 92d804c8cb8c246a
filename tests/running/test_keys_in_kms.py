"""The guarantor's keys in AWS KMS (moto's server): moved there and back, and signing under gunicorn."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from signing.keys import planning
from signing.keys.listing import KeyKind
from signing.keys.planning import HEAD_START
from tests.builders_deployment import TEXT
from tests.builders_kms import PlayedKms, kms_credentials, played_kms
from tests.builders_publishing import moto_server
from tests.builders_server import served
from tests.builders_token import SoftHsm, soft_hsm
from tests.running.builders_key_desk import BANK, MESSAGE, Desk, check_all

pytestmark = [pytest.mark.slow]


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


def test_keys_move_to_kms_and_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "HEAD_START", HEAD_START / 4)
    with ExitStack() as stack:
        stack.enter_context(kms_credentials())
        desk = Desk(tmp_path, {"SIGILL_KMS_ENDPOINT": stack.enter_context(moto_server())}, capsys)
        sealed = [desk.seal()]
        for kind in ("seal", "report", "event", "status", "token"):
            desk.rotate(kind, "--to", "kms:new")
        desk.rotate("seal")
        assert desk.places() == {
            **{kind.value: "kms" for kind in KeyKind if kind is not KeyKind.LOG},
            "log": "file",
            "salts": "file",
        }
        sealed.append(desk.seal())
        check_all(desk.made, sealed)
        desk.rotate("seal", "--to", "file")
        sealed.append(desk.seal())
    refused = desk.made.verify(seal=sealed[1]["seal"], content=TEXT)  # KMS is gone now
    assert (refused["answer"], refused["receipt"]) == ("genuine", None)
    desk.made.services.engine.dispose()


def test_gunicorn_workers_sign_in_kms_and_verify_while_it_hangs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "HEAD_START", HEAD_START / 4)
    kms = PlayedKms()
    with played_kms(kms) as address:
        desk = Desk(tmp_path, {"SIGILL_KMS_ENDPOINT": address}, capsys)
        desk.rotate("seal", "--to", "kms:new")
        key = desk.made.keys[BANK]
        with served(desk.made, tmp_path, workers=1, more=desk.settings) as server, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.post("/v1/messages", MESSAGE, key=key), range(40)))
            assert {answer.status for answer in answers} == {201}
            sealed = json.loads(answers[0].body)
            kms.fault = "hangs"
            waiting = [pool.submit(server.post, "/v1/messages", MESSAGE, key=key) for _ in range(3)]
            time.sleep(0.5)
            begun = time.monotonic()
            body = json.dumps({"seal": sealed["seal"], "content": TEXT}).encode()
            answer = json.loads(server.ask("POST", "/v1/verifications", body).body)
            assert time.monotonic() - begun < 2
            assert (answer["answer"], answer["receipt"] is None) == ("genuine", False)
            assert not any(each.done() for each in waiting)
            assert {each.result().status for each in waiting} == {503}
            kms.fault = None
            time.sleep(1.2)
            assert server.post("/v1/messages", MESSAGE, key=key).status == 201
            assert "Traceback" not in server.said()
    desk.made.services.engine.dispose()


_WITHOUT = """
import sys
for name in ("pkcs11", "boto3", "botocore"):
    sys.modules[name] = None  # importing it fails
from pathlib import Path
from tests.builders_deployment import deploy
made = deploy(Path(sys.argv[1]))
assert made.sign().status_code == 201
assert made.verify(seal=made.sign().get_json()["seal"])["receipt"]
"""


def test_without_the_packages_of_tokens_and_kms_the_service_does_all_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _WITHOUT, str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
