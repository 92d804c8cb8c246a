"""Whose request is it? What a client writes itself is never believed."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limiting.addresses import ProxyHeader, Trusted, client_address, is_near, subjects_of

PEER = "192.0.2.1"
ONE = Trusted(1)
TWO = Trusted(2)
RFC_7239 = Trusted(1, ProxyHeader.FORWARDED)


@pytest.mark.parametrize(
    ("values", "trusted", "expected"),
    [
        (["203.0.113.7"], Trusted(), PEER),
        (["203.0.113.7"], ONE, "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], ONE, "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], ONE, "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7, 192.0.2.9"], TWO, "203.0.113.7"),
        (["203.0.113.7"], TWO, "203.0.113.7"),
        ([], TWO, PEER),
        (["203.0.113.7:4711"], ONE, "203.0.113.7"),
        (["[2001:db8::7]:443"], ONE, "2001:db8::7"),
        (["2001:db8::7"], ONE, "2001:db8::7"),
        (["::ffff:203.0.113.7"], ONE, "203.0.113.7"),
        (["unknown"], ONE, PEER),
        (["198.51.100.1, unknown, 192.0.2.9"], TWO, "192.0.2.9"),
        (["fe80::1%eth0"], ONE, PEER),
        (["for=203.0.113.7"], RFC_7239, "203.0.113.7"),
        (['for=198.51.100.1, proto=https;For="[2001:db8::7]:443";by=192.0.2.9'], RFC_7239, "2001:db8::7"),
        (["for=_hidden"], RFC_7239, PEER),
        (["by=203.0.113.7"], RFC_7239, PEER),
        (["xfor=203.0.113.7"], RFC_7239, PEER),
    ],
)
def test_only_what_our_own_proxies_appended_counts(values: list[str], trusted: Trusted, expected: str) -> None:
    assert client_address(PEER, values, trusted=trusted) == ip_address(expected)


@given(st.lists(st.text()), st.sampled_from([ONE, RFC_7239]))
def test_whatever_a_client_writes_before_it_changes_nothing(spoofed: list[str], trusted: Trusted) -> None:
    entry = "203.0.113.7" if trusted is ONE else "for=203.0.113.7"
    assert client_address(PEER, [*spoofed, entry], trusted=trusted) == ip_address("203.0.113.7")


@given(st.text(), st.lists(st.text()), st.sampled_from([Trusted(), ONE, TWO, RFC_7239]))
def test_no_header_breaks_anything(peer: str, values: list[str], trusted: Trusted) -> None:
    client_address(peer, values, trusted=trusted)


def test_a_header_of_a_megabyte_is_read_from_its_end_only() -> None:
    assert client_address(PEER, ["1.1.1.1," * 130_000 + "203.0.113.7"], trusted=ONE) == ip_address("203.0.113.7")


@pytest.mark.parametrize(
    ("address", "subjects"),
    [
        ("203.0.113.7", ("203.0.113.7",)),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:db8:1:2:ffff::1", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("2001:db8:1:3::1", ("2001:db8:1:3::/64", "2001:db8:1::/48")),
    ],
)
def test_an_ipv6_connection_is_one_however_many_addresses_it_has(address: str, subjects: tuple[str, ...]) -> None:
    assert subjects_of(ip_address(address)) == subjects


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "172.17.0.1", "192.168.1.1", "::1", "fd00::1"])
def test_a_proxy_on_this_machine_or_in_a_private_network_is_near(address: str) -> None:
    assert is_near(ip_address(address))


def test_a_customer_is_not_near() -> None:
    assert not any(is_near(ip_address(address)) for address in ("8.8.8.8", "203.0.113.7", "172.32.0.1", "2001:db8::1"))
    assert not is_near(None)
