"""The other commands, the service online, and how every failure is told."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sigill.cli import show
from sigill.cli.main import main
from sigill.errors import MalformedNote
from sigill.seal.token import parse_seal
from sigill.text.carrier import remove_codes
from tests.builders_seal import CODE, TEXT, make_case, make_trust
from tests.builders_service import (
    PlayedService,
    Reply,
    problem,
    refusal_members,
    reply,
    sealed_members,
    trust_members,
    verdict_members,
)

_ROOT = Path(__file__).parents[3]
_NOW = datetime.now(UTC)
_CASE = make_case(at=_NOW, recipient=None)
_VERIFY, _MESSAGES, _TRUST = "/v1/verifications", "/v1/messages", "/.well-known/sigill-trust.json"
_SIGN = ["--authorship", "ai", "--channel", "chat", "--enquiry", "informational"]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "SIGILL_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGILL_API_KEY", "sk-test")
    monkeypatch.chdir(tmp_path)
    for name, content in {"message.txt": TEXT, "seal.txt": _CASE.seal, "sent.txt": _CASE.embedded}.items():
        Path(name).write_bytes(content.encode())


def _run(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


# --- the command line as a whole ---


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, ["--version"])
    assert code == 0
    assert out.startswith("sigill ")


def test_a_version_nobody_installed_is_said_to_be_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import PackageNotFoundError

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("sigill.cli.main.version", missing)
    assert _run(capsys, ["--version"])[1] == "sigill (not installed)\n"


@pytest.mark.parametrize("command", [[], ["verify"], ["inspect"], ["sign"], ["trust"]])
def test_every_help_shows_examples(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    code, out, _ = _run(capsys, [*command, "--help"])
    assert code == 0
    assert out.partition("examples:")[2].count("\n  sigill ") == (3 if command == ["sign"] else 2)


def test_policy_works_beside_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, ["policy", "test", "--folder", "nowhere"])
    assert code == 2
    assert "no folder of policies" in err


@pytest.mark.parametrize(
    ("missing", "arguments", "says"),
    [
        ("urllib3", ["trust"], "pip install sigill[client]"),
        ("yaml", ["policy", "check", "--folder", "x", "y"], "pip install sigill[policy]"),
        ("waitress", ["witness", "serve", "--folder", "x", "--name", "w"], "pip install sigill[witness]"),
    ],
)
def test_what_is_not_installed_is_named(missing: str, arguments: list[str], says: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None\nfrom sigill.cli.main import main\nsys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_reader_who_leaves_hears_no_complaint() -> None:
    program = "import sys; from sigill.cli.main import main; sys.exit(main())"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        ran = subprocess.run(
            [sys.executable, "-c", program, "inspect", str(Path("seal.txt").absolute())],
            cwd=_ROOT,
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (3, b"")


def test_an_interrupted_command_ends_quietly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sigill.cli.inspect.read_text", interrupt)
    assert _run(capsys, ["inspect", "seal.txt"]) == (130, "", "")


def test_a_malformed_thing_nobody_foresaw_is_still_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def malformed(*_: object, **__: object) -> None:
        raise MalformedNote("a note without an end")

    monkeypatch.setattr("sigill.cli.inspect.read_text", malformed)
    assert _run(capsys, ["inspect", "it"]) == (2, "", "sigill: This is malformed: a note without an end.\n")


@pytest.mark.parametrize("name", ["sigill.cli.policy", "sigill.client.service"])
def test_a_fault_of_our_own_is_not_taken_for_a_missing_library(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(name, raising=False)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError):
        main(["trust"])


def test_output_may_go_into_a_string(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stdout", written)
    assert main(["inspect", "seal.txt"]) == 0
    assert written.getvalue().startswith("seal: well-formed")


def test_no_standard_input_at_all_is_an_empty_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert _run(capsys, ["verify", "-"])[0] == 2


# --- inspect ---


def _inspected(capsys: pytest.CaptureFixture[str], content: str | bytes) -> dict[str, Any]:
    Path("it").write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, _ = _run(capsys, ["inspect", "it", "--json"])
    assert code == 0
    value: dict[str, Any] = json.loads(out)
    assert value["status"] == "well-formed, not verified"
    return value


def test_a_seal_is_shown_with_its_claims_and_disclosures(capsys: pytest.CaptureFixture[str]) -> None:
    for content in (_CASE.seal, f"{TEXT}\n{_CASE.seal}\n"):
        value = _inspected(capsys, content)
        assert value["kind"] == "seal"
        assert value["claims"]["op"]["name"] == "Exempelbanken"
        assert value["disclosures"]["agent"] == {"ref": "agent-7"}
    code, out, _ = _run(capsys, ["inspect", "seal.txt"])
    assert code == 0
    assert out.startswith("seal: well-formed, not verified\n")
    assert "    by: ai\n" in out
    assert "    links: none\n" in out


def test_a_receipt_is_shown_with_its_checkpoint(capsys: pytest.CaptureFixture[str]) -> None:
    value = _inspected(capsys, _CASE.receipt or "")
    assert (value["kind"], value["index"], value["size"]) == ("receipt", 0, 2)
    assert value["origin"] == _CASE.log.origin
    assert value["signed_by"] == [_CASE.log.origin]
    Path("it").write_text(_CASE.receipt or "")
    assert "  path:\n    - " in _run(capsys, ["inspect", "it"])[1]


def test_a_trust_file_is_shown_with_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    value = _inspected(capsys, _CASE.trust_file)
    assert (value["kind"], value["issuer"]) == ("trust file", "https://guarantor.example")
    Path("it").write_bytes(_CASE.trust_file)
    assert "    -\n      operator: exempelbanken\n" in _run(capsys, ["inspect", "it"])[1]


@pytest.mark.parametrize("content", [_CASE.embedded, "20G3-0G2G-C1R8", "sigill 20g3 0g2g c1r8"])
def test_a_code_is_shown_wherever_it_stands(capsys: pytest.CaptureFixture[str], content: str) -> None:
    value = _inspected(capsys, content)
    assert (value["kind"], value["code"]) == ("code", "20G3-0G2G-C1R8")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Hej", "no seal, receipt, status list, trust file or code"),
        (b"", "no seal, receipt, status list, trust file or code"),
        (b"{}", "malformed"),
        (b"c2sp.org/tlog-proof@v1\nindex 1\n", "malformed"),
        (_CASE.seal.encode()[:-1], "malformed"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_none_of_them_is_exit_code_2(capsys: pytest.CaptureFixture[str], content: bytes, says: str) -> None:
    Path("it").write_bytes(content)
    code, out, err = _run(capsys, ["inspect", "it"])
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.slow
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"eyJ9.")
@example(b"{")
@example(_CASE.seal.encode().replace(b"~", b"~~"))
@example(b"\xef\xbb\xbf")
def test_random_bytes_never_cause_a_traceback(capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    Path("it").write_bytes(data)
    Path("trust.json").write_bytes(_CASE.trust_file)
    offline = ["--trust", "trust.json", "--receipt"]
    assert _run(capsys, ["inspect", "it"])[0] in {0, 2}
    assert _run(capsys, ["verify", "it", "--trust", "trust.json"])[0] in {2, 3}
    assert _run(capsys, ["verify", "message.txt", "--seal", "it", "--trust", "trust.json"])[0] == 2
    assert _run(capsys, ["verify", "message.txt", "--seal", "seal.txt", *offline, "it"])[0] in {1, 2}
    assert _run(capsys, ["verify", "message.txt", "--seal", "seal.txt", "--trust", "it"])[0] == 2


# --- trust ---


def test_the_trust_file_is_written_or_printed(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    service.replies[_TRUST] = reply(trust_members(_CASE))
    code, out, _ = _run(capsys, ["trust", "--url", service.url])
    assert code == 0
    assert json.loads(out) == trust_members(_CASE)
    code, out, err = _run(capsys, ["trust", "--url", service.url, "--out", "kept/trust.json"])
    assert (code, out) == (0, "")
    assert "Keys and logs of https://guarantor.example" in err
    assert json.loads(Path("kept/trust.json").read_text()) == trust_members(_CASE)


def test_a_place_that_cannot_be_written_is_said_to_be(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    service.replies[_TRUST] = reply(trust_members(_CASE))
    code, _, err = _run(capsys, ["trust", "--url", service.url, "--out", "message.txt/trust.json"])
    assert code == 2
    assert "cannot be written" in err


# --- verify, asking the service ---


def test_the_service_is_asked_and_its_answer_shown(
    capsys: pytest.CaptureFixture[str], service: PlayedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.replies[_VERIFY] = reply(verdict_members())
    monkeypatch.setenv("SIGILL_URL", service.url)
    code, out, _ = _run(capsys, ["verify", "sent.txt", "--recipient", "a@example.se", "--language", "sv"])
    assert code == 0
    assert "Exempelbanken says an AI system wrote and sent this" in out
    assert service.bodies(_VERIFY) == [{"text": _CASE.embedded, "recipient": "a@example.se", "language": "sv"}]


def test_the_service_s_report_is_printed_as_it_came(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    service.replies[_VERIFY] = reply(verdict_members(answer="not_genuine", reason="text_altered"))
    code, out, _ = _run(capsys, ["verify", "sent.txt", "--url", service.url, "--json"])
    assert code == 1
    assert json.loads(out) == verdict_members(answer="not_genuine", reason="text_altered")


def test_seal_and_text_go_to_the_service_in_their_places(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    service.replies[_VERIFY] = reply(verdict_members())
    _run(capsys, ["verify", "message.txt", "--seal", "seal.txt", "--url", service.url])
    _run(capsys, ["verify", "seal.txt", "--content", "message.txt", "--url", service.url])
    first, second = service.bodies(_VERIFY)
    assert (first["seal"], first["content"]) == (_CASE.seal, TEXT)
    assert (second["text"], second["content"]) == (_CASE.seal, TEXT)


@pytest.mark.parametrize(
    ("answer", "code"),
    [("genuine", 0), ("incomplete", 1), ("not_genuine", 1), ("not_us_not_now", 1), ("cannot_say", 3)],
)
def test_each_answer_has_its_exit_code(
    capsys: pytest.CaptureFixture[str], service: PlayedService, answer: str, code: int
) -> None:
    service.replies[_VERIFY] = reply(verdict_members(answer=answer))
    assert _run(capsys, ["verify", "sent.txt", "--url", service.url])[0] == code


def test_a_strange_report_is_shown_as_far_as_it_can_be(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    check = {"check": "moon", "outcome": "maybe", "detail": "x", "words": "A \u202eword"}
    service.replies[_VERIFY] = reply(
        verdict_members(checks=[check], channel=["chat"], sealed_at="soon", content="text", why="\x1b[2J")
    )
    code, out, _ = _run(capsys, ["verify", "sent.txt", "--url", service.url])
    assert code == 0
    assert "maybe" in out
    assert "moon: A \\u{202E}word" in out
    assert "When: Sealed soon" in out
    assert "\x1b" not in out


def test_a_report_without_a_sender_shows_none(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    service.replies[_VERIFY] = reply(verdict_members(answer="cannot_say", sender=None, checks=[]))
    _, out, _ = _run(capsys, ["verify", "sent.txt", "--url", service.url])
    assert "From:" not in out


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (reply({}, status=503, Retry_After="9"), 3, "(The service says: after 9 seconds.)"),
        (reply({}, status=502), 3, "Try again later."),
        (Reply(200, b"<html>", "text/html"), 3, "Check that the address is the service's"),
        (problem("malformed-seal", 422, detail="no seal", next="Copy it again."), 2, "no seal. Copy it again."),
    ],
)
def test_what_the_service_cannot_do_is_told(
    capsys: pytest.CaptureFixture[str], service: PlayedService, answer: Reply, code: int, says: str
) -> None:
    service.replies[_VERIFY] = answer
    got, out, err = _run(capsys, ["verify", "sent.txt", "--url", service.url])
    assert (got, out) == (code, "")
    assert says in err


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("http://127.0.0.1:9", 3, "cannot be reached"),
        ("http://sigill.example", 2, "Use https"),
        ("nonsense", 2, "no address"),
    ],
)
def test_an_address_that_does_not_work_is_told(
    capsys: pytest.CaptureFixture[str], url: str, code: int, says: str
) -> None:
    got, _, err = _run(capsys, ["verify", "sent.txt", "--url", url])
    assert got == code
    assert says in err


# --- sign ---


def _play(service: PlayedService) -> None:
    service.replies[_MESSAGES] = reply(sealed_members(_CASE), status=201)
    service.replies[_TRUST] = reply(trust_members(_CASE))


def test_the_text_to_send_is_printed_and_everything_else_told(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    _play(service)
    code, out, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url])
    assert code == 0
    assert out == _CASE.embedded + "\n"
    assert remove_codes(out) == (TEXT, CODE)
    assert "code: 20G3-0G2G-C1R8" in err
    assert "link: https://sigill.example/s/" in err
    assert "owed: Say that an AI writes (law, within 0 minutes)" in err
    assert "show (ai_inline): Du skriver med en AI." in err


def test_the_parts_are_written_to_a_folder_and_verify_offline(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    _play(service)
    code, out, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url, "--out", "sealed"])
    assert (code, out) == (0, "")
    assert "are in sealed" in err
    _run(capsys, ["trust", "--url", service.url, "--out", "trust.json"])
    parts = ["--seal", "sealed/seal.txt", "--receipt", "sealed/receipt.tlog-proof", "--trust", "trust.json"]
    assert _run(capsys, ["verify", "sealed/message.txt", *parts])[0] == 0
    parse_seal(Path("sealed/seal.txt").read_text().strip())


def test_the_answer_is_printed_as_json(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    _play(service)
    code, out, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url, "--json"])
    assert (code, err) == (0, "")
    assert json.loads(out) == sealed_members(_CASE) | {"embedded_text": _CASE.embedded}


def test_every_option_is_sent_in_its_place(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    service.replies[_MESSAGES] = problem("request-invalid", 422, detail="no")
    Path("key").write_text("sk-from-file\n")
    options = {
        "--purpose": "service", "--direction": "inbound", "--language": "sv", "--disclosure": "inline",
        "--draft": "ai", "--role": "operator", "--conversation": "chat-81", "--ai-system": "assistant",
        "--agent": "agent-7", "--jurisdiction": "SE", "--reference": "customer 17", "--scope": "intake_only",
        "--link": "https://a.example", "--attachment": "seal.txt", "--sent-at": "2026-11-22T12:00:00+01:00",
        "--api-key-file": "key", "--on-behalf-of": "exempelbanken", "--ai-of": "kundsvar",
    }  # fmt: skip
    given_options = [part for pair in options.items() for part in pair]
    code, _, err = _run(capsys, ["sign", "message.txt", *_SIGN, *given_options, "--vulnerable", "--url", service.url])
    assert code == 2
    assert "no." in err
    body = service.bodies(_MESSAGES)[0]
    assert body["customer"] == {"jurisdiction": "SE", "vulnerable": True}
    assert body["recipient"] == {"reference": "customer 17"}
    assert body["ai"] == {"system": "assistant", "of": "kundsvar"}
    assert body["on_behalf_of"] == "exempelbanken"
    assert body["attachments"][0]["name"] == "seal.txt"
    assert body["sent_at"] == "2026-11-22T12:00:00+01:00"
    assert (body["scope"], body["draft"], len(body["digest"]["links"])) == (["intake_only"], "ai", 1)
    assert service.requests[0].headers["Authorization"] == "Bearer sk-from-file"


def test_a_refusal_shows_rule_basis_source_and_what_would_be_allowed(
    capsys: pytest.CaptureFixture[str], service: PlayedService
) -> None:
    service.replies[_MESSAGES] = problem("policy-refusal", 403, **refusal_members())
    code, out, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url])
    assert (code, out) == (1, "")
    assert err == (
        "Refused: the policy denies this message. Nothing was sealed.\n"
        "  rule bank.credit.ai (law in some cases): An AI may not decide on credit alone.\n"
        "    source: GDPR, Art. 22, https://eur-lex.example/gdpr\n"
        "  instead, authorship ai_assisted: Let a person read and release it.\n"
        "The refusal is in your log as 01JD8Z6Q2V4T7M9K3C5B1A0XYZ.\n"
    )
    _, out, _ = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url, "--json"])
    assert json.loads(out)["decision_id"] == "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"


def test_a_refusal_of_another_shape_is_still_told(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    rules = [{"id": "a", "why": "w", "sources": ["s", {"id": "b"}]}]
    service.replies[_MESSAGES] = problem("policy-refusal", 403, rules=rules)
    code, _, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url])
    assert code == 1
    assert '    source: "s"\n    source: b\n' in err
    assert "in your log" not in err


def test_a_seal_that_proves_nothing_is_not_printed(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    _play(service)
    service.replies[_MESSAGES] = reply(sealed_members(make_case("Another", recipient=None)), status=201)
    code, out, err = _run(capsys, ["sign", "message.txt", *_SIGN, "--url", service.url])
    assert (code, out) == (3, "")
    assert "Do not send this seal" in err


def test_a_trust_file_pins_the_keys(capsys: pytest.CaptureFixture[str], service: PlayedService) -> None:
    _play(service)
    del service.replies[_TRUST]
    Path("trust.json").write_bytes(_CASE.trust_file)
    arguments = ["sign", "message.txt", *_SIGN, "--url", service.url, "--trust", "trust.json"]
    assert _run(capsys, arguments)[0] == 0
    other = replace(_CASE, trust=replace(make_trust(_CASE.log), issuer="https://other.example"))
    Path("trust.json").write_bytes(other.trust_file)
    assert _run(capsys, arguments)[0] == 3
    Path("trust.json").write_bytes(b"{}")
    code, _, err = _run(capsys, arguments)
    assert code == 2
    assert "The trust file cannot be used" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sign", "message.txt"], "needs --authorship, --channel, --enquiry too"),
        (["sign", "message.txt", *_SIGN, "--purpose", "fun"], "invalid choice: 'fun' (choose from 'service'"),
        (["sign", "message.txt", *_SIGN, "--recipient", "070"], "country code"),
        (["sign", "message.txt", *_SIGN, "--sent-at", "2026-11-22"], "needs its offset"),
        (["sign", "message.txt", *_SIGN, "--sent-at", "soon"], "invalid aware_time value"),
        (["sign", "sent.txt", *_SIGN], "already carries a Sigill code"),
        (["sign", "message.txt", *_SIGN, "--api-key-file", "seal.txt"], "longer than 1024 bytes"),
        (["sign", "-", *_SIGN, "--api-key-file", "-"], "can be read once only"),
    ],
)
def test_wrong_usage_of_sign_gets_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = _run(capsys, arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_signing_needs_a_key_and_never_takes_it_as_an_argument(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIGILL_API_KEY")
    code, _, err = _run(capsys, ["sign", "message.txt", *_SIGN])
    assert code == 2
    assert "SIGILL_API_KEY" in err
    assert _run(capsys, ["sign", "message.txt", *_SIGN, "--api-key", "sk"])[0] == 2


# --- showing ---


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Åsa\t1", "Åsa\t1"), ("a\x1b[2J", "a\\u{001B}[2J"), ("\u202e", "\\u{202E}"), ("\ud800", "\\u{D800}"), (7, "7")],
)
def test_nothing_shown_can_steer_a_terminal(text: object, shown: str) -> None:
    assert show.harmless(text) == shown
