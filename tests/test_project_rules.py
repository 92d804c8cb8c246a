"""Rules of the project that no linter knows."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import Any, Final

import pytest

_ROOT: Final = Path(__file__).parents[1]
_LONGEST_MODULE: Final = 300
_LONGEST_FUNCTION: Final = 60

_MADE_BY_TOOLS: Final = frozenset({"__pycache__", "build", "dist", "htmlcov", "node_modules", "var"})
_HIDDEN_BUT_OURS: Final = frozenset({".ci", ".dockerignore", ".editorconfig", ".gitignore"})
_UNLAYERED: Final = frozenset({"benchmarks", "docs", "examples", "tests"})

_UNNUMBERED: Final = re.compile(r"(?:#|//|/\*|<!--)\s*(?:TODO|FIXME)\b(?!.*#\d)")
_MACHINE_PATH: Final = re.compile(r"(?<![\w.}])/(?:work|home)/\w|/root/\.|/(?:Users|mnt)/\w")
_ADDRESS: Final = re.compile(r"\w://|--(?:extra-)?index-url|--find-links|--trusted-host")


def _files(folder: Path = _ROOT) -> Iterator[Path]:
    """Yield every file that could be in a commit."""
    for path in sorted(folder.iterdir()):
        if path.name in _MADE_BY_TOOLS or path.name.endswith((".egg-info", ".pyc")):
            continue
        if path.name.startswith(".") and path.name not in _HIDDEN_BUT_OURS:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _texts() -> Iterator[tuple[str, str]]:
    """Yield the name and text of every text file."""
    for path in _files():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            yield path.relative_to(_ROOT).as_posix(), content.decode("utf-8", errors="replace")


def _modules() -> Iterator[tuple[str, str]]:
    """Yield the name and text of every Python file outside the tests."""
    return ((name, text) for name, text in _texts() if name.endswith(".py") and not name.startswith("tests/"))


def _lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def _pinned(name: str) -> dict[str, list[str]]:
    """Return the hashes of each distribution (`name==version`, extras left out) in a compiled requirements file."""
    text = re.sub(r"^\s*#.*\n", "", (_ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)
    entries = [line.split() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return {re.sub(r"\[[a-z0-9,]+\]", "", entry[0]): entry[1:] for entry in entries}


def _tool(name: str) -> dict[str, Any]:
    """Return a tool's settings in pyproject.toml."""
    settings: dict[str, Any] = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"][name]
    return settings


def _top_level() -> set[str]:
    """Return the names of our packages and top-level modules."""
    packages = {name.partition("/")[0] for name, _ in _modules() if "/" in name}
    modules = {path.stem for path in _ROOT.glob("*.py") if path.stem.isidentifier()}
    return (packages | modules) - _UNLAYERED


def test_no_module_is_longer_than_300_lines() -> None:
    assert {name: lines for name, text in _modules() if (lines := len(text.splitlines())) > _LONGEST_MODULE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": length
        for name, text in _modules()
        if not name.startswith("storage/migrations/versions/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > _LONGEST_FUNCTION
    }
    assert long == {}


def test_what_is_left_to_do_has_an_issue_number() -> None:
    assert _lines_matching(_UNNUMBERED) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    assert _lines_matching(_MACHINE_PATH) == []


def test_files_that_install_packages_name_no_registry() -> None:
    installing = re.compile(r"(^|/)(requirements/.*|Makefile|Dockerfile|\.ci/.*|package(-lock)?\.json|\.npmrc)$")
    named = [line for line in _lines_matching(_ADDRESS) if installing.search(line.partition(":")[0])]
    assert [line for line in named if "//127.0.0.1:" not in line and "--no-emit-" not in line] == []


@pytest.mark.parametrize("name", ["benchmark-peers.txt", "build.txt", "dev.txt", "hsm.txt", "server.txt"])
def test_every_requirement_is_one_version_with_its_hashes(name: str) -> None:
    pinned = _pinned(name)
    assert pinned
    for requirement, hashes in pinned.items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", text) for text in hashes), requirement


def test_extras_stay_in_the_names_of_what_is_pinned() -> None:
    """Without them pip tries the newest version of what something else wants with an extra: that has no hash."""
    asked = re.findall(r"^[a-z0-9-]+\[[a-z0-9]+\]", (_ROOT / "requirements/dev.in").read_text(), flags=re.MULTILINE)
    assert asked
    assert [name for name in asked if f"\n{name}==" not in (_ROOT / "requirements/dev.txt").read_text()] == []


def test_the_tests_run_with_the_versions_the_service_runs_with() -> None:
    service, tests = _pinned("server.txt"), _pinned("dev.txt")
    names = {requirement.partition("==")[0] for requirement in service}
    shared = {requirement: hashes for requirement, hashes in tests.items() if requirement.partition("==")[0] in names}
    assert "flask" in {requirement.partition("==")[0] for requirement in shared}
    assert shared == {requirement: service.get(requirement) for requirement in shared}


def test_nothing_the_service_runs_on_is_under_the_gpl() -> None:
    # LGPL, unmodified: docs/adr/0006-postgresql.md, docs/adr/0016-checks-of-identity.md
    accepted = ("psycopg==", "psycopg-binary==", "python-stdnum==")
    installed = _pinned("server.txt") | _pinned("hsm.txt")
    for requirement in (name for name in installed if not name.startswith(accepted)):
        about = metadata(requirement.partition("==")[0])
        stated = [line for key in ("License-Expression", "License") for line in about.get_all(key) or []]
        stated += [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
        assert "GPL" not in " ".join(stated), requirement


def test_every_library_of_the_service_has_its_reason_on_record() -> None:
    record = (_ROOT / "docs/adr/0002-libraries.md").read_text().lower()
    lists = ("requirements/server.in", "requirements/hsm.in")
    listed = [line for name in lists for line in (_ROOT / name).read_text().splitlines()]
    names = {re.split(r"[=<>~ ]", line)[0] for line in listed if line and not line.startswith(("#", "-c"))}
    assert {name for name in names if f"| {name} |" not in record} == set()


def test_every_package_has_its_place_in_the_layers() -> None:
    linter = _tool("importlinter")
    packages = _top_level() - {"wsgi"}
    assert packages - set(linter["root_packages"]) == set()
    layered = {name.strip() for layer in linter["contracts"][0]["layers"] for name in layer.split("|")}
    assert packages - layered == set()


def test_nobody_imports_the_entry_point() -> None:
    """import-linter's graph holds packages only, so the one module above them all is looked at here."""
    imported = re.compile(r"^\s*(?:from|import) wsgi\b", re.MULTILINE)
    assert [name for name, text in _modules() if imported.search(text)] == []


def test_every_package_is_measured() -> None:
    measured = set(_tool("coverage")["run"]["source"])
    assert _top_level() - measured - {"wsgi"} == set()


def test_every_decision_is_listed() -> None:
    folder = _ROOT / "docs/adr"
    overview = (folder / "README.md").read_text()
    assert [page.name for page in sorted(folder.glob("0*.md")) if f"({page.name})" not in overview] == []


def test_every_package_is_linted_and_in_the_image() -> None:
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    packages = set(settings["tool"]["importlinter"]["root_packages"])
    code = next(line for line in (_ROOT / "Makefile").read_text("utf-8").splitlines() if line.startswith("CODE :="))
    assert packages <= set(code.split())
    assert packages <= {line.removeprefix("!") for line in (_ROOT / ".dockerignore").read_text("utf-8").splitlines()}
