"""What an append costs by the size of the tree, as an SVG: sizes by powers of ten, the cost from zero."""

from html import escape
from math import log10
from typing import Final

from benchmarks.figures import Results
from benchmarks.samples import spread

_WIDTH: Final = 860
_HEIGHT: Final = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 40, 60, 70
_LINES: Final = 4
_HEADROOM: Final = 1.25
_STYLE: Final = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2430; }
  .title { font-size: 15px; font-weight: 600; }
  .soft { fill: #5c6575; }
  .small { font-size: 12px; }
"""


def draw_growth(results: Results) -> str:
    """Return the picture as SVG text: a median for each size, with the least and the greatest round."""
    found = {int(size): spread(values) for size, values in results["growth"].items()}
    sizes = sorted(found)
    most = max(each.greatest for each in found.values())
    top_us = max(each.median for each in found.values()) * _HEADROOM
    top_us = min(max(top_us, most), 2 * top_us)
    first, last = log10(sizes[0]), log10(sizes[-1])

    def x(size: int) -> float:
        return _LEFT + 40 + (log10(size) - first) / max(last - first, 1e-9) * (_WIDTH - _LEFT - _RIGHT - 80)

    def y(value_us: float) -> float:
        return _HEIGHT - _BOTTOM - min(value_us / top_us, 1) * (_HEIGHT - _TOP - _BOTTOM)

    drawn = []
    for number in range(_LINES + 1):
        value = top_us * number / _LINES
        drawn.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e3e6eb"/>'
            f'<text x="{_LEFT - 10}" y="{y(value) + 4.5:.1f}" text-anchor="end" class="soft">{value:,.0f} µs</text>'
        )
    points = " ".join(f"{x(size):.1f},{y(found[size].median):.1f}" for size in sizes)
    drawn.append(f'<polyline points="{points}" fill="none" stroke="#b3261e" stroke-width="2"/>')
    for size in sizes:
        each, at = found[size], x(size)
        drawn.append(
            f'<path d="M{at - 5:.1f} {y(each.least):.1f}h10m-5 0V{y(each.greatest):.1f}m-5 0h10"'
            ' fill="none" stroke="#1f2430" stroke-width="1.3"/>'
            f'<circle cx="{at:.1f}" cy="{y(each.median):.1f}" r="4.5" fill="#b3261e"/>'
            f'<text x="{at + 12:.1f}" y="{y(each.median) + 20:.1f}">{each.median:,.0f}</text>'
            f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 22}" text-anchor="middle">{size:,}</text>'
        )
    date = escape(f"{results['when']} · {results['machine']['processor']}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' role="img"><title>What an append costs as the log grows</title><style>{_STYLE}</style>'
        '<rect width="100%" height="100%" rx="10" fill="#ffffff"/>'
        '<text x="24" y="32" class="title">What an append costs as the log grows</text>'
        f'<text x="{_WIDTH - 24}" y="32" text-anchor="end" class="soft">µs a message, one at a time, on disk</text>'
        f"{''.join(drawn)}"
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 30}" text-anchor="middle" class="soft">leaves in the log</text>'
        f'<text x="24" y="{_HEIGHT - 10}" class="soft small">{date} · lines: least and greatest of the rounds</text>'
        "</svg>\n"
    )
