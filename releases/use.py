"""Using up a release inside the sealing commit: one release, one seal, in any process; nothing of it before or after.

The same commit looks whether whoever released it may still do so: a passkey, a key or a person that was revoked
meanwhile seals nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from registry.tables import client_keys, clients, passkeys, people
from releases.errors import ReleaseExpired, ReleaserRevoked, ReleaseUsed
from releases.tables import release_evidence, releases
from storage.bulk import insert_rows
from storage.prepared import Asked, PreparedIn
from storage.times import to_ms
from transparency.append import Place

_RELEASES: Final = PreparedIn(releases.c.id, select(releases.c.id, releases.c.expires_at_ms).where)
_PASSKEYS: Final = PreparedIn(
    passkeys.c.id,
    select(passkeys.c.id, people.c.operator_id, passkeys.c.revoked_at_ms, people.c.ended_at_ms)
    .join(people, people.c.id == passkeys.c.person_id)
    .where,
)
_KEYS: Final = PreparedIn(
    client_keys.c.thumbprint,
    select(client_keys.c.thumbprint, clients.c.operator_id, client_keys.c.revoked_at_ms, clients.c.revoked_at_ms)
    .join(clients, clients.c.id == client_keys.c.client_id)
    .where,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseUse:
    """The part that uses up a release for the message `jti`, and keeps its evidence.

    Released either with the passkey or with the key of this name (the other is None).
    """

    release_id: str
    operator_id: str
    jti: str
    evidence: bytes
    passkey_id: str | None
    thumbprint: str | None
    at: datetime

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[ReleaseUse]") -> "_Uses":
        """Load the releases, and who gave them."""
        names = list({part.release_id for part in parts})
        by_passkey = list({part.passkey_id for part in parts if part.passkey_id is not None})
        by_key = list({part.thumbprint for part in parts if part.thumbprint is not None})
        return _Uses(
            _RELEASES.ask(connection, names),
            [*_PASSKEYS.ask(connection, by_passkey), *_KEYS.ask(connection, by_key)],
        )


class _Uses:
    """The releases that wait, who may release, and what this batch used up."""

    def __init__(self, asked: Sequence[Asked], holders: Sequence[Asked]) -> None:
        self._asked = asked
        self._asked_holders = holders
        self._taken: dict[str, ReleaseUse] = {}

    @cached_property
    def _expiries(self) -> dict[str, int]:
        return {name: int(expires_at_ms) for name, expires_at_ms in _rows(self._asked)}

    @cached_property
    def _holders(self) -> dict[str, str]:
        """The operators of the passkeys and keys that are good."""
        rows = _rows(self._asked_holders)
        return {name: operator for name, operator, revoked, ended in rows if revoked is None and ended is None}

    def check(self, part: ReleaseUse) -> None:
        """Raise ReleaseUsed, ReleaseExpired or ReleaserRevoked."""
        expiry = self._expiries.get(part.release_id)
        if expiry is None or part.release_id in self._taken:
            raise ReleaseUsed("a message was sealed with this release already")
        if to_ms(part.at) >= expiry:
            raise ReleaseExpired("the release is older than five minutes")
        if self._holders.get(part.passkey_id or part.thumbprint or "") != part.operator_id:
            raise ReleaserRevoked("who released it may no longer do so: nothing was sealed")

    def take(self, part: ReleaseUse, place: Place) -> None:  # noqa: ARG002 - the evidence goes by the message's id
        """Note the use."""
        self._taken[part.release_id] = part

    def save(self, connection: Connection, tree_sizes: Mapping[str, int]) -> None:  # noqa: ARG002 - as take
        """Take the releases away and keep their evidence."""
        if not self._taken:
            return
        connection.execute(delete(releases).where(releases.c.id.in_(list(self._taken))))
        rows = [{"jti": part.jti, "release_id": name, "record": part.evidence} for name, part in self._taken.items()]
        insert_rows(connection, release_evidence, rows)


def _rows(asked: Sequence[Asked]) -> Iterator[tuple[Any, ...]]:
    for each in asked:
        yield from each.rows()
