"""Connections whose answers end in time.

urllib3 bounds each wait for a byte: a server that sends one now and then could hold its client for ever.
"""

import http.client
import io
import socket
import ssl
import time
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _TimelyReader(io.RawIOBase):
    """Reads a socket until its deadline, whatever has come by then. Raises TimeoutError."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, *, within_s: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = time.monotonic() + within_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401 - any writable buffer has no name before 3.12
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimelyResponse(http.client.HTTPResponse):
    """Head and body end within the socket's time-out, together."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        within_s = sock.gettimeout()
        if within_s is not None:
            self.fp = io.BufferedReader(_TimelyReader(self.fp.detach(), sock, within_s=within_s))


class _Connection(HTTPConnection):
    response_class = _TimelyResponse


class _SecureConnection(HTTPSConnection):
    response_class = _TimelyResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def make_pool(ca_file: str | None, *, connections: int = 1) -> urllib3.PoolManager:
    """Return connections that check certificates (against `ca_file` or the system's), never try again, and end.

    So many are kept open.
    """
    manager = urllib3.PoolManager(retries=False, maxsize=connections, cert_reqs="CERT_REQUIRED", ca_certs=ca_file)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


def make_pinned_pool(address: str, *, port: int, tls: ssl.SSLContext | None, tls_name: str) -> HTTPConnectionPool:
    """Return connections to this very address, which never try again, and end; nothing is looked up.

    With `tls` the other side proves to be `tls_name`, by the certificates that `tls` trusts; without, it is plain HTTP.
    """
    if tls is None:
        return _Pool(address, port, retries=False)
    return _SecurePool(
        address, port, retries=False, cert_reqs="CERT_REQUIRED", ssl_context=tls, server_hostname=tls_name
    )
