"""The values of clients: who they are, which keys they hold, for which AI system they may speak."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from registry.clients.public_key import PublicKey
from registry.model import OperatorId, Role

ClientId = NewType("ClientId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """One key of a client, good in `[valid_from, valid_until)` (UTC) unless it was revoked."""

    key: PublicKey
    valid_from: datetime
    valid_until: datetime
    created_at: datetime
    revoked_at: datetime | None = None

    def is_current(self, at: datetime) -> bool:
        """Tell whether the key may be used at `at`."""
        return self.revoked_at is None and self.valid_from <= at < self.valid_until

    def is_over(self, at: datetime) -> bool:
        """Tell whether the key can never be used again."""
        return self.revoked_at is not None or at >= self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that authenticates by its key. With an `ai_system` it can sign only as that one (attestation B)."""

    id: ClientId
    operator_id: OperatorId | None
    name: str
    role: Role
    ai_system: str | None
    created_at: datetime
    revoked_at: datetime | None = None
    keys: tuple[ClientKey, ...] = ()

    def key(self, thumbprint: str) -> ClientKey | None:
        """Return the key of this name, current or not."""
        return next((each for each in self.keys if each.key.thumbprint == thumbprint), None)
