"""Where the guarantor's keys may live besides files.

| name                   | meaning                                                             | default     |
|------------------------|---------------------------------------------------------------------|-------------|
| SIGILL_PKCS11_MODULE   | the PKCS#11 module of the token: a shared library                   | no token    |
| SIGILL_PKCS11_PIN_FILE | the file of mode 600 that holds the token's PIN                     | none        |
| SIGILL_KMS_ENDPOINT    | the address of AWS KMS, where it is not the region's own            | the region's |

Which key lives where is no setting: `keys.json` says it. Credentials for KMS are AWS's own (AWS_ACCESS_KEY_ID and the
like, its files, or the machine's role).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMES: Final = ("SIGILL_PKCS11_MODULE", "SIGILL_PKCS11_PIN_FILE", "SIGILL_KMS_ENDPOINT")
_MODULE, _PIN_FILE, _ENDPOINT = NAMES
_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStores:
    """How tokens and KMS are reached; None: not set up, or as AWS has it."""

    pkcs11_module: Path | None = None
    pkcs11_pin_file: Path | None = None
    kms_endpoint: str | None = None


def read_key_stores(environment: Mapping[str, str]) -> tuple[KeyStores, list[str]]:
    """Return how other places of keys are reached, and what is wrong with it."""
    module, pin_file = (
        Path(given).resolve() if (given := environment.get(name)) else None for name in (_MODULE, _PIN_FILE)
    )
    endpoint = environment.get(_ENDPOINT) or None
    faults = []
    if (module is None) is not (pin_file is None):
        faults.append(f"{_MODULE} and {_PIN_FILE} are given together")
    if endpoint is not None and not _URL.match(endpoint):
        faults.append(f"{_ENDPOINT} is http(s)://host[:port]")
    return KeyStores(pkcs11_module=module, pkcs11_pin_file=pin_file, kms_endpoint=endpoint), faults
