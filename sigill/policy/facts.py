"""The facts a decision rests on, their provenance, and their one canonical JSON form (kept for replay).

No text, names or addresses; still personal data, so they are kept apart and can be erased.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, TypeAlias, TypeVar

from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.policy.errors import MalformedFacts
from sigill.policy.words import OperatorFlag, Scope
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    DisclosureMode,
    Draft,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_Word = TypeVar("_Word", bound=StrEnum)
_Reader: TypeAlias = Callable[[Any], Any]

_MAX_ITEMS: Final = 64
_MAX_LENGTH: Final = 64
MAX_MINUTES: Final = 10_000_000
_MAX_LEVEL: Final = 3


class Provenance(StrEnum):
    """Where a fact comes from: the operator's word, the registry, or the service's own knowledge."""

    DECLARED = "declared"
    REGISTRY = "registry"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFacts:
    """The conversation as of the commit. A request for a human follows the recipient, not the conversation."""

    first_ai_message: bool
    disclosure_shown: bool
    human_requested_minutes_ago: int | None
    last_authorship: Authorship | None
    handoff_recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision may depend on.

    `jurisdictions` are the customer's, or all of the operator's markets where the customer's is missing (then the
    strictest of them applies); they, `scope` and `operator_flags` are sorted and without repetitions. `on` is the
    UTC day of the commit.
    """

    industry: Industry
    jurisdictions: tuple[str, ...]
    enquiry: Enquiry
    authorship: Authorship
    channel: Channel
    direction: Direction
    purpose: Purpose
    role: Role
    language: Language
    scope: tuple[str, ...]
    draft: Draft | None
    disclosure: DisclosureMode | None
    attestation: AttestationLevel
    vulnerable: bool
    ai_system_registered: bool
    operator_flags: tuple[str, ...]
    assurance_level: int
    conversation: ConversationFacts
    on: date


FACT_PROVENANCE: Final[Mapping[str, Provenance]] = {
    "industry": Provenance.REGISTRY,
    "jurisdictions": Provenance.DECLARED,  # the registry's markets where nothing was declared
    "enquiry": Provenance.DECLARED,
    "authorship": Provenance.DECLARED,
    "channel": Provenance.DECLARED,
    "direction": Provenance.DECLARED,
    "purpose": Provenance.DECLARED,
    "role": Provenance.DECLARED,
    "language": Provenance.DECLARED,
    "scope": Provenance.DECLARED,
    "draft": Provenance.DECLARED,
    "disclosure": Provenance.DECLARED,
    "attestation": Provenance.SERVICE,
    "vulnerable": Provenance.DECLARED,
    "ai_system_registered": Provenance.REGISTRY,
    "operator_flags": Provenance.REGISTRY,
    "assurance_level": Provenance.REGISTRY,
    "conversation": Provenance.SERVICE,
    "on": Provenance.SERVICE,
}
"""Every field of Facts and where it comes from."""


def facts_to_json(facts: Facts) -> dict[str, Json]:
    """Return `facts` as a JSON object; inverse of `facts_from_json`."""
    talk = facts.conversation
    plain: dict[str, Json] = {name: getattr(facts, name) for name in FACT_PROVENANCE}
    plain["jurisdictions"] = list(facts.jurisdictions)
    plain["scope"] = list(facts.scope)
    plain["operator_flags"] = list(facts.operator_flags)
    plain["on"] = facts.on.isoformat()
    plain["conversation"] = {field.name: getattr(talk, field.name) for field in fields(ConversationFacts)}
    return plain


def facts_from_json(value: object) -> Facts:
    """Read a parsed JSON object; only what `facts_to_json` would write. Raises MalformedFacts."""
    return Facts(**_members(value, _FACTS, "facts"))


def facts_digest(facts: Facts, salt: bytes) -> bytes:
    """Return SHA-256(salt ‖ canonical JSON): 32 bytes that tell nothing without the salt."""
    return sha256(salt + format_canonical_json(facts_to_json(facts))).digest()


def _members(value: object, readers: Mapping[str, _Reader], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != readers.keys():
        raise MalformedFacts(f"{where}: an object with exactly {', '.join(readers)}")
    members: dict[str, Any] = {}
    for name, reader in readers.items():
        try:
            members[name] = reader(value[name])
        except ValueError as error:
            raise MalformedFacts(f"{where}.{name}: {error}") from None
    return members


def _word(words: type[_Word]) -> Callable[[object], _Word]:
    def read(value: object) -> _Word:
        if not isinstance(value, str) or value not in words.__members__.values():
            raise ValueError(f"not one of {', '.join(words)}")
        return words(value)

    return read


def _optional(reader: _Reader) -> _Reader:
    return lambda value: None if value is None else reader(value)


def _sorted_texts(allowed: type[StrEnum] | None) -> _Reader:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > _MAX_ITEMS:
            raise ValueError(f"not a list of at most {_MAX_ITEMS}")
        for item in value:
            if not isinstance(item, str) or not 0 < len(item) <= _MAX_LENGTH or not item.isascii():
                raise ValueError("not a list of short ASCII texts")
            if allowed is not None and item not in allowed.__members__.values():
                raise ValueError(f"{item!r} is not in the vocabulary")
        if value != sorted(set(value)):
            raise ValueError("not sorted, or with repetitions")
        return tuple(value)

    return read


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")  # noqa: TRY004 - caught and named by _members
    return value


def _integer(largest: int) -> _Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise ValueError(f"not an integer from 0 to {largest}")
        return value

    return read


def _day(value: object) -> date:
    if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
        raise ValueError("not a date (YYYY-MM-DD)")
    return date.fromisoformat(value)


_CONVERSATION: Final[Mapping[str, _Reader]] = {
    "first_ai_message": _boolean,
    "disclosure_shown": _boolean,
    "human_requested_minutes_ago": _optional(_integer(MAX_MINUTES)),
    "last_authorship": _optional(_word(Authorship)),
    "handoff_recorded": _boolean,
}

_FACTS: Final[Mapping[str, _Reader]] = {
    "industry": _word(Industry),
    "jurisdictions": _sorted_texts(None),
    "enquiry": _word(Enquiry),
    "authorship": _word(Authorship),
    "channel": _word(Channel),
    "direction": _word(Direction),
    "purpose": _word(Purpose),
    "role": _word(Role),
    "language": _word(Language),
    "scope": _sorted_texts(Scope),
    "draft": _optional(_word(Draft)),
    "disclosure": _optional(_word(DisclosureMode)),
    "attestation": _word(AttestationLevel),
    "vulnerable": _boolean,
    "ai_system_registered": _boolean,
    "operator_flags": _sorted_texts(OperatorFlag),
    "assurance_level": _integer(_MAX_LEVEL),
    "conversation": lambda value: ConversationFacts(**_members(value, _CONVERSATION, "conversation")),
    "on": _day,
}
