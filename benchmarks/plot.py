"""The results as one picture: an SVG of horizontal bars, readable on light and on dark pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from benchmarks.figures import Results
from benchmarks.samples import Spread, spread

_WIDTH: Final = 860
_LEFT: Final = 230
_RIGHT: Final = 110
_BAR: Final = 20
_ROW: Final = 31
_HEAD: Final = 46
_GAP: Final = 22
_OUTLIER: Final = 1.5  # a range that goes further is cut off: it would make all bars short
_LABELS: Final = {
    "empty": "empty Flask endpoint",
    "empty_threads": "the same, with threads",
    "handwritten": "hand-written, commit each",
    "handwritten_1c": "hand-written, one commit",
    "sigill": "Sigill, SQLite",
    "postgresql": "Sigill, PostgreSQL",
}
_COLOURS: Final = {
    "empty": "#b8bec8",
    "empty_threads": "#c9ced6",
    "handwritten": "#8a94a6",
    "handwritten_1c": "#a9b1bf",
    "sigill": "#b3261e",
    "postgresql": "#e07a5f",
}
_PARTS: Final = {
    "outside the interpreter's lock": "#5c6575",
    "server": "#8a94a6",
    "api": "#3d6f8e",
    "signing": "#b3261e",
    "sigill": "#e07a5f",
    "transparency": "#e8b04b",
    "storage": "#5b8e7d",
    "conversations": "#6b5b95",
    "registry": "#a26ea1",
    "policies": "#7fb7be",
}
_MOST_PARTS: Final = 8
_REST: Final = "#d5d9e0"
_STYLE: Final = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2430; }
  .title { font-size: 15px; font-weight: 600; }
  .soft { fill: #5c6575; }
  .small { font-size: 12px; }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length with the range, its colour, and what stands behind it."""

    label: str
    value: Spread
    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars on one scale from zero, or with `stack` one bar of parts: (label, share, colour)."""

    title: str
    note: str
    bars: tuple[Bar, ...] = ()
    stack: tuple[tuple[str, float, str], ...] = ()


def draw(results: Results) -> str:
    """Return the picture as SVG text."""
    top, drawn = float(_GAP), []
    for panel in _panels(results):
        drawn.append(f'<g transform="translate(0 {top:g})">{_panel(panel)}</g>')
        top += _height(panel) + _GAP
    date = escape(f"{results['when']} · {results['machine']['processor']}")
    lines = "lines: least and greatest of the rounds; without an end, the greatest lies further out"
    foot = f'<text x="24" y="{top + 2:g}" class="soft small">{date} · {lines}</text>'
    size = f'width="{_WIDTH}" height="{top + 20:g}" viewBox="0 0 {_WIDTH} {top + 20:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>Speed of Sigill beside others</title>'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" rx="10" fill="#ffffff"/>'
        f"{''.join(drawn)}{foot}</svg>\n"
    )


def _panels(results: Results) -> Iterable[Panel]:
    http = results.get("http", {})
    single, batch = http.get("single", {}), http.get("batch", {})
    if single:
        yield Panel("One message a request", "messages a second, more is better", _bars(single, "rate"))
        yield Panel("Its CPU on the server", "µs a message, less is better", _bars(single, "cpu_us"))
    if batch:
        yield Panel("Batches of 100", "messages a second, more is better", _bars(batch, "rate"))
        yield Panel("Their CPU on the server", "µs a message, less is better", _bars(batch, "cpu_us"))
    for load, shown in results.get("steps", {}).items():
        title = "Where Sigill's CPU goes" if load == "single" else "Where it goes in a batch"
        yield Panel(title, f"of {shown['cpu_us']:,.0f} µs a message", stack=_stack(shown["parts"]))


def _bars(samples: Mapping[str, Sequence[Mapping[str, Any]]], field: str) -> tuple[Bar, ...]:
    found = {name: spread([float(row[field]) for row in rows]) for name, rows in samples.items()}
    return tuple(
        Bar(_LABELS[name], value, _COLOURS[name], f"{value.median:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
        for name, value in found.items()
    )


def _stack(parts: Iterable[tuple[str, str, float]]) -> tuple[tuple[str, float, str], ...]:
    """Return the greatest parts of ours each in its colour, and the rest as one."""
    shares: dict[str, float] = {}
    for ours, _, share in parts:
        shares[ours] = shares.get(ours, 0.0) + max(share, 0.0)
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    shown = [(name, share, _PARTS.get(name, _REST)) for name, share in ranked[:_MOST_PARTS]]
    rest = sum(share for _, share in ranked[len(shown) :])
    return (*shown, ("others", rest, _REST)) if rest else tuple(shown)


def _height(panel: Panel) -> float:
    if panel.bars:
        return _HEAD + _ROW * len(panel.bars)
    return _HEAD + _BAR + 14 + 20 * _lines(len(panel.stack))


def _lines(entries: int) -> int:
    return -(-entries // _LEGEND_COLUMNS)


_LEGEND_COLUMNS: Final = 3


def _panel(panel: Panel) -> str:
    head = (
        f'<text x="24" y="18" class="title">{escape(panel.title)}</text>'
        f'<text x="{_WIDTH - 24}" y="18" text-anchor="end" class="soft">{escape(panel.note)}</text>'
        f'<line x1="24" x2="{_WIDTH - 24}" y1="28" y2="28" stroke="#e3e6eb"/>'
    )
    return head + (_draw_bars(panel.bars) if panel.bars else _draw_stack(panel.stack))


def _draw_bars(bars: Sequence[Bar]) -> str:
    longest = min(max(bar.value.greatest for bar in bars), _OUTLIER * max(bar.value.median for bar in bars))
    scale = (_WIDTH - _LEFT - _RIGHT) / max(longest, 1e-9)
    drawn = []
    for number, bar in enumerate(bars):
        top = _HEAD - 6 + number * _ROW
        middle = top + _BAR / 2
        length, least, greatest = (
            min(value, longest) * scale for value in (bar.value.median, bar.value.least, bar.value.greatest)
        )
        end = "m0-4v8" if bar.value.greatest <= longest else ""
        drawn.append(
            f'<text x="{_LEFT - 12}" y="{middle + 4.5:g}" text-anchor="end">{escape(bar.label)}</text>'
            f'<rect x="{_LEFT}" y="{top}" width="{max(length, 1):.1f}" height="{_BAR}" rx="3" fill="{bar.colour}"/>'
            f'<path d="M{_LEFT + least:.1f} {middle - 4}v8m0-4H{_LEFT + greatest:.1f}{end}"'
            ' fill="none" stroke="#1f2430" stroke-width="1.3"/>'
            f'<text x="{_LEFT + max(greatest, length) + 10:.1f}" y="{middle + 4.5:g}">{escape(bar.text)}</text>'
        )
    return "".join(drawn)


def _draw_stack(parts: Sequence[tuple[str, float, str]]) -> str:
    whole, left, drawn = _WIDTH - 48, 24.0, []
    total = sum(share for _, share, _ in parts) or 1.0
    column = whole / _LEGEND_COLUMNS
    for number, (label, share, colour) in enumerate(parts):
        width = whole * share / total
        x, y = 24 + column * (number % _LEGEND_COLUMNS), _HEAD + _BAR + 14 + 20 * (number // _LEGEND_COLUMNS)
        drawn.append(
            f'<rect x="{left:.1f}" y="{_HEAD - 6}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
            f'<rect x="{x:.1f}" y="{y - 10}" width="11" height="11" rx="2" fill="{colour}"/>'
            f'<text x="{x + 17:.1f}" y="{y}" class="small">{escape(label)} '
            f'<tspan class="soft">{share / total:.0%}</tspan></text>'
        )
        left += width
    return "".join(drawn)
