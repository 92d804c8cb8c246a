"""The witness as a process: waitress over its application, until it is asked to stop."""

import signal
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from types import FrameType
from typing import TYPE_CHECKING, Final

from waitress import create_server

from sigill.witness.app import MAX_BODY_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_CONNECTIONS: Final = 500
_IDLE_S: Final = 60


def serve(
    app: "WSGIApplication", *, address: IPv4Address | IPv6Address, port: int, ready: Callable[[int], None]
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was begun; `ready` is told the port. Raises OSError.

    Only whole requests reach the application's threads; a slow sender holds a connection, not a thread.
    """
    server = create_server(
        app,
        host=str(address),
        port=port,
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
        ready(int(server.effective_port))
        server.run()
    finally:
        server.close()


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
