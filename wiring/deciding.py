"""What deciding about operators needs of the other parts."""

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from registry.deciding.world import DecidingWorld
from transparency.log import TransparencyLog


def deciding_world(
    engine: Engine,
    log: TransparencyLog,
    now: Callable[[], datetime],
    demonstration: bool,  # noqa: FBT001 - one line of the app's making
) -> DecidingWorld:
    """Return what deciding needs."""
    return DecidingWorld(engine=engine, log=log, now=now, random=secrets.token_bytes, demonstration=demonstration)
