"""Who is measured over HTTP, and the servers they need, started together so that rounds can be interleaved."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.load import Load
from benchmarks.postgres import database_server
from benchmarks.servers import Places, Server, ServerFailed, empty_server, handwritten_server, sigill_server


@dataclass(frozen=True, slots=True)
class Contender:
    """An address that takes messages; `path` takes one, `batch_path` many, None where it does not take any."""

    name: str
    what: str
    server: str
    path: str | None
    batch_path: str | None

    def takes(self, load: Load) -> bool:
        """Whether it has an address for such a load."""
        return (self.path if load.batch is None else self.batch_path) is not None


CONTENDERS: Final = (
    Contender("empty", "empty Flask endpoint", "empty", "/messages", None),
    Contender("empty_threads", "the same under gunicorn's threads", "empty_threads", "/messages", None),
    Contender("handwritten", "hand-written, a commit per message", "handwritten", "/messages", "/messages/batch"),
    Contender(
        "handwritten_1c",
        "hand-written, one commit per batch",
        "handwritten",
        None,
        "/messages/batch-in-one-commit",
    ),
    Contender("sigill", "Sigill on SQLite", "sigill", "/v1/messages", "/v1/messages/batch"),
    Contender("postgresql", "Sigill on PostgreSQL", "postgresql", "/v1/messages", "/v1/messages/batch"),
)
_THREADS: Final = 16  # of a gthread worker: the server that the aims were set on
NAMES: Final = tuple(contender.name for contender in CONTENDERS)


@contextmanager
def running_servers(
    names: Collection[str], places: Places, *, say: Callable[[str], None]
) -> Iterator[dict[str, Server]]:
    """Start the servers of that name, all of them before the first is used.

    Without PostgreSQL the others are measured, and it is said. Raises ServerFailed.
    """
    with ExitStack() as stack:
        starters = {
            "empty": partial(empty_server, places),
            "empty_threads": partial(empty_server, places, threads=_THREADS),
            "handwritten": partial(handwritten_server, places),
            "sigill": partial(sigill_server, places, name="sigill"),
            "postgresql": partial(_on_postgresql, places),
        }
        running: dict[str, Server] = {}
        for name, start in starters.items():
            if name not in names:
                continue
            try:
                running[name] = stack.enter_context(start())
            except (ServerFailed, RuntimeError) as error:
                if name != "postgresql":
                    raise
                say(f"PostgreSQL is left out: {str(error).strip().splitlines()[-1]}")
        yield running


@contextmanager
def _on_postgresql(places: Places) -> Iterator[Server]:
    with (
        database_server() as (url, pid),
        sigill_server(places, name="postgresql", database_url=url, database_pid=pid) as server,
    ):
        yield server
