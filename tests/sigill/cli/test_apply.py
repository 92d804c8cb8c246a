"""`sigill apply` against the real service: from nothing to a sealed test message, and to an application to live."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from sigill.cli.main import main
from tests.builders_applying import Applicants, applicants
from tests.builders_deployment import TEXT

pytestmark = pytest.mark.slow

WHO = ("--industry", "bank", "--market", "SE")


@contextmanager
def served(there: Applicants) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, there.made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Applicants]:
    with applicants(tmp_path / "service") as made, served(made) as url:
        monkeypatch.setenv("SIGILL_URL", url)
        monkeypatch.delenv("SIGILL_API_KEY", raising=False)
        monkeypatch.chdir(tmp_path)
        yield made


def apply(*more: str, out: str = "mine") -> int:
    return main(["apply", "--name", "Nya Banken", *WHO, "--out", out, *more])


def test_two_commands_lead_to_the_first_test_seal(there: Applicants, monkeypatch: pytest.MonkeyPatch) -> None:
    assert apply("--environment", "test") == 0
    files = {path.name: path.stat().st_mode & 0o777 for path in Path("mine").iterdir()}
    assert files == dict.fromkeys(("key.pem", "admin.key", "signer.key", "application.json"), 0o600)

    monkeypatch.setenv("SIGILL_API_KEY", Path("mine/signer.key").read_text().strip())
    Path("hej.txt").write_text(TEXT)
    command = ["sign", "hej.txt", "--authorship", "human", "--channel", "chat", "--enquiry", "informational"]
    assert main([*command, "--language", "sv", "--jurisdiction", "SE", "--out", "sealed"]) == 0
    verdict = there.made.verify(text=Path("sealed/message.txt").read_text())
    assert (verdict["reason"], verdict["sender"]["id"]) == ("test_seal", "nya-banken-test")


def test_going_live_prints_what_to_publish_and_keeps_every_secret_off_the_screen(
    there: Applicants, capfd: pytest.CaptureFixture[str]
) -> None:
    assert apply("--environment", "test") == 0
    live = ("--environment", "live", "--identifier", "NTRSE-5560360793", "--domain", "bank.example", "stor.example")
    assert apply(*live, "--api-key-file", "mine/admin.key", out="live") == 0
    said = "".join(capfd.readouterr())
    answer = json.loads(Path("live/application.json").read_text())
    assert (answer["operator"], answer["state"]) == ("nya-banken", "applied")
    for domain in answer["domains"]:
        assert domain["record"]["text"] in said
        assert domain["file"]["content"] in said
    assert "1. Publish a domain's record or file" in said
    assert not Path("live/signer.key").exists()
    for name in ("mine/admin.key", "mine/signer.key", "live/admin.key"):
        assert Path(name).read_text().strip() not in said
    assert "api_keys" not in answer
    assert there.operator("nya-banken").identifier == "NTRSE-5560360793"


@pytest.mark.usefixtures("there")
def test_what_was_refused_is_mended_with_the_same_key_and_nothing_is_overwritten(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert apply("--environment", "live", "--identifier", "NTRSE-5560360794") == 2
    assert "check digits are wrong" in capfd.readouterr().err
    key = Path("mine/key.pem").read_bytes()
    assert apply("--environment", "live", "--identifier", "NTRSE-5560360793") == 0
    assert Path("mine/key.pem").read_bytes() == key
    assert apply("--environment", "live", "--identifier", "NTRSE-5560360793") == 2
    assert "You have applied from mine already" in capfd.readouterr().err
    Path("other").mkdir()
    Path("other/key.pem").write_bytes(key)
    Path("other/key.pem").chmod(0o600)
    assert apply("--environment", "test", out="other") == 2
    assert "this key has applied already, as nya-banken" in capfd.readouterr().err


@pytest.mark.parametrize("content", ["", "junk", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_cannot_be_read_stops_before_anything_is_sent(
    there: Applicants, content: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("mine").mkdir()
    Path("mine/key.pem").write_text(content)
    Path("mine/key.pem").chmod(0o600)
    assert apply("--environment", "test") == 2
    assert "cannot be used" in capfd.readouterr().err
    assert [head.log_id for head in there.world.log.logs() if head.log_id.startswith("nya-")] == []
