"""`sigill verify --trust`: every answer with no network whatsoever."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.encoding.base64url import format_base64url
from sigill.report.answers import Answer
from sigill.report.words import words
from sigill.seal.disclosures import AddressType, Name
from sigill.text.links import link_hash
from sigill.vocabulary import Authorship, Language
from tests.builders_seal import TEXT, Case, MemorySigner, make_actor, make_case, make_trust

_NOW = datetime.now(UTC)
_LINK = "https://exempelbanken.example/kort"
_FILE = b"%PDF-1.7"
_CASE = make_case(at=_NOW)
_MEMBERS = {
    "answer", "reason", "headline", "why", "next", "checks", "sender", "acting", "authorship", "channel", "purpose",
    "sealed_at", "sent_at", "conversation", "decision", "content", "log", "seal", "proof", "receipt",
    "withdrawn_at", "newer_version_at",
}  # fmt: skip
_EMAIL = ("--recipient", "Anna.Berg@Example.se")


@dataclass(frozen=True)
class Shell:
    """Runs the command line in a folder that holds a case's files."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def put(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def put_case(self, case: Case, *, text: str | None = None) -> list[str]:
        """Return the arguments that verify a case offline."""
        return [
            "verify",
            self.put("message.txt", case.embedded if text is None else text),
            "--seal",
            self.put("seal.txt", case.seal + "\n"),
            "--trust",
            self.put("trust.json", case.trust_file),
            "--receipt",
            self.put("receipt.tlog-proof", case.receipt or ""),
        ]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = main(arguments)
        out, err = self.capture.readouterr()
        return code, out, err

    def report(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, out, err = self.run(*arguments, "--json")
        assert err == ""
        return code, json.loads(out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "SIGILL_URL", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys)


def _expired() -> Case:
    return make_case(at=_NOW - timedelta(days=400))


def _unknown_key(*, as_of: datetime) -> Case:
    return replace(_CASE, trust=make_trust(_CASE.log, MemorySigner(60).published(), as_of=as_of))


_ANSWERS: dict[str, tuple[Callable[[], Case], dict[str, Any], int, str]] = {
    "genuine": (lambda: _CASE, {}, 0, "genuine"),
    "no recipient": (lambda: _CASE, {"recipient": ()}, 1, "give_recipient"),
    "a footer": (lambda: _CASE, {"text": f"{TEXT}\n\nRing 08-123!"}, 1, "partly_covered"),
    "altered text": (lambda: _CASE, {"text": TEXT.replace("kort", "kart")}, 1, "text_altered"),
    "other recipient": (lambda: _CASE, {"recipient": ("--recipient", "bo@example.se")}, 1, "other_recipient"),
    "unknown key": (lambda: _unknown_key(as_of=_NOW), {}, 1, "key_unknown"),
    "trust file older than the seal": (
        lambda: _unknown_key(as_of=_NOW - timedelta(days=1)),
        {},
        3,
        "key_list_too_old",
    ),
    "receipt of another seal": (
        lambda: replace(_CASE, receipt=make_case("Another").receipt),
        {},
        1,
        "not_in_the_log",
    ),
    "hidden characters": (lambda: _CASE, {"text": TEXT.replace("kort", "ko\u200brt")}, 3, "hidden_characters"),
    "expired": (_expired, {}, 3, "expired"),
    "a test operator": (lambda: make_case(at=_NOW, test=True), {}, 3, "test_seal"),
    "another guarantor": (
        lambda: replace(_CASE, trust=replace(_CASE.trust, issuer="https://other.example")),
        {},
        3,
        "guarantor_unknown",
    ),
    "no disclosure of the text": (lambda: replace(_CASE, seal=_CASE.without(Name.MSG)), {}, 3, "content_not_openable"),
}


@pytest.mark.parametrize("name", _ANSWERS)
def test_every_answer_has_its_reason_and_exit_code(shell: Shell, name: str) -> None:
    make, change, code, reason = _ANSWERS[name]
    case = make()
    arguments = shell.put_case(case, text=change.get("text"))
    got, report = shell.report(*arguments, *change.get("recipient", _EMAIL))
    assert (got, report["reason"]) == (code, reason)
    assert set(report) == _MEMBERS


@pytest.mark.parametrize("name", _ANSWERS)
def test_the_words_begin_with_the_answer_and_end_with_what_to_do(shell: Shell, name: str) -> None:
    make, change, code, _ = _ANSWERS[name]
    arguments = shell.put_case(make(), text=change.get("text"))
    got, out, err = shell.run(*arguments, *change.get("recipient", _EMAIL))
    assert (got, err) == (code, "")
    first = {0: ("This message is genuine",), 1: ("One step left", "This message is not"), 3: ("We cannot say",)}
    assert out.startswith(first[code])
    assert out.index("What to do now:") > out.index("Who made the seal")
    assert ("Exempelbanken" in out) == (make().judge().proven is not None)
    assert "\x1b" not in out


def test_a_genuine_message_is_told_in_full(shell: Shell) -> None:
    _, out, _ = shell.run(*shell.put_case(_CASE), *_EMAIL)
    lines = out.splitlines()
    assert lines[0] == "This message is genuine"
    assert "From: Exempelbanken (NTRSE-5560000001)" in lines
    assert any(line.startswith("Person or AI?: Exempelbanken says an AI system wrote") for line in lines)
    assert f"When: Sealed {_NOW:%Y-%m-%d %H:%M} UTC" in lines
    assert "Sent as: Chat" in lines
    assert any(line.split()[:1] == ["Proven"] and "The signature" in line for line in lines)
    assert any(line.strip().startswith("Not checked  The links") for line in lines)


def test_a_message_sealed_afterwards_says_both_times(shell: Shell) -> None:
    sent = (_NOW - timedelta(hours=2)).replace(microsecond=0)
    case = make_case(at=_NOW, change=lambda claims: replace(claims, sent=sent, late=True))
    _, out, _ = shell.run(*shell.put_case(case), *_EMAIL)
    assert f"When: Sent {sent:%Y-%m-%d %H:%M} UTC, sealed afterwards {_NOW:%Y-%m-%d %H:%M} UTC" in out


def test_what_the_seal_does_not_cover_is_shown_apart(shell: Shell) -> None:
    _, out, _ = shell.run(*shell.put_case(_CASE, text=f"Obs!\n\n{TEXT}\n\nRing \x1b[31m08-123"), *_EMAIL)
    assert out.startswith("We cannot say")  # the escape is a hidden character
    _, out, _ = shell.run(*shell.put_case(_CASE, text=f"Obs!\n\n{TEXT}\n\nRing 08-123"), *_EMAIL)
    covered, _, rest = out.partition("Not covered by the seal:")
    assert "  | Ditt nya kort är på väg." in covered
    assert "  | Obs!\n  | Ring 08-123" in rest


def test_the_report_as_json_keeps_its_shape(shell: Shell) -> None:
    code, report = shell.report(*shell.put_case(_CASE), *_EMAIL)
    assert code == 0
    assert report["sender"] == {
        "id": "exempelbanken",
        "name": "Exempelbanken",
        "identifier": "NTRSE-5560000001",
        "industry": "bank",
        "assurance_level": 2,
        "environment": "live",
        "state_now": None,
        "successor": None,
        "demonstration": None,
        "page": "https://guarantor.example/registry/operators/exempelbanken",
    }
    assert report["authorship"]["by"] == "ai"
    assert report["authorship"]["ai_system"] == {
        "name": "exempel-assistent",
        "provider": "Exempel AB",
        "model": "m-1",
        "operator": "exempelbanken",
    }
    assert report["acting"] is None
    assert report["log"] == {"origin": _CASE.log.origin, "index": 0}
    assert report["content"] == {"matched": TEXT, "before": "", "after": ""}
    assert report["decision"]["enquiry"] == "informational"
    assert report["conversation"]["seq"] == 1
    assert report["proof"] == _CASE.receipt
    assert [check["check"] for check in report["checks"]][:2] == ["issuer", "signature"]
    assert set(report["checks"][0]) == {"check", "outcome", "detail", "words"}


@pytest.mark.parametrize("language", list(Language))
def test_offline_it_says_who_sealed_for_the_sender_in_every_language(shell: Shell, language: Language) -> None:
    actor = make_actor(since=_NOW.replace(microsecond=0))
    case = make_case(at=_NOW, change=lambda claims: replace(claims, act=actor))
    arguments = (*shell.put_case(case), *_EMAIL, "--language", language.value)
    _, out, _ = shell.run(*arguments)
    said = " ".join(out.split())
    assert (
        words(language).label("sent_for", principal="Exempelbanken", agent="Kundsvar", time=f"{_NOW:%Y-%m-%d}") in said
    )
    _, report = shell.report(*shell.put_case(case), *_EMAIL)
    assert report["acting"] == {
        "id": "kundsvar",
        "name": "Kundsvar",
        "identifier": actor.id,
        "mandate": actor.mandate,
        "since": actor.since.isoformat(),
        "words": f"Sent for Exempelbanken by Kundsvar, under a mandate since {_NOW:%Y-%m-%d}.",
        "page": actor.sub,
    }


@pytest.mark.parametrize("language", list(Language))
def test_a_test_seal_says_so_whatever_else_is_found(shell: Shell, language: Language) -> None:
    case = make_case(at=_NOW, test=True)
    for text in (None, "Other words"):
        _, out, _ = shell.run(*shell.put_case(case, text=text), *_EMAIL, "--language", language.value)
        assert words(language).label("test_environment") in out


def test_a_human_s_message_names_no_system(shell: Shell) -> None:
    case = make_case(at=_NOW, by=Authorship.HUMAN, change=lambda claims: replace(claims, conv=None))
    _, report = shell.report(*shell.put_case(case), *_EMAIL)
    assert report["authorship"]["ai_system"] is None
    assert report["conversation"] is None


def test_nothing_about_the_sender_is_said_before_the_signature_is_proven(shell: Shell) -> None:
    _, report = shell.report(*shell.put_case(_unknown_key(as_of=_NOW)), *_EMAIL)
    assert all(report[name] is None for name in ("sender", "authorship", "sealed_at", "decision", "log", "seal"))


def test_without_a_receipt_the_log_is_not_checked(shell: Shell) -> None:
    arguments = shell.put_case(_CASE)[:-2]
    code, report = shell.report(*arguments, *_EMAIL)
    assert (code, report["reason"]) == (3, "log_not_checked")
    assert report["log"]["index"] is None
    assert report["decision"] is not None


def test_a_seal_without_its_decision_shows_none(shell: Shell) -> None:
    case = replace(_CASE, seal=_CASE.without(Name.DEC), trust=replace(_CASE.trust, logs={}))
    _, report = shell.report(*shell.put_case(case), *_EMAIL)
    assert report["decision"] is None
    assert report["log"]["origin"] is None


def test_a_seal_may_be_the_file_and_the_text_beside_it(shell: Shell) -> None:
    _, message, _, seal, *offline = shell.put_case(_CASE)
    assert shell.run("verify", seal, "--content", message, *offline, *_EMAIL)[0] == 0
    code, report = shell.report("verify", seal, *offline, *_EMAIL)
    assert (code, report["reason"]) == (1, "give_content")


def test_a_seal_inside_the_text_is_found(shell: Shell) -> None:
    *_, trust, flag, receipt = shell.put_case(_CASE)
    both = shell.put("both.txt", f"{TEXT}\n\n{_CASE.seal}\n")
    assert shell.run("verify", both, "--trust", trust, flag, receipt, *_EMAIL)[0] == 0
    other = shell.put("other.txt", "Something else")
    code, report = shell.report("verify", both, "--content", other, "--trust", trust, flag, receipt, *_EMAIL)
    assert (code, report["reason"]) == (1, "text_altered")


def test_a_text_without_a_seal_is_unsigned_not_fake(shell: Shell) -> None:
    trust = shell.put("trust.json", _CASE.trust_file)
    code, report = shell.report("verify", shell.put("plain.txt", "Hej!"), "--trust", trust)
    assert (code, report["reason"], report["checks"]) == (3, "unsigned", [])
    _, out, _ = shell.run("verify", shell.put("plain.txt", "Hej!"), "--trust", trust)
    assert "There is no seal here" in out


def test_a_code_needs_the_service_or_the_seal(shell: Shell) -> None:
    trust = shell.put("trust.json", _CASE.trust_file)
    code, out, err = shell.run("verify", shell.put("message.txt", _CASE.embedded), "--trust", trust)
    assert (code, out) == (3, "")
    assert "Give the seal with --seal" in err


def test_links_and_attachments_are_compared(shell: Shell) -> None:
    file_hash = format_base64url(hashlib.sha256(_FILE).digest())
    case = make_case(at=_NOW, links=[_LINK], files=[file_hash])
    assert case.disclosures[2].value == [format_base64url(link_hash(_LINK))]
    arguments = [*shell.put_case(case), *_EMAIL]
    attachment = shell.put("a.pdf", _FILE)
    code, report = shell.report(*arguments, "--link", _LINK, "--attachment", attachment)
    outcomes = {check["check"]: check["outcome"] for check in report["checks"]}
    assert (code, outcomes["links"], outcomes["files"]) == (0, "passed", "passed")
    assert shell.report(*arguments, "--link", "https://evil.example")[1]["reason"] == "links_altered"
    other = shell.put("b.pdf", b"other")
    assert shell.report(*arguments, "--attachment", other)[1]["reason"] == "files_altered"


def test_a_reference_can_be_the_recipient(shell: Shell) -> None:
    case = make_case(at=_NOW, recipient=(AddressType.REF, "customer 17"))
    assert shell.run(*shell.put_case(case), "--reference", "customer 17")[0] == 0


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({"LANG": "sv_SE.UTF-8"}, "Meddelandet är äkta"),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": "C"}, "This message is genuine"),
        ({"LC_MESSAGES": "C.UTF-8", "LANG": "sv_SE"}, "This message is genuine"),
        ({}, "This message is genuine"),
    ],
)
def test_the_language_is_the_locale_s(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], first: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    expected = words(Language.SV).answer(Answer.GENUINE) if "äkta" in first else first
    assert shell.run(*shell.put_case(_CASE), *_EMAIL)[1].startswith(expected)
    chosen = words(Language.FI).answer(Answer.GENUINE)
    assert shell.run(*shell.put_case(_CASE), *_EMAIL, "--language", "fi")[1].startswith(chosen)


