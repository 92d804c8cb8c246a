"""What erasing needs of the other parts."""

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from policies.library import PolicyLibrary
from privacy.world import PrivacyWorld
from signing.keys.ring import KeyRing
from transparency.log import TransparencyLog


def privacy_world(
    engine: Engine, log: TransparencyLog, keys: KeyRing, policies: PolicyLibrary, *, now: Callable[[], datetime]
) -> PrivacyWorld:
    """Return what erasing and the legal holds need."""
    return PrivacyWorld(
        now=now,
        random=secrets.token_bytes,
        engine=engine,
        log=log,
        retention=policies.retention,
        has_salt_key=keys.salts.has,
        destroy_salt_key=keys.salts.destroy,
    )
