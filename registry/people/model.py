"""The values of people and their passkeys."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from registry.model import OperatorId, Role

PersonId = NewType("PersonId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who acts for an operator, or for the guarantor where `operator_id` is None.

    `name` is for colleagues. Everyone else reads the `id`, which says nothing of who it is. A signer releases messages.
    """

    id: PersonId
    operator_id: OperatorId | None
    name: str
    role: Role
    created_at: datetime
    ended_at: datetime | None = None
    oidc_subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A WebAuthn credential of a person. `id` is base64url; `public_key` a COSE_Key (RFC 9052).

    `attestation` is the format of what the authenticator attested at its enrolment, `none` where it attested nothing;
    a `device_bound` one cannot be synced to another device. `sign_count` is 0 for ever where nothing counts.
    """

    id: str
    person_id: PersonId
    name: str
    public_key: bytes
    sign_count: int
    aaguid: str
    attestation: str
    device_bound: bool
    transports: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
