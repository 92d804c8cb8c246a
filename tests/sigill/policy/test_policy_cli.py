"""`sigill policy …`: plain output, exit codes 0, 1, 2."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from sigill.cli.policy import add_parser

Run: TypeAlias = Callable[..., int]

_CASES = """
pack: bank
day: "2026-11-22"
cases:
  - case: An AI is refused
    facts: {enquiry: complaint, by: ai, in: [SE]}
    expect: {verdict: deny}
"""


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    return _write(tmp_path / "policies", files | {"cases/bank.yaml": _CASES})


@pytest.fixture
def run(folder: Path) -> Run:
    parser = argparse.ArgumentParser(prog="sigill")
    add_parser(parser.add_subparsers(required=True))

    def run(*arguments: str | Path) -> int:
        parsed = parser.parse_args(["policy", *map(str, arguments), "--folder", str(folder)])
        code: int = parsed.handler(parsed)
        return code

    return run


_FILES = [
    ("sources.yaml", "sources"),
    ("obligations.yaml", "obligations"),
    ("packs/bank.yaml", "pack bank"),
    ("overlays/EU.yaml", "overlay EU"),
    ("texts/sv.yaml", "texts"),
    ("cases/bank.yaml", "1 cases"),
]


@pytest.mark.parametrize(("name", "kind"), _FILES)
def test_check_reads_each_kind_of_file(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str
) -> None:
    assert run("check", folder / name) == 0
    assert capsys.readouterr().out == f"{folder / name}: {kind}, well-formed\n"


def test_check_names_the_fault_and_goes_on(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = folder / "bad.yaml"
    bad.write_text("pack: circus", "utf-8")
    assert run("check", bad, folder / "packs/bank.yaml") == 2
    shown = capsys.readouterr()
    assert f"{bad}, line 1: 'version' is missing" in shown.err
    assert "pack bank, well-formed" in shown.out


def test_check_refuses_what_is_not_text_or_not_there(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.yaml").write_bytes(b"\xff")
    assert run("check", folder / "bad.yaml") == 2
    assert run("check", folder / "none.yaml") == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_explain_says_what_why_and_what_instead(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "bank", "complaint", "ai", "--jurisdiction", "SE") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("deny  (bank+EU)\n")
    assert "instead, authorship ai_assisted: released by a person" in shown


def test_explain_shows_every_basis_with_its_sources(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "bank", "informational", "ai", "--on", "2026-11-22") == 0
    shown = capsys.readouterr().out
    assert "owes offer_human: A person (within_minutes=3, visible=True) [law]" in shown
    assert "our default (within_minutes=5): Own" in shown
    assert "shows: ai_chat" in shown


def test_explain_tells_which_values_there_are(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "bank", "emergency", "ai") == 2
    assert "allowed: complaint, informational, unclassified" in capsys.readouterr().err
    with pytest.raises(SystemExit) as raised:
        run("explain", "circus", "emergency", "ai")
    assert raised.value.code == 2


def test_diff_tells_what_is_decided_otherwise(
    run: Run, folder: Path, files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("diff", folder, folder) == 0
    files["overlays/EU.yaml"] = files["overlays/EU.yaml"].replace("within_minutes: 3", "within_minutes: 2")
    other = _write(tmp_path / "other", files)
    assert run("diff", folder, other) == 1
    shown = capsys.readouterr().out
    assert "bank informational ai\n  - offer_human (within_minutes=3, visible=True) [law]\n" in shown
    assert "  + offer_human (within_minutes=2, visible=True) [law]\n" in shown


def test_test_runs_the_cases(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test") == 0
    cases = folder / "cases/bank.yaml"
    cases.write_text(_CASES.replace("verdict: deny", "verdict: allow"), "utf-8")
    assert run("test") == 1
    shown = capsys.readouterr().out
    assert "cases/bank.yaml, line 5: An AI is refused: verdict: expected allow, was deny" in shown
    assert shown.endswith("0 of 1 cases pass\n")
    cases.unlink()
    assert run("test") == 1


def test_schema_prints_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A policy pack of Sigill"


def test_a_missing_folder_is_named(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.rename(folder.parent / "elsewhere")
    assert run("test") == 2
    assert "name one with --folder" in capsys.readouterr().err
