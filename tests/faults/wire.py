"""HTTP/1.1 as the harness needs it: one connection per client, and clients that hang up on purpose."""

import http.client
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class HangUp(Enum):
    """When a client goes away."""

    IN_REQUEST = auto()
    BEFORE_ANSWER = auto()
    IN_ANSWER = auto()


class NoAnswer(Exception):
    """The connection failed, the answer did not come in time, or the client itself hung up."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON value. Raises ValueError."""
        return json.loads(self.body)


class Wire:
    """A client's connection to 127.0.0.1:`port`, opened when needed and kept alive. Not for two threads."""

    def __init__(self, port: int, *, timeout_s: float) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def exchange(self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str]) -> HttpAnswer:
        """Send one request and read its whole answer. Raises NoAnswer."""
        try:
            connection = self._opened()
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from None
        if response.will_close:
            self.close()
        return HttpAnswer(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

    def hang_up(self, path: str, *, body: bytes, headers: Mapping[str, str], when: HangUp) -> None:
        """Begin a POST on a connection of its own, and go away with a reset. Always raises NoAnswer."""
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s) as connection:
                connection.sendall(request[: -len(body) // 2] if when is HangUp.IN_REQUEST else request)
                if when is HangUp.IN_ANSWER:
                    connection.recv(40)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        except OSError as error:
            raise NoAnswer(type(error).__name__) from None
        raise NoAnswer(f"the client hung up {when.name.lower()}")

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s)
        return self._connection
