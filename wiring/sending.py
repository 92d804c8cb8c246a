"""What the sending policy needs of the other parts: the log, the gateway to phones, the key that hashes codes."""

import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Engine

from registry.applying.kept_checks import proven_domains
from registry.sending.directory import Directory
from registry.sending.gateway import WebhookGateway, read_secret
from registry.sending.world import Gateway, SendingWorld
from settings import Settings, SettingsInvalid
from settings.secret_file import read_token
from transparency.log import TransparencyLog


def sending_world(
    settings: Settings, engine: Engine, log: TransparencyLog, *, issuer: str, secret: bytes, now: Callable[[], datetime]
) -> SendingWorld:
    """Return what the sending policy needs. `secret` keys the hashes of codes. Raises SettingsInvalid."""
    return SendingWorld(
        issuer=issuer,
        engine=engine,
        log=log,
        now=now,
        random=secrets.token_bytes,
        code_key=blake2b(secret, person=b"sigill-codes", digest_size=32).digest(),
        gateway=_gateway(settings, now=now),
        proven_domains=lambda connection, operator_id, at: proven_domains(connection, operator_id, at=at),
        directory=Directory(engine, unlisted=settings.demonstration),
        unlisted=settings.demonstration,
    )


def _gateway(settings: Settings, *, now: Callable[[], datetime]) -> Gateway | None:
    chosen = settings.sending
    secret = read_token(chosen.secret_file)
    if chosen.url is None or secret is None:
        return None
    try:
        return WebhookGateway(chosen.url, secret=read_secret(secret), now=now)
    except ValueError as error:
        raise SettingsInvalid([f"SIGILL_GATEWAY_SECRET_FILE: {error}"]) from None
