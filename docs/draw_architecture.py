"""Draw docs/architecture.svg from the layers that import-linter checks, so that the picture cannot lie.

.venv/bin/python docs/draw_architecture.py          # writes docs/architecture.svg
"""

import tomllib
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "docs" / "architecture.svg"
WIDTH: Final = 980
ROW: Final = 74
GAP: Final = 22
TOP: Final = 20
MARGIN: Final = 20

PURPOSE: Final = {
    "running": "starts, seeds and supervises the processes",
    "wiring": "fills what each package needs of the outside",
    "api": "JSON over HTTP, problems, OpenAPI",
    "web": "pages for customers",
    "signing": "operators: issue seals, keys",
    "verification": "customers: the verdict, receipts",
    "privacy": "retention, erasure, holds",
    "conversations": "chains of messages",
    "releases": "who stood behind a message",
    "registry": "who the operators are, credentials",
    "policies": "the packs, kept decisions",
    "limiting": "rate limits, slow guessing",
    "transparency": "the writer's side of the log: group commit, tiles, checkpoints",
    "storage": "database engine, migrations",
    "settings": "one mapping in, one value out",
    "sigill": "the pure core: seals, nu1, tree, notes, policy evaluation, report; beside it client and CLI",
}


def layers() -> list[list[str]]:
    """Return the rows of the first layers contract, top first; the packages of a row do not import each other."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = config["tool"]["importlinter"]["contracts"][0]
    return [[name.strip() for name in row.split("|")] for row in contract["layers"]]


def draw(rows: list[list[str]]) -> str:
    """Return the picture of `rows` as SVG."""
    height = TOP + len(rows) * (ROW + GAP)
    label = "The packages of Sigill in layers; imports go down only"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for position, row in enumerate(rows):
        parts.extend(_row(row, TOP + position * (ROW + GAP), last=position == len(rows) - 1))
    return "\n".join([*parts, "</svg>", ""])


def _row(row: list[str], y: int, *, last: bool) -> list[str]:
    width = (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) // len(row)
    parts = [
        line
        for column, name in enumerate(row)
        for line in _box(name, MARGIN + column * (width + GAP), y, width, core=last)
    ]
    if not last:
        arrow = f"M{WIDTH // 2} {y + ROW + 2} v{GAP - 10} m-6 -5 l6 7 l6 -7"
        parts.append(f'<path d="{arrow}" fill="none" stroke="#5b6470" stroke-width="2"/>')
    return parts


def _box(name: str, x: int, y: int, width: int, *, core: bool) -> list[str]:
    fill, stroke = ("#e3f1ea", "#1d6b4b") if core else ("#eef2f8", "#33517d")
    text = f'font-family="sans-serif" text-anchor="middle" x="{x + width // 2}"'
    place = f'x="{x}" y="{y}" width="{width}" height="{ROW}" rx="8"'
    return [
        f'<rect {place} fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>',
        f'<text {text} y="{y + 31}" font-size="20" font-weight="600" fill="#14202e">{escape(name)}/</text>',
        f'<text {text} y="{y + 55}" font-size="15" fill="#3a4653">{escape(PURPOSE[name])}</text>',
    ]


if __name__ == "__main__":
    TARGET.write_text(draw(layers()), "utf-8")
