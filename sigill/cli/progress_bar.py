"""One line on a terminal's standard error that says how far a long task is."""

import sys
import time
from typing import Final

_EVERY_S: Final = 0.2
_WIDTH: Final = 30
_CLEAR: Final = "\r\x1b[K"


class ProgressBar:
    """A bar, drawn a few times a second; nothing at all if not `shown`."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._drawn_at = 0.0
        self._begun: tuple[str, float, int] = ("", 0.0, 0)
        self._on_screen = False

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show that `done` of `total` entries of a log were read."""
        now = time.monotonic()
        if self._begun[0] != name:
            self._begun = (name, now, done)
        if not self._shown or (now - self._drawn_at < _EVERY_S and done < total):
            return
        self._drawn_at = now
        sys.stderr.write(_CLEAR + self._line(name, done, total, now))
        sys.stderr.flush()
        self._on_screen = True

    def clear(self) -> None:
        """Take the line away, so that something else can be written there."""
        if self._on_screen:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._on_screen = False

    def _line(self, name: str, done: int, total: int, now: float) -> str:
        _, begun_at, before = self._begun
        full = _WIDTH * done // max(total, 1)
        rate = (done - before) / (now - begun_at) if now > begun_at else 0.0
        left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
        return f"{name[:24]} [{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {total:,} entries{left}"


def wants_bar(asked: bool | None) -> bool:  # noqa: FBT001 - it is the option's value
    """Tell whether to draw a bar: as asked, else on a terminal."""
    return sys.stderr.isatty() if asked is None else asked
