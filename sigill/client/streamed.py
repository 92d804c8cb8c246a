"""A message that is shown while it is still being written, and sealed when it is complete."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sigill.client.errors import NotSealable
from sigill.client.sealed import Sealed


class StreamedMessage:
    """Collects what is shown, piece by piece, and seals the whole at the end of its `with` block.

    If the block raises, nothing is sealed: `text` is what was shown so far, and `seal()` seals that if it stays shown.
    If sealing fails, `seal()` may be called again; it is the same request, so it never seals twice.
    """

    def __init__(self, sign: Callable[[str], Sealed]) -> None:
        self._sign = sign
        self._parts: list[str] = []
        self._sealed: Sealed | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._sealed is None:
            self.seal()

    def write(self, part: str) -> str:
        """Add what is shown next; returns it, to be shown. Raises NotSealable once the message is sealed."""
        if self._sealed is not None:
            raise NotSealable("The message is sealed. What is shown after it is another message.")
        self._parts.append(part)
        return part

    @property
    def text(self) -> str:
        """What was shown so far."""
        return "".join(self._parts)

    @property
    def sealed(self) -> Sealed:
        """The sealed message. Raises NotSealable while it is not complete."""
        if self._sealed is None:
            raise NotSealable("The message is not sealed yet. Seal it when it is complete.")
        return self._sealed

    def seal(self) -> Sealed:
        """Seal what was shown, unless it is sealed already. Raises what `Client.sign` raises."""
        if self._sealed is None:
            self._sealed = self._sign(self.text)
        return self._sealed
