"""The settings of the identity provider: all or none, and each fault named."""

from pathlib import Path

import pytest

from settings import SettingsInvalid, read_settings
from settings.oidc import read_oidc

WHOLE = {
    "SIGILL_OIDC_ISSUER": "https://login.example/tenant",
    "SIGILL_OIDC_CLIENT_ID": "desk",
    "SIGILL_OIDC_SECRET_FILE": "secret",
}


def test_without_any_there_is_no_provider() -> None:
    assert read_oidc({}) == (None, [])
    assert read_settings({}).oidc is None


def test_a_whole_one_is_read() -> None:
    chosen = read_settings(WHOLE).oidc
    assert chosen is not None
    assert (chosen.issuer, chosen.client_id) == ("https://login.example/tenant", "desk")
    assert (chosen.secret_file, chosen.key_file) == (Path("secret").resolve(), None)


@pytest.mark.parametrize(
    "changes",
    [
        {"SIGILL_OIDC_ISSUER": ""},
        {"SIGILL_OIDC_ISSUER": "http://login.example"},
        {"SIGILL_OIDC_ISSUER": "https://login.example/?a=b"},
        {"SIGILL_OIDC_ISSUER": "https://user@login.example"},
        {"SIGILL_OIDC_CLIENT_ID": ""},
        {"SIGILL_OIDC_CLIENT_ID": "a:b"},
        {"SIGILL_OIDC_SECRET_FILE": ""},
        {"SIGILL_OIDC_KEY_FILE": "key.pem"},
    ],
)
def test_a_part_of_one_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_settings(WHOLE | changes)
    assert len(refused.value.faults) == 1
    assert "SIGILL_OIDC" in refused.value.faults[0]
