"""The sealed text inside what somebody pasted: a mail with quotes, signature and footer around it.

Nothing is folded for this: the candidates are pieces of the pasted text, each in canonical form, and one either has
the sealed hash or has not. Attributions ("Den 3 maj skrev X:", "On … wrote:") and mail headers fall outside a piece.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from sigill.text.codes import parse_code_line
from sigill.text.nu1 import NU1_DOMAIN, canonicalise

MAX_CANDIDATES: Final = 20_000
_MAX_PARAGRAPH_RUNS: Final = 5_000
_SHORT_RUN: Final = 16
_ONE_QUOTE: Final = re.compile(r"> ?")
_ALL_QUOTES: Final = re.compile(r"(?:> ?)+")


@dataclass(frozen=True, slots=True)
class Match:
    """The piece that has the sealed hash, and what stands before and after it: not covered by the seal.

    `whole`: the pasted text is the sealed text, nothing around it.
    """

    matched: str
    before: str
    after: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Window:
    """A run of lines `[start, end)` of one reading of the pasted text."""

    reading: int
    start: int
    end: int


def windows(canonical_text: str) -> Iterator[str]:
    """Yield at most `MAX_CANDIDATES` pieces of a canonical text, each canonical, the most likely first.

    Whole readings (as is, without one level of `>`, without all), then runs of paragraphs, then runs of lines,
    longest first. Where these are too many: those from the first line on, and short ones nearest the top.
    """
    readings = _readings(canonical_text)
    for window in islice(_windows(readings), MAX_CANDIDATES):
        yield "\n".join(readings[window.reading][window.start : window.end])


def find_sealed(pasted: str, *, matches: Callable[[bytes], bool]) -> Match | None:
    """Return the longest piece of `pasted` whose hash `h` (32 bytes) `matches`, or None.

    Linear in the text for each line a piece may begin at. Raises as `canonicalise` does.
    """
    canonical = canonicalise(pasted)
    if matches(canonical.h):
        return Match(canonical.text, "", "", whole=True)
    readings = _readings(canonical.text)
    found = [window for window, h in _hashes(readings, islice(_windows(readings), MAX_CANDIDATES)) if matches(h)]
    if not found:
        return None
    best = max(found, key=lambda window: (window.end - window.start, -window.reading))
    lines = readings[best.reading]
    before, matched, after = lines[: best.start], lines[best.start : best.end], lines[best.end :]
    return Match("\n".join(matched), "\n".join(before).strip("\n"), "\n".join(after).strip("\n"), whole=False)


def _readings(canonical_text: str) -> list[list[str]]:
    texts = [canonical_text]
    for quote in (_ONE_QUOTE, _ALL_QUOTES):
        bare = "\n".join(line[found.end() :] if (found := quote.match(line)) else line for line in texts[0].split("\n"))
        text = canonicalise(bare).text
        if text not in texts:
            texts.append(text)
    return [text.split("\n") for text in texts if text]


def _windows(readings: Sequence[Sequence[str]]) -> Iterator[_Window]:
    code_lines = [{at for at, line in enumerate(lines) if parse_code_line(line) is not None} for lines in readings]
    seen: set[_Window] = set()
    for window in _candidates(readings):
        if window not in seen and window.end - 1 not in code_lines[window.reading]:
            seen.add(window)
            yield window


def _candidates(readings: Sequence[Sequence[str]]) -> Iterator[_Window]:
    for number, lines in enumerate(readings):
        yield _Window(number, 0, len(lines))
    paragraphs = [_paragraphs(lines) for lines in readings]
    single_lines = [[(at, at + 1) for first, end in runs for at in range(first, end)] for runs in paragraphs]
    for units, limit in ((paragraphs, _MAX_PARAGRAPH_RUNS), (single_lines, MAX_CANDIDATES - _MAX_PARAGRAPH_RUNS)):
        for number, spans in enumerate(units):
            for first, last in _runs(len(spans), limit=limit // len(readings)):
                yield _Window(number, spans[first][0], spans[last][1])


def _paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the runs of lines that are not blank, each without the code lines at its end."""
    runs = []
    for blank, group in groupby(range(len(lines)), key=lambda at: not lines[at]):
        numbers = list(group)
        while numbers and not blank and parse_code_line(lines[numbers[-1]]) is not None:
            numbers.pop()
        if numbers and not blank:
            runs.append((numbers[0], numbers[-1] + 1))
    return runs


def _runs(count: int, *, limit: int) -> Iterator[tuple[int, int]]:
    """Yield first and last of runs of `count` things, about `limit` at most: all, or the top ones and short ones."""
    longest = starts = count
    if count * (count + 1) // 2 > limit:
        anchored = min(count, limit // 2)
        longest = max((limit - anchored) // count, _SHORT_RUN)
        starts = (limit - anchored) // longest
        for length in range(anchored, longest, -1):
            yield 0, length - 1
    for length in range(min(longest, count), 0, -1):
        for first in range(min(starts, count - length + 1)):
            yield first, first + length - 1


def _hashes(readings: Sequence[Sequence[str]], wanted: Iterator[_Window]) -> Iterator[tuple[_Window, bytes]]:
    encoded = [[line.encode("utf-8") for line in lines] for lines in readings]
    ordered = sorted(wanted, key=lambda window: (window.reading, window.start, window.end))
    for (number, start), group in groupby(ordered, key=lambda window: (window.reading, window.start)):
        lines = encoded[number]
        running = hashlib.sha256(NU1_DOMAIN + lines[start])
        done = start + 1
        for window in group:
            for line in lines[done : window.end]:
                running.update(b"\n" + line)
            done = window.end
            yield window, running.digest()
