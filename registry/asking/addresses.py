"""Which addresses are on the public Internet: what a name that a stranger gave may lead to.

`ipaddress.is_global` alone lets multicast, translated and platform addresses through, and differs between versions of
Python. For IPv6, what may be asked is listed instead of what may not.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NEVER_IPV4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host, RFC 791
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers, RFC 6598
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud platform's own service, on an address that looks public
        "169.254.0.0/16",  # link-local, with the platforms' metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
_UNICAST_IPV6: Final = IPv6Network("2000::/3")  # all that IANA has given out; mapped and NAT64 ones lie outside
_NEVER_IPV6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols' own: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 holds an IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)


def is_public(address: Address) -> bool:
    """Return whether `address` is one host's on the public Internet, by IANA's special-purpose registries."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER_IPV4)
    if address.scope_id is not None or address not in _UNICAST_IPV6:
        return False
    return not any(address in network for network in _NEVER_IPV6)


def is_askable(text: str, *, also: Sequence[Network] = ()) -> bool:
    """Return whether the address written `text` is public or in one of the networks `also`; False for no address.

    An IPv4 address written as an IPv6 one is never in an IPv4 network.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return is_public(address) or any(address in network for network in also)
