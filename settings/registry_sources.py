"""Whom the registry asks when it checks who an operator is. Nobody is asked unless it is named here.

| name                     | meaning                                                                    | default     |
|--------------------------|----------------------------------------------------------------------------|-------------|
| SIGILL_ENHETSREGISTERET  | Norway's company register: `official`, or another base URL                 | not asked   |
| SIGILL_GLEIF             | the register of LEIs: `official`, or another base URL                      | not asked   |
| SIGILL_VIES              | the European Union's VAT numbers: `official`, or another base URL          | not asked   |
| SIGILL_RESOLVERS         | three or more: `9.9.9.9 1.1.1.1:53 [2620:fe::fe]:53`; more than half agree | none        |
| SIGILL_SEAL_ANCHORS      | a PEM file of the authorities whose seal certificates count                | none counts |
| SIGILL_OWN_NETWORKS      | networks that may be asked although they are not public: `10.1.0.0/16`     | none        |
| SIGILL_OWN_HTTPS_PORT    | the port of the well-known file, in one's own networks only                | 443         |
| SIGILL_OWN_CA_FILE       | a PEM file that web servers' certificates are checked against              | the system  |

The three OWN settings are for one's own networks and for tests: whoever applies names the hosts that are asked, and
with them could have hosts of those networks asked. On the Internet they are left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, TypeAlias

NAMES: Final = (
    "SIGILL_ENHETSREGISTERET",
    "SIGILL_GLEIF",
    "SIGILL_VIES",
    "SIGILL_RESOLVERS",
    "SIGILL_SEAL_ANCHORS",
    "SIGILL_OWN_NETWORKS",
    "SIGILL_OWN_HTTPS_PORT",
    "SIGILL_OWN_CA_FILE",
)
_ENHETSREGISTERET, _GLEIF, _VIES, _RESOLVERS, _ANCHORS, _NETWORKS, _PORT, _CA_FILE = NAMES
OFFICIAL: Final = "official"
MIN_RESOLVERS: Final = 3
MAX_RESOLVERS: Final = 15
_URL: Final = re.compile(
    r"(?:https://[0-9A-Za-z.-]+|http://(?:127\.0\.0\.1|localhost))(?::[0-9]{1,5})?(?:/[0-9A-Za-z._-]+)*\Z", re.ASCII
)
_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:]+)\]|(?P<four>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?\Z", re.ASCII)
_MAX_PORT: Final = 65_535
_DNS: Final = 53
_HTTPS: Final = 443
Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySources:
    """Whom the registry asks. A register is `official`, a base URL without a slash at its end, or None: not asked.

    Resolvers are address and port; none, or at least three different ones.
    """

    enhetsregisteret: str | None = None
    gleif: str | None = None
    vies: str | None = None
    resolvers: tuple[tuple[str, int], ...] = ()
    seal_anchors: Path | None = None
    own_networks: tuple[Network, ...] = ()
    own_https_port: int = _HTTPS
    own_ca_file: Path | None = None


def read_registry_sources(environment: Mapping[str, str]) -> tuple[RegistrySources, list[str]]:
    """Return whom the registry asks, and what is wrong with it."""
    faults: list[str] = []
    networks = _read_networks(environment.get(_NETWORKS) or "", faults)
    found = RegistrySources(
        enhetsregisteret=_read_register(environment, _ENHETSREGISTERET, faults),
        gleif=_read_register(environment, _GLEIF, faults),
        vies=_read_register(environment, _VIES, faults),
        resolvers=_read_resolvers(environment.get(_RESOLVERS) or "", faults),
        seal_anchors=_file(environment, _ANCHORS),
        own_networks=networks,
        own_https_port=_read_port(environment.get(_PORT) or str(_HTTPS), faults),
        own_ca_file=_file(environment, _CA_FILE),
    )
    if found.own_https_port != _HTTPS and not networks:
        faults.append(f"{_PORT} needs {_NETWORKS}: on the Internet the file is at port {_HTTPS}")
    return found, faults


def _read_register(environment: Mapping[str, str], name: str, faults: list[str]) -> str | None:
    given = (environment.get(name) or "").rstrip("/")
    if not given or given == OFFICIAL:
        return given or None
    if not _URL.match(given):
        faults.append(f"{name} is official, or https://host[:port]/path (http to this machine only)")
        return None
    return given


def _read_resolvers(text: str, faults: list[str]) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for word in text.replace(",", " ").split():
        resolver = _read_resolver(word)
        if resolver is None:
            faults.append(
                f"{_RESOLVERS} are addresses such as 9.9.9.9, 9.9.9.9:53 or [2620:fe::fe]:53, not {word[:60]!r}"
            )
        elif resolver in found:
            faults.append(f"{_RESOLVERS} names {word} twice: it would have two votes")
        else:
            found.append(resolver)
    if text.strip() and not faults and not MIN_RESOLVERS <= len(found) <= MAX_RESOLVERS:
        faults.append(f"{_RESOLVERS} are {MIN_RESOLVERS} to {MAX_RESOLVERS}: fewer could not outvote one that lies")
    return tuple(found)


def _read_resolver(word: str) -> tuple[str, int] | None:
    match = _ADDRESS.match(word)
    port = int((match and match["port"]) or _DNS)
    if match is None or not 0 < port <= _MAX_PORT:
        return None
    try:
        return str(ip_address(match["six"] or match["four"])), port
    except ValueError:
        return None


def _read_networks(text: str, faults: list[str]) -> tuple[Network, ...]:
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(ip_network(word))
        except ValueError:
            faults.append(f"{_NETWORKS} are networks such as 10.1.0.0/16, not {word[:60]!r}")
    return tuple(found)


def _read_port(text: str, faults: list[str]) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_PORT)) and 0 < int(text) <= _MAX_PORT:
        return int(text)
    faults.append(f"{_PORT} is 1 to {_MAX_PORT}")
    return _HTTPS


def _file(environment: Mapping[str, str], name: str) -> Path | None:
    given = environment.get(name)
    return Path(given).resolve() if given else None
