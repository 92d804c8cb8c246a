"""`sigill sign --batch`: a file of messages, cut off and taken up again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.batch import run_key
from sigill.cli.main import main
from tests.builders_contract import Service, contract_service

TEXTS = [f"Hej! Kort nummer {number} är på väg." for number in range(12)]
DEFAULTS = ["--authorship", "ai", "--channel", "chat", "--enquiry", "informational"]


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    monkeypatch.setattr("sigill.client.batch.chunks_of.__kwdefaults__", {"most": 5, "most_bytes": 1_000_000})
    monkeypatch.setenv("SIGILL_API_KEY", "sk-test")
    monkeypatch.chdir(tmp_path)
    with contract_service(TEXTS) as service:
        monkeypatch.setenv("SIGILL_URL", service.url)
        yield service


def write(*lines: object, name: str = "letters.jsonl") -> None:
    written = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    Path(name).write_text("\n".join(written) + "\n", "utf-8")


def batch(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[dict[str, Any]], str]:
    """Return the exit code, the results and what was told."""
    capsys.readouterr()
    code = main(["sign", "--batch", "letters.jsonl", "--retry-for", "0", *more])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, [json.loads(line) for line in out.splitlines()], err


def test_every_line_is_sealed_in_order(capsys: pytest.CaptureFixture[str], contract: Service) -> None:
    write(*({"text": text} for text in TEXTS))
    code, results, told = batch(capsys, *DEFAULTS, "--run", "november")
    assert code == 0
    assert contract.log == TEXTS
    assert [result["line"] for result in results] == list(range(1, 13))
    assert {result["status"] for result in results} == {"sealed"}
    assert all(result["embedded_text"].startswith(text) for result, text in zip(results, TEXTS, strict=True))
    assert {"id", "seal", "code", "link", "receipt", "log", "decision"} <= set(results[0])
    assert "Run november" in told
    assert "12 of 12: 12 sealed, 0 not" in told


def test_a_line_says_what_differs_from_the_command(contract: Service, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"text": TEXTS[1], "channel": "chat", "conversation": "c-1", "sent_at": "2026-11-22T12:00:00+01:00"}
    write(said, "", {"text": TEXTS[2]})
    code, results, _ = batch(capsys, *DEFAULTS[:2], "--channel", "sms", *DEFAULTS[4:])
    sent = json.loads(contract.bodies[0])["messages"]
    assert [item["channel"] for item in sent] == ["chat", "sms"]
    assert sent[0]["conversation"] == "c-1"
    assert sent[0]["sent_at"] == "2026-11-22T12:00:00+01:00"
    assert [result["line"] for result in results] == [1, 3]
    assert code == 11  # the played service seals for chat, which the client does not believe of an SMS
    assert results[1] | {"detail": ""} == {
        "line": 3,
        "status": "failed",
        "problem": "AnswerNotTrusted",
        "detail": "",
    }


def test_the_exit_code_says_how_many_were_not_sealed(contract: Service, capsys: pytest.CaptureFixture[str]) -> None:
    contract.refused = set(TEXTS[:3])
    write(*({"text": text} for text in TEXTS))
    code, results, told = batch(capsys, *DEFAULTS)
    assert code == 13
    assert [result["status"] for result in results] == ["refused"] * 3 + ["sealed"] * 9
    assert results[0]["instead"][0]["value"] == "ai_assisted"
    assert "9 sealed, 3 not" in told
    contract.refused = {TEXTS[0]}
    write(*[{"text": TEXTS[0]}] * 95)
    assert batch(capsys, *DEFAULTS)[0] == 99


def test_a_run_that_was_cut_off_goes_on_and_seals_nothing_twice(
    contract: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    write(*({"text": text} for text in TEXTS))
    contract.faults = ["", "drop after"]
    code, results, told = batch(capsys, *DEFAULTS)
    assert code == 3
    assert [result["status"] for result in results] == ["sealed"] * 5 + ["failed"] * 5 + ["not_sent"] * 2
    found = re.search(r"Run (\S+): if it is cut off", told)
    assert found is not None
    assert f"--run {found[1]}: nothing is sealed twice" in told
    code, again, _ = batch(capsys, *DEFAULTS, "--run", found[1])
    assert code == 0
    assert again[:5] == results[:5]
    assert contract.log == TEXTS


def test_a_service_that_comes_back_in_time_is_waited_for(contract: Service, capsys: pytest.CaptureFixture[str]) -> None:
    write({"text": TEXTS[0]})
    contract.faults = ["503"]
    code, _, told = batch(capsys, *DEFAULTS, "--retry-for", "20")
    assert code == 0
    assert "Trying again in" in told


def test_a_file_that_was_changed_is_no_longer_the_same_run(
    contract: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"text": TEXTS[0]})
    batch(capsys, *DEFAULTS, "--run", "r")
    write({"text": TEXTS[1]})
    code, results, _ = batch(capsys, *DEFAULTS, "--run", "r")
    assert code == 11
    assert results[0]["problem"] == "idempotency-key-reused"
    assert contract.log == TEXTS[:1]


def test_keys_differ_by_run_and_file() -> None:
    keys = {run_key(run, file) for run in "ab" for file in ("x.jsonl", "y.jsonl")}
    assert len(keys) == 4
    assert all(re.fullmatch(r"[\w-]{43}", key) for key in keys)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: it is not a JSON object"),
        ('{"text": "a", "text": "b"}', "line 2: "),
        ("\ufeff{}", "line 2: "),
        ({"text": 5}, "line 2: a message of a batch has a text"),
        ({"channel": "chat"}, "line 2: a message of a batch has a text"),
        ({"text": "Hej\u200b"}, "line 2: The message cannot be sealed: "),
        ({"text": "x", "authorshp": "ai"}, "line 2: unknown arguments: authorshp"),
        ({"text": "x", "sent_at": "yesterday"}, "line 2: Invalid isoformat"),
        ({"text": "x", "sent_at": "2026-11-22T12:00:00"}, "needs its offset"),
        ({"text": "x", "attachments": [1]}, "line 2: "),
        ({"text": "x", "recipient": 5}, "line 2: "),
        ({"text": "x", "links": 5}, "line 2: "),
    ],
)
def test_a_line_that_cannot_be_sealed_is_named_before_anything_is_sent(
    contract: Service, capsys: pytest.CaptureFixture[str], line: object, says: str
) -> None:
    write({"text": TEXTS[0]}, line, {"text": TEXTS[1]})
    code, results, told = batch(capsys, *DEFAULTS)
    assert code == 2
    assert results == []
    assert says in told
    assert "1 of 3 messages cannot be sealed as they are. Nothing was sent." in told
    assert contract.keys == []


def test_a_line_without_what_is_needed_is_named(contract: Service, capsys: pytest.CaptureFixture[str]) -> None:
    write({"text": TEXTS[0], "channel": "chat"})
    code, _, told = batch(capsys)
    assert code == 2
    assert "line 1: missing arguments: authorship, enquiry" in told
    assert contract.keys == []


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), ("\n \n", "holds no message"), ("x" * 1_100_000, "Line 1 of letters.jsonl is longer")],
)
def test_a_file_of_no_messages_is_said_to_be_one(
    contract: Service, capsys: pytest.CaptureFixture[str], content: str | None, says: str
) -> None:
    if content is not None:
        Path("letters.jsonl").write_text(content)
    code, _, told = batch(capsys, *DEFAULTS)
    assert code == 2
    assert says in told
    assert contract.keys == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "needs FILE, --authorship, --channel, --enquiry too"),
        (["message.txt", "--channel", "sms"], "needs --authorship, --enquiry too"),
        (["message.txt", *DEFAULTS, "--run", "x"], "--run goes with --batch"),
        (["message.txt", "--batch", "b", "--json"], "FILE, --json is said of one message"),
        (["--batch", "b", "--idempotency-key", "k"], "--idempotency-key is said of one message"),
        (["--batch", "b", "--recipient", "+46701740605"], "--recipient is said of one message"),
        (["message.txt", *DEFAULTS, "--retry-for", "long"], "a number of seconds is needed"),
        (["message.txt", *DEFAULTS, "--retry-for", "-1"], "a number of seconds is needed"),
    ],
)
def test_what_does_not_go_together_is_said(
    contract: Service, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["sign", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert contract.keys == []


def test_one_message_takes_a_key_and_the_key_of_a_failure_is_told(
    contract: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("message.txt").write_text(TEXTS[0], "utf-8")
    contract.faults = ["drop after"]
    assert main(["sign", "message.txt", *DEFAULTS, "--retry-for", "0"]) == 3
    found = re.search(r"\(This request's key: (\S+)\)", capsys.readouterr().err)
    assert found is not None
    assert main(["sign", "message.txt", *DEFAULTS, "--idempotency-key", found[1]]) == 0
    assert contract.log == TEXTS[:1]


def test_results_that_cannot_be_written_do_not_lose_the_run(
    contract: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sigill.cli.batch.say", full)
    write({"text": TEXTS[0]})
    code, _, told = batch(capsys, *DEFAULTS, "--run", "r")
    assert code == 2
    assert "No space left on device. Repeat the command with --run r" in told
    assert contract.log == TEXTS[:1]


def test_a_terminal_shows_the_progress_in_one_line(
    contract: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sigill.cli.batch._TOLD_EVERY", 2)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    write(*({"text": text} for text in TEXTS[:5]))
    told = batch(capsys, *DEFAULTS)[2]
    assert "\r2 of 5: 2 sealed, 0 not\r4 of 5: 4 sealed, 0 not\r5 of 5: 5 sealed, 0 not\n" in told
    assert contract.log == TEXTS[:5]


def test_a_file_that_changes_meanwhile_ends_the_run_with_a_sentence(
    contract: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"text": TEXTS[0]})
    monkeypatch.setattr("sigill.cli.batch._check_lines", lambda *_: [1, 2])
    code, results, told = batch(capsys, *DEFAULTS)
    assert code == 2
    assert len(results) == 1
    assert "was changed while it was read" in told
    assert contract.log == TEXTS[:1]


def test_a_line_that_is_spoilt_meanwhile_ends_the_run_with_a_sentence(
    contract: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"text": TEXTS[0]}, "{")
    monkeypatch.setattr("sigill.cli.batch._check_lines", lambda *_: [1, 2])
    code, results, told = batch(capsys, *DEFAULTS)
    assert (code, results) == (2, [])
    assert "Line 2 is no message: not JSON" in told
    assert contract.log == []


def test_whoever_reads_the_results_may_leave(
    contract: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_line: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("sigill.cli.batch.say", leave)
    monkeypatch.setattr("sigill.cli.main._leave_quietly", lambda: 3)
    write({"text": TEXTS[0]})
    assert batch(capsys, *DEFAULTS)[0] == 3
    assert contract.log == TEXTS[:1]
