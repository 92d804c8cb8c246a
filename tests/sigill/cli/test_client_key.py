"""Clients with a private key on the command line: making, proving, registering it, and asking with it."""

import json
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from registry.clients.store import list_clients
from registry.model import Role
from sigill.cli.main import main
from sigill.keys.private_key import KeyType, make_private_key, parse_private_key
from storage.engine import reading
from tests.builders_clients import BANK
from tests.builders_deployment import Deployment, deploy
from tests.builders_service import PlayedService, problem, reply

_ID = "cl-7k3f9q2mxt4b7k3f9q2m"
_SIGN = ["--authorship", "ai", "--channel", "chat", "--enquiry", "informational", "--language", "sv"]
_META, _TOKEN = "/.well-known/oauth-authorization-server", "/oauth/token"
_VARIABLES = ("SIGILL_URL", "SIGILL_API_KEY", "SIGILL_CLIENT_ID", "SIGILL_CLIENT_KEY")


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("message.txt").write_text("Hej! Kontoret har öppet.", "utf-8")
    _write_key("bot.pem")


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, str]]:
    made = deploy(tmp_path_factory.mktemp("clients"))
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    made.services.engine.dispose()


def _write_key(name: str, *, mode: int = 0o600, data: bytes | None = None) -> None:
    path = Path(name)
    path.write_bytes(make_private_key(KeyType.P256).format_pem() if data is None else data)
    path.chmod(mode)


def _run(capsys: pytest.CaptureFixture[str], *arguments: str | Sequence[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    flat = [part for each in arguments for part in ([each] if isinstance(each, str) else each)]
    code = main(flat)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


# --- making and proving ---


@pytest.mark.parametrize("kind", list(KeyType))
def test_a_new_key_is_its_owners_alone_and_its_public_half_is_printed(
    capsys: pytest.CaptureFixture[str], kind: KeyType
) -> None:
    code, out, err = _run(capsys, "client-key", "new", "new.pem", "--type", kind.value)
    assert (code, stat.S_IMODE(Path("new.pem").stat().st_mode)) == (0, 0o600)
    key = parse_private_key(Path("new.pem").read_bytes())
    assert json.loads(out) == {"jwk": key.jwk}
    assert "Only you can read it" in err
    assert "PRIVATE" not in out + err


def test_a_key_is_never_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("bot.pem").read_bytes()
    code, out, err = _run(capsys, "client-key", "new", "bot.pem")
    assert (code, out, Path("bot.pem").read_bytes()) == (2, "", before)
    assert "never written over" in err


def test_where_no_file_can_be_the_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be written" in _run(capsys, "client-key", "new", "nowhere/new.pem")[2]
    assert "cannot be written" in _run(capsys, "client-key", "new", "a\0b")[2]


def test_a_key_with_operator_and_issuer_is_printed_with_its_proof(capsys: pytest.CaptureFixture[str]) -> None:
    whom = ["--operator", BANK, "--issuer", "https://guarantor.example"]
    code, out, _ = _run(capsys, "client-key", "new", "new.pem", whom)
    assert code == 0
    assert json.loads(out).keys() == {"jwk", "proof"}
    again = json.loads(_run(capsys, "client-key", "prove", "new.pem", whom)[1])
    assert again["jwk"] == json.loads(out)["jwk"]
    assert again["proof"] != json.loads(out)["proof"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KeyType))
def test_a_key_is_registered_signs_and_is_rotated_with_no_other_tool(
    capsys: pytest.CaptureFixture[str], listening: tuple[Deployment, str], kind: KeyType
) -> None:
    made, url = listening
    Path("admin.key").write_text(made.new_key(role=Role.ADMIN, operator_id=BANK))
    admin = ["--api-key-file", "admin.key", "--url", url]
    assert _run(capsys, "client-key", "new", "first.pem", "--type", kind.value)[0] == 0
    register = ["client-key", "register", "first.pem", "--operator", BANK]
    code, out, _ = _run(capsys, register, "--name", "bot", "--role", "signer", "--ai-system", "saga", admin)
    assert code == 0
    client_id = out.strip()
    signing = ["--client-id", client_id, "--url", url, "--ai-system", "saga"]
    code, out, err = _run(capsys, "sign", "message.txt", _SIGN, signing, "--client-key", "first.pem", "--json")
    assert (code, err) == (0, "")
    sealed = json.loads(out)
    assert _run(capsys, "client-key", "new", "next.pem")[0] == 0
    code, out, _ = _run(capsys, "client-key", "register", "next.pem", "--operator", BANK, "--client", client_id, admin)
    assert (code, out.strip()) == (0, parse_private_key(Path("next.pem").read_bytes()).thumbprint)
    code, out, _ = _run(capsys, "sign", "message.txt", _SIGN, signing, "--client-key", "next.pem", "--json")
    assert (code, json.loads(out)["log"]["index"] > sealed["log"]["index"]) == (0, True)
    with reading(made.services.engine) as connection:
        (client,) = [each for each in list_clients(connection, operator_id=BANK) if each.id == client_id]
    assert (client.ai_system, len(client.keys)) == ("saga", 2)


@pytest.mark.slow
def test_a_client_of_another_operator_is_refused_by_its_proof(
    capsys: pytest.CaptureFixture[str], listening: tuple[Deployment, str]
) -> None:
    made, url = listening
    Path("admin.key").write_text(made.new_key(role=Role.ADMIN, operator_id=BANK))
    register = ["client-key", "register", "bot.pem", "--operator", "annan", "--name", "bot", "--role", "signer"]
    code, out, err = _run(capsys, register, "--api-key-file", "admin.key", "--url", url)
    assert (code, out) == (2, "")
    assert "sub is the operator's id" in err


@pytest.mark.slow
def test_an_auditor_reads_a_log_as_a_client(
    capsys: pytest.CaptureFixture[str], listening: tuple[Deployment, str]
) -> None:
    made, url = listening
    Path("admin.key").write_text(made.new_key(role=Role.ADMIN, operator_id=BANK))
    register = ["client-key", "register", "bot.pem", "--operator", BANK, "--name", "audit", "--role", "auditor"]
    _, out, _ = _run(capsys, register, "--api-key-file", "admin.key", "--url", url)
    made.sign()
    audit = ["audit", "log", url, "--log", BANK, "--no-bar", "--json"]
    with_client = json.loads(_run(capsys, audit, "--client-id", out.strip(), "--client-key", "bot.pem")[1])
    with_nothing = json.loads(_run(capsys, audit)[1])
    assert [told["logs"][1]["entries_checked"] for told in (with_client, with_nothing)] == [True, False]


# --- asking with it ---


def test_the_environment_may_say_who_asks_and_an_option_wins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, service: PlayedService
) -> None:
    monkeypatch.setenv("SIGILL_URL", service.url)
    service.replies |= {
        _META: reply({"issuer": "https://guarantor.example"}),
        _TOKEN: reply({"access_token": "t", "expires_in": 600}),
        "/v1/messages": problem("request-invalid", 422, detail="no"),
    }
    monkeypatch.setenv("SIGILL_CLIENT_ID", _ID)
    monkeypatch.setenv("SIGILL_CLIENT_KEY", "bot.pem")
    Path("key").write_text("sk")
    _run(capsys, "sign", "message.txt", _SIGN)
    _run(capsys, "sign", "message.txt", _SIGN, "--api-key-file", "key")
    monkeypatch.delenv("SIGILL_CLIENT_ID")
    monkeypatch.setenv("SIGILL_API_KEY", "sk-of-the-environment")
    _run(capsys, "sign", "message.txt", _SIGN, "--client-id", _ID, "--client-key", "bot.pem")
    shown = [each.headers["Authorization"] for each in service.requests if each.path == "/v1/messages"]
    assert shown == ["Bearer t", "Bearer sk", "Bearer t"]


