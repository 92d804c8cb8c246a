"""`sigill verify --evidence`: a release is checked with no network, and told in the reader's language."""

import json
from pathlib import Path
from typing import Any

import pytest

from sigill.cli.main import main
from sigill.vocabulary import Authorship
from tests.builders_presence import UP, Authenticator, Released, passkey_proof, released_case


def arguments(folder: Path, made: Released, evidence: bytes | None, *more: str) -> list[str]:
    case = made.case
    files: dict[str, str | bytes] = {
        "message.txt": case.text,
        "seal.txt": case.seal,
        "trust.json": case.trust_file,
        "receipt.tlog-proof": case.receipt or "",
        "evidence.json": evidence or b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    given = ["verify", str(folder / "message.txt"), "--recipient", "Anna.Berg@Example.se"]
    for option, name in (("seal", "seal.txt"), ("trust", "trust.json"), ("receipt", "receipt.tlog-proof")):
        given += [f"--{option}", str(folder / name)]
    if evidence is not None:
        given += ["--evidence", str(folder / "evidence.json")]
    return [*given, *more]


def report(capsys: pytest.CaptureFixture[str], given: list[str]) -> tuple[int, dict[str, Any]]:
    code = main([*given, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_release_is_verified_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = released_case()
    code, found = report(capsys, arguments(tmp_path, made, made.data + b"\n"))
    assert (code, found["answer"]) == (0, "genuine")
    assert found["checks"][-1]["detail"] == "released"
    assert main(arguments(tmp_path, made, made.data, "--language", "sv")) == 0
    assert "frigivet av en verifierad medarbetare" in capsys.readouterr().out


def test_without_evidence_it_is_the_guarantors_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = report(capsys, arguments(tmp_path, released_case(by=Authorship.AI_ASSISTED), None))
    assert (code, found["checks"][-1]["outcome"]) == (0, "not_checked")
    assert "The guarantor says" in found["authorship"]["words"]


@pytest.mark.parametrize("evidence", [b"", b"{}", b"\xc3\xa4", b"[" * 20_000])
def test_what_is_no_evidence_of_this_seal_changes_nothing(
    evidence: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = report(capsys, arguments(tmp_path, released_case(), evidence))
    assert (code, found["checks"][-1]["detail"]) == (0, "release_of_another")


def test_a_release_that_does_not_hold_is_not_genuine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = released_case(prove=lambda statement: passkey_proof(Authenticator(), statement, flags=UP))
    code, found = report(capsys, arguments(tmp_path, made, made.data))
    assert (code, found["reason"]) == (1, "release_wrong")


def test_evidence_is_for_work_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["verify", str(tmp_path), "--evidence", "x"]
    assert main(given) == 2
    assert "--evidence is for work offline" in capsys.readouterr().err
