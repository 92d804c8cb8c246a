"""One HTTP exchange with the service: TLS checked, no redirect followed, every answer bounded in bytes and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import urllib3

from sigill.client.errors import MAY_BE_SEALED, ServiceUnavailable, SettingsRefused, UnexpectedAnswer
from sigill.client.timely import make_pool

DEFAULT_TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
MAX_RETRY_AFTER_S: Final = 86_400.0
_CONNECT_S: Final = 5.0
_CHUNK_BYTES: Final = 65_536
_REDIRECT: Final = range(300, 400)
_AGENT: Final = "sigill-client"
_WILL_NOT_PASS: Final = (urllib3.exceptions.SSLError, urllib3.exceptions.LocationValueError, UnicodeError)
_NOT_SENT: Final = (  # no connection, so the request has not arrived
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, content type without parameters, body, and the seconds of `Retry-After`, if any."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None


class Transport:
    """Talks to one service at `base_url`. Threads may share it."""

    def __init__(
        self, base_url: str, *, timeout_s: float = DEFAULT_TIMEOUT_S, ca_file: str | None = None, connections: int = 1
    ) -> None:
        self.base_url = check_base_url(base_url)
        self._timeout_s = timeout_s
        self._pool = make_pool(ca_file, connections=connections)

    def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str],
        max_bytes: int = MAX_ANSWER_BYTES,
        more_time_s: float = 0.0,
    ) -> HttpAnswer:
        """Send one request and read its whole answer, whatever its status; `more_time_s` is for one that takes long.

        Raises ServiceUnavailable where none comes in time, UnexpectedAnswer for a redirect or an answer too long.
        """
        timeout_s = self._timeout_s + more_time_s
        answered = False
        try:
            response = self._pool.request(
                method,
                self.base_url + path,
                body=body,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers},
                timeout=urllib3.Timeout(connect=min(_CONNECT_S, timeout_s), read=timeout_s),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            answered = True
            try:
                data = _read(response, max_bytes=max_bytes)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            sent = answered or not isinstance(error, _NOT_SENT)
            may_pass = not isinstance(error, _WILL_NOT_PASS)
            raise ServiceUnavailable(_tell_failure(self.base_url, error, sent=sent), may_pass=may_pass) from error
        if response.status in _REDIRECT:
            raise UnexpectedAnswer(
                f"The service at {self.base_url} points to another address, which is not followed. "
                "Use the service's own address."
            )
        return HttpAnswer(
            response.status,
            response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            data,
            parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC)),
        )

    def close(self) -> None:
        """Close the connections kept open; a later exchange opens new ones."""
        self._pool.clear()


def check_base_url(base_url: str) -> str:
    """Return `base_url` without a slash at its end. Raises SettingsRefused, for http to other machines too."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise SettingsRefused("This is no address. Write it as https://sigill.example.") from None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsRefused("This is no address of a service. Write it as https://sigill.example.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsRefused(f"http to {host[:80]} could be read and changed on its way. Use https.")
    return base_url.rstrip("/")


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` header (RFC 9110 section 10.2.3), 0 to a day; None if it is unusable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _tell_failure(base_url: str, error: Exception, *, sent: bool) -> str:
    if sent:
        return f"The service at {base_url} gave no whole answer ({type(error).__name__}). {MAY_BE_SEALED}"
    return (
        f"The service at {base_url} cannot be reached ({type(error).__name__}). "
        "Check the address and the network, and try again."
    )


def _read(response: urllib3.BaseHTTPResponse, *, max_bytes: int) -> bytes:
    data = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        data += chunk
        if len(data) > max_bytes:
            raise UnexpectedAnswer(
                f"The service's answer is longer than {max_bytes} bytes. Check that the address is the service's."
            )
    return bytes(data)
