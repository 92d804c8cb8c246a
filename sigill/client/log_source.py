"""Where an auditor reads a log: a deployment over HTTP, or a folder laid out in the same way.

    log/exempelbanken/checkpoint
    log/exempelbanken/tile/0/x001/234
    log/root/tile/entries/000.p/5

A folder holds plain files under these names, as a log is published to disks and object stores.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sigill.client.credentials import NOBODY, Bearer, ask_as
from sigill.client.errors import RequestRefused, ServiceUnavailable, UnexpectedAnswer
from sigill.client.retry import Patience, try_again

if TYPE_CHECKING:
    from sigill.client.http import HttpAnswer, Transport

AT_ONCE: Final = 4  # requests under way at a time
_AHEAD: Final = 16  # answers waiting to be looked at
_ENTRIES: Final = "/tile/entries/"
_GOOD: Final = 200
_ABSENT: Final = frozenset([404, 410])
_REFUSED: Final = frozenset([401, 403])
_LATER: Final = frozenset([408, 425, 429, 500, 502, 503, 504])


class LogSource(Protocol):
    """Something that logs can be read from. Threads may share it."""

    @property
    def name(self) -> str:
        """What a person calls it: its address."""

    @property
    def at_once(self) -> int:
        """How many reads at the same time make sense."""

    def read(self, path: str, *, max_bytes: int, secret: bool = False) -> bytes | None:
        """Return what stands under `path`, None where nothing does; `secret` things are asked for as who may see them.

        Raises ServiceUnavailable, UnexpectedAnswer (too long), and RequestRefused where the key is not enough.
        """


class FolderSource:
    """A folder."""

    at_once = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)

    def read(self, path: str, *, max_bytes: int, secret: bool = False) -> bytes | None:  # noqa: ARG002 - needs no key
        """Return a file's bytes, None where there is none. Raises ServiceUnavailable, UnexpectedAnswer."""
        try:
            with (self._folder / path.partition("?")[0]).open("rb") as file:
                data = file.read(max_bytes + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise ServiceUnavailable(f"{path} cannot be read: {error.strerror or error}.", may_pass=False) from error
        if len(data) > max_bytes:
            raise UnexpectedAnswer(f"{path} is longer than {max_bytes} bytes.")
        return data


class JoinedSource:
    """What anybody may read, and what is for auditors in a place of its own, as a log is published to two places."""

    def __init__(self, public: LogSource, secret: LogSource) -> None:
        self._public = public
        self._secret = secret
        self.name = public.name
        self.at_once = max(public.at_once, secret.at_once)

    def read(self, path: str, *, max_bytes: int, secret: bool = False) -> bytes | None:
        """Return what stands under `path`; operators' entries in the auditors' place first."""
        for_auditors = secret and _ENTRIES in path
        found = self._secret.read(path, max_bytes=max_bytes, secret=True) if for_auditors else None
        return self._public.read(path, max_bytes=max_bytes, secret=secret) if found is None else found


class HttpSource:
    """A deployment, asked over connections that stay open; tried again while that can help."""

    at_once = AT_ONCE

    def __init__(self, transport: "Transport", *, bearer: Bearer, patience: Patience) -> None:
        self._transport = transport
        self._bearer = bearer
        self._patience = patience
        self.name = transport.base_url

    def read(self, path: str, *, max_bytes: int, secret: bool = False) -> bytes | None:
        """Return an answer's body, None where it is 404 or 410."""

        def attempt() -> "HttpAnswer":
            answer = ask_as(
                self._bearer if secret else NOBODY,
                lambda who: self._transport.exchange("GET", f"/{path}", headers=who, max_bytes=max_bytes),
            )
            if answer.status in _LATER:
                raise ServiceUnavailable(
                    f"{self.name} answers {answer.status} for {path}.", retry_after=answer.retry_after
                )
            return answer

        answer = try_again(attempt, patience=self._patience)
        if answer.status in _ABSENT:
            return None
        if answer.status in _REFUSED:
            raise RequestRefused(problem="not-allowed", status=answer.status, detail=f"{path} is not shown to this key")
        if answer.status != _GOOD:
            raise UnexpectedAnswer(f"{self.name} answers {answer.status} for {path}. Check the address.")
        return answer.body


def read_ahead(source: LogSource, paths: Iterable[str], *, max_bytes: int, secret: bool) -> Iterator[bytes | None]:
    """Yield what stands under each path, in their order, some requests ahead. Raises what `source.read` raises."""
    if source.at_once == 1:
        yield from (source.read(path, max_bytes=max_bytes, secret=secret) for path in paths)
        return
    waiting: deque[Future[bytes | None]] = deque()
    pool = ThreadPoolExecutor(source.at_once, thread_name_prefix="reading")
    try:
        for path in paths:
            waiting.append(pool.submit(source.read, path, max_bytes=max_bytes, secret=secret))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
