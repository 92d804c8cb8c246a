"""The witness as a process: waitress over its application, until it is asked to stop."""

import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

from waitress import create_server

from sigill.witness.app import MAX_BODY_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_CONNECTIONS: Final = 500
_IDLE_S: Final = 60


def serve(app: "WSGIApplication", *, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT, and finish what was begun; `ready` is called before.

    Only whole requests reach the application's threads; a slow sender holds a connection, not a thread.
    """
    server = create_server(
        app,
        sockets=[listener],
        ident=None,
        threads=4,
        connection_limit=_CONNECTIONS,
        channel_timeout=_IDLE_S,
        cleanup_interval=5,
        max_request_body_size=MAX_BODY_BYTES,
        max_request_header_size=16_384,
        clear_untrusted_proxy_headers=True,
        asyncore_use_poll=True,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        with suppress(SystemExit):  # asked to stop before it had begun
            ready()
            server.run()
    finally:
        server.close()


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
