"""gunicorn's gevent worker, which shares connections with the others, and lets nobody wait when it is to stop.

As gunicorn has it, the worker that wakes first takes nearly all of the connections that a client opens at once, and
keeps them: the other cores stand idle. And a worker that is to stop waits for every connection that is merely kept
alive, until the time for stopping is up: with a browser's tab open, Ctrl-C takes ten seconds.
"""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import gevent
from gevent.server import StreamServer
from gunicorn.workers import ggevent

_PAUSE_S: Final = 0.001  # no longer than a request takes: whoever is busy accepts no faster anyway


class _SharingServer(StreamServer):  # type: ignore[misc]  # gevent brings no types
    """Takes one connection and leaves the next one to somebody else for a moment."""

    def do_handle(self, *arguments: Any) -> None:  # noqa: ANN401 - gevent's
        """Have a new connection served."""
        super().do_handle(*arguments)
        if self.started:
            self.stop_accepting()
            gevent.spawn_later(_PAUSE_S, self._go_on)

    def _go_on(self) -> None:
        if self.started:
            self.start_accepting()  # where there is no room, it finds that out by itself


class Worker(ggevent.GeventWorker):  # type: ignore[misc]  # gunicorn brings no types
    """Knows which connections wait for a request's head, and ends them first. One per process."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - gunicorn's
        """Begin with no connection."""
        super().__init__(*arguments, **options)
        self._connections: dict[object, socket.socket] = {}
        self._idle: set[object] = set()

    def run(self) -> None:
        """Serve until told to stop."""
        ggevent.StreamServer = _SharingServer  # what gunicorn makes its servers of
        super().run()

    def handle(self, listener: object, client: socket.socket, address: object) -> None:
        """Serve one connection to its end."""
        me = gevent.getcurrent()
        self._connections[me] = client
        try:
            super().handle(listener, client, address)
        finally:
            del self._connections[me]

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Wait for a request's head, for as long as a connection is kept alive."""
        me = gevent.getcurrent()
        self._idle.add(me)
        try:
            with super().timeout_ctx():
                yield
        finally:
            self._idle.discard(me)

    def handle_exit(self, signal: int, frame: object) -> None:
        """Stop (SIGTERM): requests are answered, connections without one are closed."""
        super().handle_exit(signal, frame)
        gevent.spawn(self._end_idle)

    def _end_idle(self) -> None:
        """Read no more from those that wait; what has arrived of a request is still read and answered."""
        for greenlet in list(self._idle):
            with contextlib.suppress(OSError):
                self._connections[greenlet].shutdown(socket.SHUT_RD)
