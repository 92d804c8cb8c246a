"""The registry's values: operators, evidence, credentials, AI systems."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from sigill.report.standing import State
from sigill.vocabulary import Industry

OperatorId = NewType("OperatorId", str)


class Environment(StrEnum):
    """Where an operator works: a test operator's seals say so everywhere and never answer *genuine*."""

    TEST = "test"
    LIVE = "live"


class EvidenceKind(StrEnum):
    """How an operator's identity was checked."""

    DEMONSTRATION = "demonstration"
    DOMAIN = "domain"
    REGISTER = "register"
    LEI = "lei"
    SEAL_CERTIFICATE = "seal_certificate"
    LICENCE = "licence"


class AssuranceLevel(IntEnum):
    """How much is proven about who the operator is."""

    DECLARED = 0
    DOMAIN_PROVEN = 1
    IDENTITY_CHECKED = 2
    QUALIFIED_SEAL = 3


class Role(StrEnum):
    """What a credential may do."""

    SIGNER = "signer"
    ADMIN = "admin"
    AUDITOR = "auditor"
    REGISTRAR = "registrar"


class Scope(StrEnum):
    """One permission; a role is a set of them."""

    MESSAGES_SIGN = "messages:sign"
    MESSAGES_READ = "messages:read"
    MESSAGES_ERASE = "messages:erase"
    DECISIONS_ASK = "decisions:ask"
    LOG_READ_ENTRIES = "log:read_entries"
    CLIENTS_MANAGE = "clients:manage"
    OPERATOR_MANAGE = "operator:manage"
    STAFF_MANAGE = "staff:manage"
    REGISTRY_DECIDE = "registry:decide"


class CredentialKind(StrEnum):
    """What a caller showed, in the words of our answers."""

    API_KEY = "API key"
    ACCESS_TOKEN = "access token"  # noqa: S105 - a word, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One check of an operator's identity, good in `[valid_from, valid_until)` (UTC)."""

    id: str
    kind: EvidenceKind
    method: str
    checked_by: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AiSystem:
    """An AI system an operator has registered."""

    ref: str
    name: str
    provider: str | None
    model: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One step of the life cycle."""

    state: State
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerName:
    """What an operator was called, until when."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """The operator that another went over into, as it is called today."""

    id: OperatorId
    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator with all that is known of it. `identifier` is EN 319 412-1; `markets` are jurisdictions.

    `revision` counts its changes: two values of one revision are the same but for what its successor is called.
    """

    id: OperatorId
    name: str
    identifier: str
    industry: Industry
    environment: Environment
    markets: tuple[str, ...]
    flags: tuple[str, ...]
    phone: str | None
    wait_minutes: int | None
    website: str | None
    history: tuple[StateChange, ...]
    evidence: tuple[Evidence, ...]
    ai_systems: tuple[AiSystem, ...]
    revision: int = 0
    former_names: tuple[FormerName, ...] = ()
    successor: Successor | None = None

    @property
    def state(self) -> State:
        """Where the operator stands now."""
        return self.history[-1].state

    @property
    def was_verified(self) -> bool:
        """Whether the operator was ever let in: before that, nobody has decided anything about it."""
        return any(change.state is State.VERIFIED for change in self.history)

    def state_at(self, at: datetime) -> State:
        """Where the operator stood at `at`; before its first entry it had only applied."""
        earlier = [change.state for change in self.history if change.since <= at]
        return earlier[-1] if earlier else State.APPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Who is asking: a key's role and, but for all-seeing auditors and registrars, its operator.

    `prefix` is what it is called in lists and logs: an API key's prefix, a client's id. An access token may have been
    narrowed to some `scopes` of its role; a client may be bound to one `ai_system`. `person` is the id of the one who
    holds the key, where it is somebody's own: only such a key decides anything in the registry.
    """

    prefix: str
    name: str
    role: Role
    operator_id: OperatorId | None
    expires_at: datetime
    revoked_at: datetime | None
    scopes: frozenset[Scope] | None = None
    ai_system: str | None = None
    kind: CredentialKind = CredentialKind.API_KEY
    person: str | None = None
