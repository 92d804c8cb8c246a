"""Who passkeys are made for: this service, by the host of its public address (WebAuthn, section 5.1.2 on RP IDs)."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.errors import PasskeysUnavailable


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`id` is the domain passkeys are bound to, `origin` where a browser must be when it uses one."""

    id: str
    origin: str
    name: str = "Sigill"


def relying_party(public_url: str) -> RelyingParty:
    """Return the relying party of a public address (`https://host[:port]`, no path). Raises PasskeysUnavailable.

    No passkey is bound to an IP address. On the machine itself `localhost` takes its place: 127.0.0.1 and [::1] are
    served by the same process.
    """
    parts = urlsplit(public_url)
    host = (parts.hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return RelyingParty(host, public_url)
    if not address.is_loopback:
        raise PasskeysUnavailable(f"passkeys need a host name, and {host} is an address: set SIGILL_PUBLIC_URL to one")
    port = "" if parts.port is None else f":{parts.port}"
    return RelyingParty("localhost", f"{parts.scheme}://localhost{port}")
