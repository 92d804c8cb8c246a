"""How tokens and KMS are reached: the settings, and what is wrong with them."""

from pathlib import Path

import pytest

from settings import SettingsInvalid, read_settings
from settings.key_stores import KeyStores


def read(**environment: str) -> KeyStores:
    return read_settings({"VAR": "/srv/sigill/var", **environment}).key_stores


def test_by_default_keys_are_files() -> None:
    assert read() == read(SIGILL_PKCS11_MODULE="", SIGILL_KMS_ENDPOINT="") == KeyStores()


def test_a_module_with_its_pin_file_and_an_endpoint_are_taken() -> None:
    found = read(
        SIGILL_PKCS11_MODULE="/usr/lib/hsm.so",
        SIGILL_PKCS11_PIN_FILE="/run/pin",
        SIGILL_KMS_ENDPOINT="https://kms.test",
    )
    assert found.pkcs11_module == Path("/usr/lib/hsm.so")
    assert found.pkcs11_pin_file == Path("/run/pin")
    assert found.kms_endpoint == "https://kms.test"


@pytest.mark.parametrize(
    "given",
    [
        {"SIGILL_PKCS11_MODULE": "/usr/lib/hsm.so"},
        {"SIGILL_PKCS11_PIN_FILE": "/run/pin"},
        {"SIGILL_KMS_ENDPOINT": "kms.test"},
        {"SIGILL_KMS_ENDPOINT": "https://kms.test/path"},
    ],
)
def test_half_a_setting_is_a_fault(given: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid):
        read(**given)
