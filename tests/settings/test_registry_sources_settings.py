"""Whom the registry asks: nobody by default, and never half of what was meant."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from settings import SettingsInvalid, read_settings
from settings.registry_sources import RegistrySources

THREE = "9.9.9.9 1.1.1.1:5353,[2620:fe::fe]:53"


def sources(**environment: str) -> RegistrySources:
    return read_settings({f"SIGILL_{name}": value for name, value in environment.items()}).registry_sources


def test_nobody_is_asked_unless_named() -> None:
    assert sources() == RegistrySources()
    assert RegistrySources().own_https_port == 443


def test_whoever_is_named_is_asked(tmp_path: Path) -> None:
    found = sources(
        ENHETSREGISTERET="official",
        GLEIF="https://lei.example/v1/",
        RESOLVERS=THREE,
        SEAL_ANCHORS=str(tmp_path / "a.pem"),
    )
    assert (found.enhetsregisteret, found.gleif, found.vies) == ("official", "https://lei.example/v1", None)
    assert found.resolvers == (("9.9.9.9", 53), ("1.1.1.1", 5353), ("2620:fe::fe", 53))
    assert found.seal_anchors == tmp_path / "a.pem"


def test_own_networks_and_another_port_are_named_together() -> None:
    found = sources(OWN_NETWORKS="127.0.0.1/32", OWN_HTTPS_PORT="8443")
    assert (found.own_networks, found.own_https_port) == ((ip_network("127.0.0.1/32"),), 8443)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("RESOLVERS", "9.9.9.9 1.1.1.1", "3 to 15"),
        ("RESOLVERS", "9.9.9.9 1.1.1.1 9.9.9.9:53", "twice"),
        ("RESOLVERS", "9.9.9.9 1.1.1.1 [2620:fe::fe] [2620:FE:0::fe]:53", "twice"),
        ("RESOLVERS", "dns.example 1.1.1.1 9.9.9.9", "dns.example"),
        ("RESOLVERS", "1.1.1.1:0 9.9.9.9 8.8.8.8", "1.1.1.1:0"),
        ("RESOLVERS", "1.1.1.1:99999 9.9.9.9 8.8.8.8", "1.1.1.1:99999"),
        ("RESOLVERS", "1.1.1.999 9.9.9.9 8.8.8.8", "1.1.1.999"),
        ("GLEIF", "http://lei.example", "https://"),
        ("VIES", "https://user@vies.example", "https://"),
        ("ENHETSREGISTERET", "Official", "official"),
        ("OWN_NETWORKS", "10.1.0.1/16", "10.1.0.1/16"),
        ("OWN_HTTPS_PORT", "8443", "SIGILL_OWN_NETWORKS"),
        ("OWN_HTTPS_PORT", "0", "1 to 65535"),
    ],
)
def test_what_cannot_be_meant_stops_the_start(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsInvalid, match="SIGILL_") as caught:
        sources(**{name: value})
    assert says in str(caught.value)
