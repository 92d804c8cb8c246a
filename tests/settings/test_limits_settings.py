"""Which limits hold, and where they are counted."""

import pytest

from settings import SettingsInvalid, read_settings
from settings.limits import QUOTAS


def test_by_default_everything_is_limited_on_this_machine() -> None:
    limits = read_settings({}).limits
    assert limits.quotas == QUOTAS
    assert (limits.url, limits.proxies, limits.header) == (None, 0, "X-Forwarded-For")


def test_one_limit_is_changed_and_another_switched_off() -> None:
    quotas = read_settings({"SIGILL_LIMITS": "verify=10/1  read=off"}).limits.quotas
    assert quotas == {name: each for name, each in QUOTAS.items() if name != "read"} | {"verify": (10, 1)}
    assert read_settings({"SIGILL_LIMITS": "off"}).limits.quotas == {}


@pytest.mark.parametrize(
    "text",
    ["on", "verify", "verify=0/60", "verify=1/0", "verify=1/86401", "nothing=1/1", "verify=1", "verify=-1/60", "x=off"],
)
def test_a_limit_that_is_none_is_said(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="SIGILL_LIMITS is off, or names"):
        read_settings({"SIGILL_LIMITS": text})


@pytest.mark.parametrize(
    "url", ["redis://host", "rediss://:secret@host:6380/1", "valkey://user:x@[::1]:6379", "valkeys://host/0"]
)
def test_a_server_is_redis_or_valkey(url: str) -> None:
    settings = read_settings({"SIGILL_LIMITS_URL": url})
    assert settings.limits.url == url
    assert url not in repr(settings)


@pytest.mark.parametrize(
    "url", ["http://host", "redis://", "redis://host:x", "redis://host/a", "redis://host?x=1", "redis://secret@ho st"]
)
def test_another_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="SIGILL_LIMITS_URL is redis://host:port/number") as caught:
        read_settings({"SIGILL_LIMITS_URL": url})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGILL_TRUSTED_PROXIES", "-1"),
        ("SIGILL_TRUSTED_PROXIES", "10"),
        ("SIGILL_TRUSTED_PROXIES", "all"),
        ("SIGILL_PROXY_HEADER", "X-Real-IP"),
    ],
)
def test_proxies_are_a_small_number_and_write_a_known_header(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        read_settings({name: value})
