"""The identity provider of the settings, with this service's secret or key read from its file."""

from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from registry.people.oidc.provider import Client, Provider
from settings import Settings, SettingsInvalid
from settings.secret_file import read_token

_MAX_BYTES: Final = 16_384


def open_provider(settings: Settings) -> Provider | None:
    """Return the provider people sign in with; None where the settings name none. Raises SettingsInvalid."""
    chosen = settings.oidc
    if chosen is None:
        return None
    client = Client(
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        redirect_uri=f"{settings.public_url}/desk/oidc/callback",
        secret=read_token(chosen.secret_file),
        key=_read_key(chosen.key_file),
    )
    return Provider(client)


def _read_key(path: Path | None) -> ec.EllipticCurvePrivateKey | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            key = load_pem_private_key(file.read(_MAX_BYTES), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsInvalid([f"{path} holds no private key: P-256, PEM, no password, in a readable file"])
    return key
