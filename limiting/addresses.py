"""Whose address a request came from, and what counts as one address. Pure; what comes from outside is never believed.

Only the entries that our own proxies appended are read: with n trusted proxies, the n-th from the right, and what a
client wrote itself stands further left. A header that the proxies do not write is never looked at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
MAX_HEADER: Final = 4096
_SUBSCRIBER_BITS: Final = 64  # what one IPv6 connection gets at the least (RFC 6177)
_SITE_BITS: Final = 48
_NEAR: Final = tuple(
    map(
        ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
    )
)  # a list of our own: `is_private` also holds what is only reserved
_FOR: Final = re.compile(r'(?:^|;)\s*for=(?:"([^"\\]*)"|([^";,\s]+))\s*(?=;|$)', re.IGNORECASE)
_BRACKETED: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?\Z")
_WITH_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}\Z")


class ProxyHeader(StrEnum):
    """The header in which the trusted proxies say whom they serve."""

    X_FORWARDED_FOR = "X-Forwarded-For"
    FORWARDED = "Forwarded"


@dataclass(frozen=True, slots=True)
class Trusted:
    """How many proxies of ours stand in front, one behind the other, and which header they append to."""

    proxies: int = 0
    header: ProxyHeader = ProxyHeader.X_FORWARDED_FOR


def client_address(peer: str | None, values: Sequence[str], *, trusted: Trusted) -> Address | None:
    """Return who asks: `peer` is the connection's other end, `values` all values of the trusted header, in order.

    An entry that cannot be read stops the walk: the nearest hop that can be read is taken. None: not even the peer.
    """
    found = _parse(peer or "")
    if not trusted.proxies:
        return found
    entries = ",".join(values)[-MAX_HEADER:].split(",")
    for entry in list(reversed(entries))[: trusted.proxies]:
        address = _parse(entry.strip() if trusted.header is ProxyHeader.X_FORWARDED_FOR else _for_of(entry))
        if address is None:
            break
        found = address
    return found


def subjects_of(address: Address) -> tuple[str, ...]:
    """Return what is counted for an address: itself; of IPv6 its /64, and its /48 as the second, wider one."""
    if isinstance(address, IPv4Address):
        return (str(address),)
    return tuple(str(ip_network((address, bits), strict=False)) for bits in (_SUBSCRIBER_BITS, _SITE_BITS))


def is_near(address: Address | None) -> bool:
    """Tell whether an address is this machine's or of a private network: a proxy's, rather than a customer's."""
    return address is not None and any(address in network for network in _NEAR)


def _for_of(element: str) -> str:
    """Return the `for` of one element of `Forwarded` (RFC 7239); an empty text if it says none."""
    match = _FOR.search(element)
    return "" if match is None else (match[1] or match[2] or "").strip()


def _parse(text: str) -> Address | None:
    match = _BRACKETED.match(text) or _WITH_PORT.match(text)
    try:
        address = ip_address(match[1] if match else text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address
