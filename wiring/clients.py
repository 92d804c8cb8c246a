"""What clients, their keys and their tokens need of the other parts."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Engine

from registry.callers import FRESH_S, Callers
from registry.clients.access_token import AccessToken, read_access_token
from registry.clients.grant import GrantWorld
from registry.credential_steps import RegistrationWorld
from sigill.report.trust import GUARANTOR
from signing.keys.listing import KeyKind
from signing.keys.ring import KeyRing
from transparency.log import TransparencyLog

OPEN_PAGES: Final = frozenset(
    {*(f"web.{page}" for page in ("verify", "check", "start", "code", "static")), "api-docs.openapi_json"}
)
"""What anyone may see beside the API's own routes: the customer's pages, and the API's description."""


def grant_world(issuer: str, engine: Engine, keys: KeyRing, *, now: Callable[[], datetime]) -> GrantWorld:
    """Return what giving out access tokens needs."""
    signer = partial(keys.signer, KeyKind.TOKEN)
    return GrantWorld(issuer=issuer, engine=engine, now=now, random=secrets.token_bytes, signer=signer)


def registration_world(
    issuer: str, engine: Engine, log: TransparencyLog, *, now: Callable[[], datetime]
) -> RegistrationWorld:
    """Return what registering clients and handing out keys needs."""
    return RegistrationWorld(
        issuer=issuer,
        engine=engine,
        log=log,
        guarantor_origin=f"{issuer.removeprefix('https://')}/log/{GUARANTOR}",
        now=now,
        random=secrets.token_bytes,
    )


def known_callers(issuer: str, engine: Engine, keys: KeyRing, *, fresh_s: float = FRESH_S) -> Callers:
    """Return who calls, by API key or access token; tokens are verified in this process, asking nobody."""

    def read(text: str, at: datetime) -> AccessToken:
        return read_access_token(text, issuer=issuer, key_of=keys.token_key, at=at)

    return Callers(engine, read_token=read, keys_now=keys.current, fresh_s=fresh_s)
