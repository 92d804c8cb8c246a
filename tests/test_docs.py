"""The documents say what is there."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE_NAME = re.compile(r"`([a-z0-9_]+(?:/[a-z0-9_]+)*/[a-z0-9_]+\.(?:py|json|yaml))`")


def _drawing() -> Any:
    spec = importlib.util.spec_from_file_location("draw_architecture", ROOT / "docs" / "draw_architecture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_drawing_shows_the_layers_that_import_linter_proves() -> None:
    drawing = _drawing()
    kept = (ROOT / "docs" / "architecture.svg").read_text("utf-8")
    assert kept == drawing.draw(drawing.layers()), "run .venv/bin/python docs/draw_architecture.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text("utf-8")) if not target.startswith("http")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_walks_through_the_architecture_name_files_that_exist() -> None:
    names = FILE_NAME.findall((ROOT / "docs" / "architecture.md").read_text("utf-8"))
    assert len(names) > 30
    assert [name for name in names if not (ROOT / name).exists() and not name.startswith("var/")] == []
