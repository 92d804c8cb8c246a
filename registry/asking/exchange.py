"""One question over HTTP and its answer, as values; who carries them is behind `Fetch`.

Two carry them: one to hosts that the guarantor configured, one to hosts that a stranger named, which may not lead into
the guarantor's own network. What asks a register or an authority is given the one that fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

_CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. `headers` beyond the usual ones; a question with a `body` is a POST."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    most_bytes: int = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A whole answer of any status, its body no longer than was asked for. Header names are in lower case.

    `fetched_at` is set where it was fetched earlier and remembered since.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime | None = None


class NoAnswer(Exception):
    """Nobody answered in time, in full, in a form that can be read, or may be asked at all.

    `code` is one word for machines (`timeout`, `refused`, `unknown_host`, `tls`, `too_long`, `broken`,
    `private_address`, `bad_address`), the text a sentence for people that holds nothing from the answer's body.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Body(Protocol):
    """What a body is read from."""

    def read1(self, amount: int) -> bytes:
        """Return what has come, at most so many bytes; nothing at its end."""


def read_bounded(body: Body, *, most_bytes: int, says: str) -> bytes:
    """Return a body of at most `most_bytes`. Raises NoAnswer (`too_long`, with what `says`) before it holds more."""
    data = bytearray()
    while chunk := body.read1(_CHUNK_BYTES):
        data += chunk
        if len(data) > most_bytes:
            raise NoAnswer("too_long", says)
    return bytes(data)


class Fetch(Protocol):
    """Carries a question to its host. Never follows a redirect by itself."""

    def __call__(self, question: Question) -> Answered:
        """Return the answer, whatever its status. Raises NoAnswer."""
