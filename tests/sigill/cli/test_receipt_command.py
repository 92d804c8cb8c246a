"""`sigill receipt` and witnesses on the command line: fetching what to keep, and checking it with one's own policy."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.tlog.log_policy import format_log_policy
from tests.builders_root import ROOT_ORIGIN, make_policy, witnessed
from tests.builders_seal import SIGNER, MemoryLog, make_case, make_trust
from tests.builders_service import PlayedService, Reply, played_service, reply

_NOW = datetime.now(UTC).replace(microsecond=0)
_MADE = make_case(at=_NOW, recipient=None)
_TRUSTED = replace(_MADE, trust=make_trust(_MADE.log, SIGNER.published(around=_NOW), as_of=_NOW))
_CASE = witnessed(_TRUSTED, times={"W1": _NOW, "W2": _NOW})
_VERDICT: dict[str, Any] = {
    "answer": "incomplete",
    "reason": "give_content",
    "headline": "One step left",
    "why": "Give the text.",
    "next": "Give it.",
    "checks": [],
    "receipt": "a.b.c",
    "proof": _CASE.receipt,
}


def _answer(**changes: Any) -> Reply:
    return reply(_VERDICT | changes)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    root = MemoryLog(ROOT_ORIGIN, seed=8)
    for name, content in {
        "message.txt": _CASE.embedded,
        "seal.txt": _CASE.seal,
        "trust.json": _CASE.trust_file.decode(),
        "receipt": _CASE.receipt or "",
        "both": format_log_policy(make_policy(root, quorum="both")),
        "none": format_log_policy(make_policy(root, quorum=None)),
        "broken": "quorum x\n",
    }.items():
        Path(name).write_bytes(content.encode())
    with played_service() as played:
        monkeypatch.setenv("SIGILL_URL", played.url)
        yield played


def test_a_receipt_is_written_and_what_it_proves_is_told(
    service: PlayedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.replies["/v1/verifications"] = _answer()
    assert main(["receipt", "seal.txt", "--trust", "trust.json", "--out", "kept"]) == 0
    assert Path("kept").read_text() == _CASE.receipt
    told = capsys.readouterr().err
    assert "The receipt is in kept." in told
    assert "Enough independent witnesses have confirmed that everybody is shown the same log." in told
    assert f"{_NOW:%Y-%m-%d %H:%M:%S} UTC" in told


def test_only_the_signed_part_of_the_seal_is_sent(service: PlayedService) -> None:
    service.replies["/v1/verifications"] = _answer()
    assert main(["receipt", "seal.txt", "--trust", "trust.json", "--out", "kept"]) == 0
    assert service.requests[-1].body == {"seal": _CASE.parsed.jws.text + "~"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_answer(proof=None, why="The log is away."), "The service has no receipt for this seal"),
        (_answer(proof=make_case("Another", number=2).receipt), "does not prove that the seal is in the log"),
    ],
)
@pytest.mark.usefixtures("service")
def test_a_receipt_that_proves_nothing_is_not_kept(
    answer: Reply, says: str, service: PlayedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.replies["/v1/verifications"] = answer
    assert main(["receipt", "seal.txt", "--trust", "trust.json", "--out", "kept"]) == 3
    assert says in capsys.readouterr().err
    assert not Path("kept").exists()


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ([], "Enough independent witnesses"),
        (["--log-policy", "both"], "Enough independent witnesses"),
        (["--log-policy", "none"], "No independent witness is asked for here"),
    ],
)
@pytest.mark.usefixtures("service")
def test_offline_the_verifiers_own_witnesses_count(
    policy: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offline = ["--seal", "seal.txt", "--trust", "trust.json", "--receipt", "receipt", *policy]
    assert main(["verify", "message.txt", *offline]) == 0
    assert words in capsys.readouterr().out


@pytest.mark.usefixtures("service")
def test_a_policy_that_cannot_be_used_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    offline = ["--seal", "seal.txt", "--trust", "trust.json", "--receipt", "receipt", "--log-policy", "broken"]
    assert main(["verify", "message.txt", *offline]) == 2
    assert "The log policy cannot be used: line 1: no witness or group 'x'" in capsys.readouterr().err
    assert main(["verify", "message.txt", "--log-policy", "both"]) == 2
    assert "--log-policy is for work offline" in capsys.readouterr().err
