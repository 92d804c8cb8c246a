from ipaddress import ip_network

import pytest

from registry.asking.addresses import is_askable


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "192.31.196.1", "193.0.6.139", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:400f::1"],
)
def test_addresses_of_the_public_internet_may_be_asked(address: str) -> None:
    assert is_askable(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused, not listened on
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",  # a cloud's metadata service
        "127.0.0.1",
        "127.8.9.10",
        "168.63.129.16",  # another cloud's platform
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "233.252.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",  # IPv4-compatible
        "::ffff:127.0.0.1",  # IPv4-mapped
        "::ffff:1.1.1.1",
        "64:ff9b::7f00:1",  # NAT64
        "64:ff9b::1.1.1.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",  # Teredo
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",  # 6to4 of 127.0.0.1
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "2606:4700:4700::1111%lo",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_no_other_address_may_be_asked(address: str) -> None:
    assert not is_askable(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "2130706433", "1.1.1.1 ", "1.1.1.1/32"])
def test_what_is_no_address_may_not_be_asked(text: str) -> None:
    assert not is_askable(text)


def test_a_configured_network_may_be_asked_and_nothing_beside_it() -> None:
    also = [ip_network("10.20.0.0/16"), ip_network("fd12:3456::/32")]

    assert is_askable("10.20.255.1", also=also)
    assert is_askable("fd12:3456::1", also=also)
    assert not is_askable("10.21.0.1", also=also)
    assert not is_askable("::ffff:10.20.0.1", also=also)