def test_colour_is_for_terminals_that_want_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*shell.put_case(_CASE), *_EMAIL]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert shell.run(*arguments)[1].startswith("\x1b[1;32mThis message is genuine\x1b[0m")
    monkeypatch.setenv("NO_COLOR", "1")
    assert shell.run(*arguments)[1].startswith("This message is genuine\n")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shell.run(*arguments)[1]


def test_a_sender_s_name_cannot_steer_the_terminal(shell: Shell) -> None:
    case = make_case(at=_NOW, change=lambda claims: replace(claims, op=replace(claims.op, name="Bank\u202eevil")))
    _, out, _ = shell.run(*shell.put_case(case), *_EMAIL)
    assert "Bank\\u{202E}evil" in out
    assert "\u202e" not in out


# --- what cannot be used: exit code 2, one sentence, no traceback ---


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "There is nothing in FILE"),
        (b" \n", "There is nothing in FILE"),
        (b"\xff\xfe", "is not UTF-8 text (at byte 0)"),
        (b"a\x00b", "holds zero bytes"),
        (b"a" * 1_100_000, "is longer than 1048576 bytes"),
        (b"a" * 300_000, "The text is longer than 262144 bytes"),
        (_CASE.seal[:-1].encode(), "This is not a whole seal"),
        (_CASE.seal.replace("~", "", 1).encode(), "This is not a whole seal"),
    ],
    ids=["empty", "blank", "not UTF-8", "zero bytes", "huge", "long text", "cut seal", "joined seal"],
)
def test_a_file_that_cannot_be_used_is_said_to_be(shell: Shell, content: bytes, says: str) -> None:
    trust = shell.put("trust.json", _CASE.trust_file)
    code, out, err = shell.run("verify", shell.put("file", content), "--trust", trust)
    assert (code, out) == (2, "")
    assert says in err
    assert err.startswith("sigill: ")
    assert err.count("\n") == 1


