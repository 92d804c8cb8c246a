"""How much each may ask, and where it is counted.

| name                   | meaning                                                              | default              |
|------------------------|----------------------------------------------------------------------|----------------------|
| SIGILL_LIMITS          | `off`, or changes such as `verify=600/60 read=off`: amount/seconds   | `QUOTAS`             |
| SIGILL_LIMITS_URL      | a Redis or Valkey server: redis://, rediss://, valkey://, valkeys:// | this machine's file  |
| SIGILL_TRUSTED_PROXIES | how many proxies of ours stand in front, one behind the other        | 0                    |
| SIGILL_PROXY_HEADER    | the header they append to: X-Forwarded-For or Forwarded              | X-Forwarded-For      |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

NAMES: Final = ("SIGILL_LIMITS", "SIGILL_LIMITS_URL", "SIGILL_TRUSTED_PROXIES", "SIGILL_PROXY_HEADER")
_LIMITS, _URL, _PROXIES, _HEADER = NAMES
QUOTAS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        # of a credential
        "sign": (60_000, 60),  # messages, events, withdrawals, erasures
        "decide": (60_000, 60),
        "read": (12_000, 60),
        # of a person
        "release": (20, 60),  # messages released at level A: somebody reads before she confirms
        # of an address
        "verify": (300, 60),  # checks of messages, by the API and the page
        "apply": (30, 3600),  # applications to the registry
        "search": (600, 60),  # the registry
        "open": (6_000, 60),  # logs, keys, status lists, pages
        "refused": (300, 60),  # calls with no good key
    }
)
HEADERS: Final = ("X-Forwarded-For", "Forwarded")
_SCHEMES: Final = frozenset({"redis", "rediss", "valkey", "valkeys"})
_CHANGE: Final = re.compile(r"([a-z]+)=(?:off|([0-9]{1,9})/([0-9]{1,5}))\Z", re.ASCII)
_MAX_WINDOW_S: Final = 86_400
_MAX_PROXIES: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The quotas in force (name: amount and seconds; none: no limits at all), the server, the proxies in front."""

    quotas: Mapping[str, tuple[int, int]]
    url: str | None = field(repr=False)  # may hold a password
    proxies: int
    header: str


def read_limits(environment: Mapping[str, str]) -> tuple[Limits, list[str]]:
    """Return the limits' settings and what is wrong with them; a fault never repeats the server's address."""
    quotas, faults = _read_quotas(environment.get(_LIMITS) or "")
    url = environment.get(_URL) or None
    if url is not None and not _is_server(url):
        faults.append(f"{_URL} is redis://host:port/number, or the same with rediss, valkey or valkeys")
    proxies = environment.get(_PROXIES) or "0"
    if not (proxies.isascii() and proxies.isdigit() and len(proxies) == 1):
        faults.append(f"{_PROXIES} is 0 to {_MAX_PROXIES}")
        proxies = "0"
    header = environment.get(_HEADER) or HEADERS[0]
    if header not in HEADERS:
        faults.append(f"{_HEADER} is {' or '.join(HEADERS)}")
    return Limits(quotas=quotas, url=url, proxies=int(proxies), header=header), faults


def _read_quotas(text: str) -> tuple[Mapping[str, tuple[int, int]], list[str]]:
    if text.strip() == "off":
        return {}, []
    quotas, faults = dict(QUOTAS), []
    for change in text.split():
        match = _CHANGE.match(change)
        if match is None or match[1] not in QUOTAS or not _is_quota(match):
            faults.append(
                f"{_LIMITS} is off, or names ({', '.join(QUOTAS)}) with an amount and seconds, as in verify=600/60; "
                f"{change[:40]!r} is neither"
            )
        elif match[2] is None:
            quotas.pop(match[1], None)
        else:
            quotas[match[1]] = int(match[2]), int(match[3])
    return quotas, faults


def _is_quota(match: re.Match[str]) -> bool:
    return match[2] is None or (int(match[2]) > 0 and 0 < int(match[3]) <= _MAX_WINDOW_S)


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is none raises
    except ValueError:
        return False
    printable = url.isascii() and url.isprintable() and " " not in url
    number = parts.path.removeprefix("/")
    plain = not parts.query and not parts.fragment and (not number or number.isdigit())
    return parts.scheme in _SCHEMES and bool(parts.hostname) and printable and plain
