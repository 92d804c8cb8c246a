"""Questions over HTTP to hosts that a stranger named, which may not lead into the guarantor's own network.

The name is looked up once, every address it has is checked, and the connection is made to one of those very addresses:
a name that answers differently the next time gains nothing. TLS and the Host header go by the name.
"""

import re
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import urllib3

from registry.asking.addresses import Network, is_askable
from registry.asking.exchange import Answered, NoAnswer, Question, read_bounded
from registry.asking.look_up import LookUp, look_up_by_system
from sigill.client.timely import make_pinned_pool

_MAX_URL: Final = 2048
_MAX_HEAD_BYTES: Final = 64 * 1024
_MAX_ADDRESSES: Final = 32
_TRIED_ADDRESSES: Final = 4
_CONNECT_S: Final = 5.0
_DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_PRINTABLE: Final = re.compile(r"[!-~]+")
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_MAX_NAME: Final = 253
_AGENT: Final = "sigill-registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be asked. The defaults are for the Internet; the rest is for one's own networks and for tests.

    `networks` are asked although they are not public; `time_s` bounds the whole exchange, the look-up included.
    """

    http: bool = False
    ports: frozenset[int] = frozenset({80, 443})
    networks: tuple[Network, ...] = ()
    time_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A URL taken apart: all that goes on the wire."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str


def _make_tls(ca_file: str | None) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=ca_file)
    tls.hostname_checks_common_name = False
    return tls


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    """Return what checks by the system's certificates: reading them takes a tenth of a second, once in a process."""
    return _make_tls(None)


class GuardedFetch:
    """Carries questions to hosts that strangers named. Threads may share it.

    Certificates are checked against `ca_file`, or what the system trusts. Raises OSError for a file that holds none.
    """

    def __init__(
        self, *, limits: Limits | None = None, ca_file: str | None = None, look_up: LookUp = look_up_by_system
    ) -> None:
        self._limits = limits or Limits()
        self._look_up = look_up
        self._tls = _system_tls() if ca_file is None else _make_tls(ca_file)

    def __call__(self, question: Question) -> Answered:
        """Return the answer, whatever its status; a redirect is an answer too. Raises NoAnswer."""
        deadline = time.monotonic() + self._limits.time_s
        target = _read_url(question.url, limits=self._limits)
        addresses = self._find(target.host, deadline=deadline)
        failure = NoAnswer("refused", f"No connection to {target.host} could be made.")
        for address in addresses[:_TRIED_ADDRESSES]:
            try:
                return self._ask(question, target, address=address, deadline=deadline)
            except urllib3.exceptions.ConnectTimeoutError as error:
                if not isinstance(error, urllib3.exceptions.NewConnectionError):  # which is one of the others, too
                    failure = _no_time(target.host)
            except urllib3.exceptions.SSLError as error:
                raise NoAnswer(
                    "tls", f"{target.host} does not prove by a trusted certificate that it is it."
                ) from error
            except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
                raise _no_time(target.host) from error
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise NoAnswer("broken", f"{target.host} answered nothing that can be read as HTTP.") from error
        raise failure

    def _find(self, host: str, *, deadline: float) -> Sequence[str]:
        """Return the addresses of `host`, all of them checked. Raises NoAnswer, where one of them may not be asked."""
        try:
            found = [host] if _is_address(host) else list(self._look_up(host, _left(deadline, host=host)))
        except TimeoutError as error:
            raise _no_time(host) from error
        except (OSError, UnicodeError) as error:
            raise NoAnswer("unknown_host", f"{host} has no address.") from error
        if not found:
            raise NoAnswer("unknown_host", f"{host} has no address.")
        if len(found) > _MAX_ADDRESSES or not all(is_askable(one, also=self._limits.networks) for one in found):
            raise NoAnswer("private_address", f"{host} leads to an address that is not on the public Internet.")
        return found

    def _ask(self, question: Question, target: _Target, *, address: str, deadline: float) -> Answered:
        left_s = _left(deadline, host=target.host)
        pool = make_pinned_pool(
            address, port=target.port, tls=self._tls if target.secure else None, tls_name=target.host
        )
        try:
            response = pool.urlopen(
                "GET" if question.body is None else "POST",
                target.path,
                body=question.body,
                headers={
                    "User-Agent": _AGENT,
                    **question.headers,
                    "Host": target.authority,
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
                timeout=urllib3.Timeout(total=left_s, connect=min(_CONNECT_S, left_s)),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            with response:
                headers = _read_head(response.headers.items(), host=target.host)
                body = read_bounded(
                    response,
                    most_bytes=question.most_bytes,
                    says=f"{target.host} answered more than {question.most_bytes} bytes.",
                )
        finally:
            pool.close()
        return Answered(url=question.url, status=response.status, headers=headers, body=body)


def _read_url(url: str, *, limits: Limits) -> _Target:
    """Take `url` apart. Raises NoAnswer for one that may not be asked, whoever it leads to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_address("is no address of a web server") from None
    if len(url) > _MAX_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise _bad_address("is too long, or holds characters that an address cannot")
    if parts.scheme not in {"http", "https"}:
        raise _bad_address("does not begin with https://")
    if parts.scheme == "http" and not limits.http:
        raise _bad_address("begins with http://, which could be changed on its way")
    if "@" in parts.netloc or "#" in url:
        raise _bad_address("holds a user name, a password or a fragment")
    named = len(host) <= _MAX_NAME and _NAME.fullmatch(host) and "[" not in parts.netloc
    if not named and not _is_address(host):
        raise _bad_address("names no host")
    usual = _DEFAULT_PORTS[parts.scheme]
    port = usual if port is None else port
    if port not in limits.ports:
        raise _bad_address("names a port that is not asked")
    shown = f"[{host}]" if ":" in host else host
    return _Target(
        secure=parts.scheme == "https",
        host=host,
        port=port,
        authority=shown if port == usual else f"{shown}:{port}",
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _left(deadline: float, *, host: str) -> float:
    """Return the seconds left. Raises NoAnswer where there are none."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise _no_time(host)
    return left_s


def _read_head(items: Iterable[tuple[str, str]], *, host: str) -> Mapping[str, str]:
    headers = {name.lower(): value for name, value in items}
    if sum(len(name) + len(value) for name, value in headers.items()) > _MAX_HEAD_BYTES:
        raise NoAnswer("too_long", f"{host} sent more headers than are read.")
    return headers


def _no_time(host: str) -> NoAnswer:
    return NoAnswer("timeout", f"{host} did not answer in full in time.")


def _bad_address(why: str) -> NoAnswer:
    return NoAnswer("bad_address", f"The address {why}, so it was not asked.")