def test_a_byte_order_mark_is_not_a_hidden_character(shell: Shell) -> None:
    arguments = shell.put_case(_CASE)
    shell.put("message.txt", b"\xef\xbb\xbf" + _CASE.embedded.encode())
    assert shell.run(*arguments, *_EMAIL)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["verify", "nowhere.txt"], "nowhere.txt cannot be read: No such file"),
        (["verify", "."], "Is a directory"),
        (["verify", "a\x00b"], "is no file name"),
        (["verify", "{file}", "--receipt", "{file}"], "--receipt is for work offline"),
        (["verify", "{file}", "--trust", "{file}", "--url", "https://a.example"], "Give one of them"),
        (["verify", "-", "--seal", "-"], "can be read once only"),
        (["verify", "{file}", "--trust", "{file}"], "The trust file cannot be used"),
        (["verify", "{file}", "--trust", "{trust}", "--recipient", "070"], "country code"),
        (["verify", "{file}", "--trust", "{trust}", "--seal", "{file}"], "not a whole seal"),
        (["verify", "{file}", "--trust", "{trust}", "--attachment", "nowhere"], "nowhere cannot be read"),
        (["verify", "{file}", "--trust", "{trust}", "--link", "https://a/\udc80"], "A link cannot be read"),
        (["verify", "{file}", "--language", "fr"], "invalid choice: 'fr'"),
        (["verify"], "the following arguments are required: FILE"),
        ([], "the following arguments are required: COMMAND"),
        (["vrify"], "invalid choice"),
    ],
)
def test_wrong_usage_gets_a_sentence(shell: Shell, arguments: list[str], says: str) -> None:
    places = {"file": shell.put("file.txt", "Hej"), "trust": shell.put("trust.json", _CASE.trust_file)}
    code, out, err = shell.run(*(item.format(**places) for item in arguments))
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_an_attachment_too_large_is_not_read_to_its_end(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigill.cli.files.MAX_ATTACHMENT_BYTES", 3)
    arguments = [*shell.put_case(_CASE), *_EMAIL, "--attachment", shell.put("a", b"1234")]
    code, _, err = shell.run(*arguments)
    assert code == 2
    assert "longer than 3 bytes" in err


def test_offline_needs_neither_network_nor_client_library(shell: Shell) -> None:
    arguments = [*shell.put_case(_CASE), *_EMAIL, "--json"]
    program = (
        "import socket, sys\n"
        "class NoNetwork(socket.socket):\n    def __init__(self, *a, **k): raise AssertionError('network')\n"
        "socket.socket = NoNetwork\n"
        "sys.modules['urllib3'] = sys.modules['yaml'] = None\n"
        "from sigill.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["answer"] == "genuine"


def test_standard_input_is_a_file_too(shell: Shell) -> None:
    arguments = shell.put_case(_CASE)
    arguments[1] = "-"
    program = "import sys; from sigill.cli.main import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments, *_EMAIL],
        input=_CASE.embedded.encode(),
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_narrow_terminal_gets_escapes_not_a_traceback(shell: Shell) -> None:
    program = "import sys; from sigill.cli.main import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, *shell.put_case(_CASE), *_EMAIL, "--language", "sv"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"\\xe4" in ran.stdout
