"""Exit codes, and the one way to stop early with a sentence instead of a traceback."""

from enum import IntEnum


class Exit(IntEnum):
    """What the shell is told."""

    GENUINE = 0
    """Genuine, or done."""
    NOT_GENUINE = 1
    """One step left, not genuine, or refused."""
    MALFORMED = 2
    """Malformed input or wrong usage."""
    CANNOT_SAY = 3
    """Cannot say, or the service is away."""


class Stop(Exception):
    """Ends the command: `str()` is a plain sentence for stderr, `code` the exit code."""

    def __init__(self, sentence: str, *, code: Exit = Exit.MALFORMED) -> None:
        super().__init__(sentence)
        self.code = code
