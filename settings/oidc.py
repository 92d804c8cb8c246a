"""Signing in at the desk with an identity provider (OpenID Connect), beside passkeys.

| name                    | meaning                                                           | default             |
|-------------------------|-------------------------------------------------------------------|---------------------|
| SIGILL_OIDC_ISSUER      | the provider's issuer, exactly as it writes it: https://host/path | none: passkeys only |
| SIGILL_OIDC_CLIENT_ID   | what the provider calls this service                              | with the issuer     |
| SIGILL_OIDC_SECRET_FILE | the file of the client's secret (client_secret_basic), or …       | one of the two      |
| SIGILL_OIDC_KEY_FILE    | … of its private key, P-256 in PEM (private_key_jwt)              |                     |

The address to register with the provider is SIGILL_PUBLIC_URL/desk/oidc/callback.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMES: Final = ("SIGILL_OIDC_ISSUER", "SIGILL_OIDC_CLIENT_ID", "SIGILL_OIDC_SECRET_FILE", "SIGILL_OIDC_KEY_FILE")
_ISSUER, _CLIENT_ID, _SECRET_FILE, _KEY_FILE = NAMES
_LOCAL: Final = r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?"
_URL: Final = re.compile(rf"(?:https://[0-9A-Za-z.-]+(?::[0-9]{{1,5}})?|{_LOCAL})(?:/[0-9A-Za-z._~/-]*)?\Z")
_ID: Final = re.compile(r"[!-9;-~]{1,255}\Z")  # what client_secret_basic can carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The provider and what it knows this service by; exactly one of the two files is given."""

    issuer: str
    client_id: str
    secret_file: Path | None
    key_file: Path | None


def read_oidc(environment: Mapping[str, str]) -> tuple[Oidc | None, list[str]]:
    """Return the provider's settings, None where there is none, and what is wrong with them."""
    issuer, client_id, secret, key = (environment.get(name) or None for name in NAMES)
    if not (issuer or client_id or secret or key):
        return None, []
    faults = []
    if issuer is None or not _URL.match(issuer):
        faults.append(f"{_ISSUER} is https://host/path, as the provider writes it (http on this machine only)")
    if client_id is None or not _ID.match(client_id):
        faults.append(f"{_CLIENT_ID} is what the provider calls this service: 1 to 255 characters, no colon")
    if (secret is None) == (key is None):
        faults.append(f"either {_SECRET_FILE} or {_KEY_FILE} is needed with {_ISSUER}")
    if faults or issuer is None or client_id is None:
        return None, faults
    return Oidc(issuer=issuer, client_id=client_id, secret_file=_path(secret), key_file=_path(key)), []


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text).resolve()
