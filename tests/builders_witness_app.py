"""A witness's application in this process, with a clock that a test sets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from sigill.tlog.witness_wire import AddCheckpoint, format_add_checkpoint
from sigill.witness.app import World, make_app
from sigill.witness.folder import OpenWitness
from sigill.witness.judge import Logs


@dataclass(frozen=True)
class Answer:
    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Asked:
    """The application over an open witness."""

    opened: OpenWitness
    logs: Logs
    now_s: int = 1000
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        store, cosigner = self.opened.store, self.opened.cosigner
        world = World(cosigner=cosigner, store=store, logs=self.logs, now_s=lambda: self.now_s, tell=self.told.append)
        self._app = make_app(world)

    def ask(self, method: str, path: str, body: bytes = b"", **environ: Any) -> Answer:
        """Send one request; `CONTENT_LENGTH="x"` and the like replace what belongs to the body."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        basis = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Callable[[bytes], object]:
            begun.append((status, headers))
            return lambda _: None

        chunks = self._app({**basis, **environ}, start_response)
        ((status, headers),) = begun
        return Answer(status, dict(headers), b"".join(chunks))

    def add(self, request: AddCheckpoint | str) -> Answer:
        """Submit a checkpoint."""
        text = request if isinstance(request, str) else format_add_checkpoint(request)
        return self.ask("POST", "/add-checkpoint", text.encode())
