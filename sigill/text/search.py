"""The sealed text inside what somebody pasted: a mail with quotes, signature and footer around it.

Nothing is folded for this: the candidates are pieces of the pasted text, each in canonical form, and one either has
the sealed hash or has not. Attributions ("Den 3 maj skrev X:", "On … wrote:") and mail headers fall outside a piece.
Anybody may ask for this, so the work has a limit: so many candidates, so many bytes hashed.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, groupby, islice
from typing import Final

from sigill.text.codes import parse_code_line
from sigill.text.nu1 import NU1_DOMAIN, canonicalise, hash_canonical, hash_exact

MAX_CANDIDATES: Final = 2_000
MAX_HASHED_BYTES: Final = 32 * 1024 * 1024
_MAX_LINES: Final = 2_000
_MAX_ABOVE_CODES: Final = 600
_MAX_PARAGRAPH_RUNS: Final = 600
_MAX_LINE_RUNS: Final = 800
_MAX_CODE_LINES: Final = 4
_SHORT_RUN: Final = 16
_QUOTES: Final = (re.compile(r"^> ?", re.MULTILINE), re.compile(r"^(?:> ?)+", re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Match:
    """The piece that has the sealed hash, and what stands before and after it: not covered by the seal.

    `whole`: the pasted text is the sealed text, nothing around it. `h`: the `nu1` hash of what matched, 32 bytes.
    """

    matched: str
    before: str
    after: str
    whole: bool
    h: bytes = field(default=b"", compare=False)


@dataclass(frozen=True, slots=True)
class _Window:
    """A run of lines `[start, end)` of one reading of the pasted text."""

    reading: int
    start: int
    end: int


class Pasted:
    """One pasted text, and its pieces with their hashes: worked out once, however many seals are looked for in it.

    Made for one request and dropped with it. Raises as `canonicalise` does.
    """

    def __init__(self, text: str) -> None:
        self._whole = canonicalise(text)

    @property
    def exact(self) -> tuple[bytes, int]:
        """The `hx` (32 bytes) and `n` of the whole text, as `sigill.text.nu1.exact` returns them."""
        return hash_exact(self._whole.body)

    def find(self, *, matches: Callable[[bytes], bool], min_part: int = 1) -> Match | None:
        """Return the longest piece whose hash `h` (32 bytes) `matches`, or None.

        The whole text is tried first, whatever its length, as it is and without its empty lines; a part has at
        least `min_part` characters.
        """
        if matches(self._whole.h):
            return Match(self._whole.text, "", "", whole=True, h=self._whole.h)
        tight = _tight(self._whole.text)
        h = hash_canonical(tight)
        if matches(h):  # HTML is sealed without empty lines; programs that copy it put some in
            return Match(tight, "", "", whole=True, h=h)
        for window, h, size in self._pieces:
            if size < min_part:
                break
            if matches(h):
                return self._match(window, h)
        return None

    def _match(self, window: _Window, h: bytes) -> Match:
        lines = self._readings[window.reading]
        before, matched, after = lines[: window.start], lines[window.start : window.end], lines[window.end :]
        return Match("\n".join(matched), "\n".join(before).strip("\n"), "\n".join(after).strip("\n"), whole=False, h=h)

    @cached_property
    def _readings(self) -> list[list[str]]:
        return _readings(self._whole.text)

    @cached_property
    def _pieces(self) -> list[tuple[_Window, bytes, int]]:
        """The candidates but for the whole text, with `h` and the number of characters, longest first."""
        sizes = [_sums(map(len, lines)) for lines in self._readings]
        pieces = [
            (window, h, sizes[window.reading][window.end] - sizes[window.reading][window.start] - 1)
            for window, h in _hashes(self._readings)
        ]
        return sorted(pieces, key=lambda piece: (-piece[2], piece[0].reading))


def windows(canonical_text: str) -> Iterator[str]:
    """Yield at most `MAX_CANDIDATES` pieces of a canonical text, each canonical, the most likely first.

    Whole readings (as is, without one level of `>`, without all), then what stands above a code line, then runs of
    paragraphs, then runs of lines, longest first. Where these are too many: those from the first line on, and short
    ones nearest the top.
    """
    readings = _readings(canonical_text)
    for window in islice(_windows(readings), MAX_CANDIDATES):
        yield "\n".join(readings[window.reading][window.start : window.end])


def _tight(canonical_text: str) -> str:
    return canonical_text.replace("\n\n", "\n")


def _readings(canonical_text: str) -> list[list[str]]:
    texts = [canonical_text]
    for quotes in _QUOTES:
        bare = quotes.sub("", canonical_text)
        if bare != canonical_text:  # never refused: no character is allowed for standing beside a ">" or a blank
            text = canonicalise(bare).text
            if text not in texts:
                texts.append(text)
    texts.extend(tight for text in tuple(texts) if (tight := _tight(text)) not in texts)
    return [text.split("\n") for text in texts if text]


def _windows(readings: Sequence[Sequence[str]]) -> Iterator[_Window]:
    """Yield the candidates, each once; a piece that ends in a code line is not canonical and is none."""
    code_lines = [_code_lines(lines) for lines in readings]
    seen: set[_Window] = set()
    for window in _candidates(readings, code_lines):
        if window not in seen and window.end - 1 not in code_lines[window.reading]:
            seen.add(window)
            yield window


def _code_lines(lines: Sequence[str]) -> dict[int, None]:
    return {at: None for at, line in enumerate(lines[:_MAX_LINES]) if line and parse_code_line(line) is not None}


def _candidates(readings: Sequence[Sequence[str]], code_lines: Sequence[dict[int, None]]) -> Iterator[_Window]:
    for number, lines in enumerate(readings):
        yield _Window(number, 0, len(lines))
    paragraphs = [_paragraphs(lines, codes) for lines, codes in zip(readings, code_lines, strict=True)]
    single_lines = [[(at, at + 1) for first, end in spans for at in range(first, end)] for spans in paragraphs]
    for number, codes in enumerate(code_lines):
        limit = _MAX_ABOVE_CODES // len(readings)
        for start, end in _above_codes(paragraphs[number], single_lines[number], codes, limit=limit):
            yield _Window(number, start, end)
    for units, most in ((paragraphs, _MAX_PARAGRAPH_RUNS), (single_lines, _MAX_LINE_RUNS)):
        for number, spans in enumerate(units):
            for first, last in _runs(len(spans), limit=most // len(readings)):
                yield _Window(number, spans[first][0], spans[last][1])


def _paragraphs(lines: Sequence[str], code_lines: dict[int, None]) -> list[tuple[int, int]]:
    """Return the runs of lines that are not blank, each without the code lines at its end."""
    runs = []
    for blank, group in groupby(range(min(len(lines), _MAX_LINES)), key=lambda at: not lines[at]):
        numbers = list(group)
        while numbers and not blank and numbers[-1] in code_lines:
            numbers.pop()
        if numbers and not blank:
            runs.append((numbers[0], numbers[-1] + 1))
    return runs


def _above_codes(
    paragraphs: Sequence[tuple[int, int]],
    single_lines: Sequence[tuple[int, int]],
    code_lines: dict[int, None],
    *,
    limit: int,
) -> Iterator[tuple[int, int]]:
    """Yield what ends above a code line or at the end, where a code line was: from paragraphs, then lines, on."""
    marks = [_MAX_LINES, *islice(code_lines, _MAX_CODE_LINES - 1)]
    for mark in marks:
        above = [span for span in single_lines if span[1] <= mark and span[0] not in code_lines]
        if above:
            end = above[-1][1]
            starts = [[first for first, _ in spans if first < end] for spans in (paragraphs, above)]
            for nearest in starts:
                yield from ((first, end) for first in nearest[: -limit // len(marks) // 2 - 1 : -1])


def _runs(count: int, *, limit: int) -> Iterator[tuple[int, int]]:
    """Yield first and last of runs of `count` things, about `limit` at most: all, or the top ones and short ones."""
    longest = starts = count
    if count * (count + 1) // 2 > limit:
        anchored = min(count, limit // 2)
        longest = min(max((limit - anchored) // count, _SHORT_RUN), anchored)
        starts = (limit - anchored) // longest
        for length in range(anchored, longest, -1):
            yield 0, length - 1
    for length in range(min(longest, count), 0, -1):
        for first in range(min(starts, count - length + 1)):
            yield first, first + length - 1


def _hashes(readings: Sequence[Sequence[str]]) -> Iterator[tuple[_Window, bytes]]:
    """Yield the candidates with their hashes; those that begin in one line are hashed in one go."""
    encoded = [[line.encode("utf-8") for line in lines] for lines in readings]
    affordable = _affordable(islice(_windows(readings), MAX_CANDIDATES), [_sums(map(len, lines)) for lines in encoded])
    ordered = sorted(affordable, key=lambda window: (window.reading, window.start, window.end))
    for (number, start), group in groupby(ordered, key=lambda window: (window.reading, window.start)):
        lines = encoded[number]
        running = hashlib.sha256(NU1_DOMAIN + lines[start])
        done = start + 1
        for window in group:
            running.update(b"".join(b"\n" + line for line in lines[done : window.end]))
            done = window.end
            yield window, running.digest()


def _affordable(wanted: Iterator[_Window], sizes: Sequence[Sequence[int]]) -> Iterator[_Window]:
    """Yield the windows as long as `MAX_HASHED_BYTES` last; what a longer one hashes is free for the shorter."""
    left = MAX_HASHED_BYTES
    furthest: dict[tuple[int, int], int] = {}
    for window in wanted:
        start = (window.reading, window.start)
        end = furthest.get(start, window.start)
        cost = sizes[window.reading][max(window.end, end)] - sizes[window.reading][end]
        if cost <= left:
            left -= cost
            furthest[start] = max(window.end, end)
            yield window


def _sums(sizes: Iterator[int]) -> list[int]:
    """Return where each line begins, counted with one LF after each, and where the last one ends."""
    return list(accumulate((size + 1 for size in sizes), initial=0))
