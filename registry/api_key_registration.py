"""Handing out API keys and revoking them, each a step in the log: of the operator's, or of the guarantor's own keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from registry.api_keys import ListedKey, list_api_keys, load_listed_key, make_api_key, save_api_key
from registry.application import check_text
from registry.credential_steps import Change, RegistrationWorld, Unchanged, take_step
from registry.errors import ApiKeyUnknown, ApplicationInvalid
from registry.model import OperatorId, Role
from registry.operators import load_operator
from registry.revocation import revoke_api_key
from registry.steps import Act
from storage.engine import reading

LASTS: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=3650)
MAX_KEYS: Final = 200
_RANDOM_BYTES: Final = 40
_OF_OPERATORS: Final = frozenset({Role.SIGNER, Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A key as it is listed, and its text, which is shown this once."""

    key: ListedKey
    text: str


def hand_out_key(
    *,
    operator_id: OperatorId,
    name: str,
    role: Role,
    valid_until: datetime | None,
    world: RegistrationWorld,
) -> HandedOut:
    """Make an API key of an operator, good until a time (None: for a year), and log that.

    Raises ApplicationInvalid (also where there are 200 keys already), OperatorNotFound.
    """
    at = world.now()
    ends = valid_until or at + LASTS
    if not at < ends <= at + LONGEST:
        raise ApplicationInvalid(f"a key ends in the future, and at most {LONGEST.days} days ahead")
    if role not in _OF_OPERATORS:
        raise ApplicationInvalid("an operator's key is of the role signer, admin or auditor")
    name = check_text("name", name)
    made = make_api_key(world.random(_RANDOM_BYTES))
    with reading(world.engine) as connection:
        load_operator(connection, operator_id)

    def write(connection: Connection) -> None:
        held = list_api_keys(connection, operator_id=operator_id)
        if sum(key.credential.revoked_at is None and key.credential.expires_at > at for key in held) >= MAX_KEYS:
            raise ApplicationInvalid(f"there are {MAX_KEYS} keys already: revoke those that are not used")
        save_api_key(connection, made, name=name, role=role, operator_id=operator_id, created_at=at, expires_at=ends)

    said = {"key": made.prefix, "role": role.value}
    take_step(operator_id, Change(act=Act.API_KEY_ADDED, at=at, said=said, write=write), world=world)
    with reading(world.engine) as connection:
        return HandedOut(load_listed_key(connection, made.prefix), made.text)


def revoke_own_api_key(prefix: str, *, operator_id: OperatorId | None, world: RegistrationWorld) -> ListedKey:
    """Revoke an operator's API key for good, logged once; return it as it is then. Raises ApiKeyUnknown."""
    at = world.now()
    _load_own(prefix, operator_id=operator_id, world=world)

    def write(connection: Connection) -> None:
        if not revoke_api_key(connection, prefix=prefix, at=at):
            raise Unchanged

    change = Change(act=Act.API_KEY_REVOKED, at=at, said={"key": prefix}, write=write)
    take_step(operator_id, change, world=world)
    return _load_own(prefix, operator_id=operator_id, world=world)


def _load_own(prefix: str, *, operator_id: OperatorId | None, world: RegistrationWorld) -> ListedKey:
    with reading(world.engine) as connection:
        found = load_listed_key(connection, prefix)
    if found.credential.operator_id != operator_id:
        raise ApiKeyUnknown("there is no such key")
    return found
