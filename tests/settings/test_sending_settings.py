"""The gateway's settings: an address and its secret, or neither."""

from pathlib import Path

import pytest

from settings import SettingsInvalid, read_settings
from tests.builders_sending import SECRET
from wiring import build_services

GATEWAY = {"SIGILL_GATEWAY_URL": "https://gateway.example/codes"}


def test_without_a_gateway_no_codes_are_sent() -> None:
    assert read_settings({}).sending.url is None


@pytest.mark.parametrize(
    "given",
    [
        GATEWAY,
        {"SIGILL_GATEWAY_SECRET_FILE": "secret"},
        {"SIGILL_GATEWAY_URL": "http://gateway.example/codes", "SIGILL_GATEWAY_SECRET_FILE": "secret"},
        {"SIGILL_GATEWAY_URL": "https://a:b@gateway.example/", "SIGILL_GATEWAY_SECRET_FILE": "secret"},
        {"SIGILL_GATEWAY_URL": "https://gateway.example:x/", "SIGILL_GATEWAY_SECRET_FILE": "secret"},
        {"SIGILL_GATEWAY_URL": "gateway", "SIGILL_GATEWAY_SECRET_FILE": "secret"},
    ],
)
def test_a_gateway_that_cannot_be_used_is_named_without_its_address(given: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(given)
    assert "SIGILL_GATEWAY_URL" in str(caught.value)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(("secret", "good"), [(SECRET, True), ("x" * 40, False), ("whsec_" + "A" * 28, False)])
def test_the_secret_is_of_standard_webhooks(tmp_path: Path, secret: str, good: bool) -> None:
    path = tmp_path / "secret"
    path.write_text(secret)
    settings = read_settings({"VAR": str(tmp_path), **GATEWAY, "SIGILL_GATEWAY_SECRET_FILE": str(path)})
    if good:
        assert build_services(settings, first_start=True).sending.gateway is not None
        return
    with pytest.raises(SettingsInvalid, match="whsec_"):
        build_services(settings, first_start=True)