def test_a_refused_client_is_told_why(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    service.replies |= {
        _META: reply({"issuer": "https://guarantor.example"}),
        _TOKEN: reply({"error": "invalid_client", "error_description": "there is no such client"}, status=400),
    }
    who = ["--client-id", _ID, "--client-key", "bot.pem", "--url", service.url]
    code, out, err = _run(capsys, "sign", "message.txt", _SIGN, who)
    assert (code, out) == (2, "")
    assert "there is no such client. Check the client's id and key" in err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--client-id", _ID], "A client needs both"),
        (["--client-key", "bot.pem"], "A client needs both"),
        (["--client-id", "bot", "--client-key", "bot.pem"], "`cl-` and 20 letters"),
        (["--client-id", _ID, "--client-key", "bot.pem", "--api-key-file", "key"], "Give one of them"),
        (["--client-id", _ID, "--client-key", "none.pem"], "none.pem cannot be read"),
        (["--client-id", _ID, "--client-key", "a\0b"], "cannot be read"),
        (["--client-id", _ID, "--client-key", "open.pem"], "can be read by others. Only its owner may: chmod 600"),
        (["--client-id", _ID, "--client-key", "text.pem"], "no private key in PEM"),
        (["--api-key-file", "empty"], "There is no key in empty"),
        ([], "Or ask as a client: --client-id ID --client-key FILE"),
    ],
)
@pytest.mark.parametrize("command", [["sign", "message.txt", *_SIGN], ["withdraw", "01", "--reason", "fraud"]])
def test_credentials_that_cannot_be_used_get_a_sentence_before_anything_is_sent(
    capsys: pytest.CaptureFixture[str], command: list[str], given: list[str], says: str
) -> None:
    _write_key("open.pem", mode=0o640)
    _write_key("text.pem", data=b"hello")
    _write_key("key", data=b"sk")
    _write_key("empty", data=b"\n")
    code, out, err = _run(capsys, command, given, "--url", "http://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert says in err


def test_two_kinds_of_credentials_in_the_environment_are_not_chosen_between(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"API_KEY": "sk", "CLIENT_ID": _ID, "CLIENT_KEY": "bot.pem"}.items():
        monkeypatch.setenv(f"SIGILL_{name}", value)
    code, _, err = _run(capsys, "sign", "message.txt", _SIGN)
    assert (code, "Give one of them" in err) == (2, True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--name", "bot"], "A new client needs --name and --role"),
        (["--client", _ID, "--role", "signer"], "with --client, leave these options out"),
    ],
)
def test_registering_a_client_and_a_further_key_are_told_apart(
    capsys: pytest.CaptureFixture[str], given: Any, says: str
) -> None:
    code, _, err = _run(capsys, "client-key", "register", "bot.pem", "--operator", BANK, given)
    assert code == 2
    assert says in err
