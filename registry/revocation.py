"""Revoking API keys: from then on they are refused; nothing brings one back."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, update

from registry.tables import api_keys
from storage.times import to_ms


def revoke_api_keys(connection: Connection, *, name: str, at: datetime) -> int:
    """Revoke every key called `name` that is not revoked yet; return how many there were."""
    return _revoke(connection, api_keys.c.name == name, at)


def revoke_api_key(connection: Connection, *, prefix: str, at: datetime) -> bool:
    """Revoke the key of this prefix; return whether there was one that was not revoked yet."""
    return _revoke(connection, api_keys.c.prefix == prefix, at) == 1


def _revoke(connection: Connection, which: ColumnElement[bool], at: datetime) -> int:
    current = which & api_keys.c.revoked_at_ms.is_(None)
    return connection.execute(update(api_keys).where(current).values(revoked_at_ms=to_ms(at))).rowcount
