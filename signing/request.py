"""What an operator asks to have sealed: a frozen value, checked field by field at the edge."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    DisclosureMode,
    Draft,
    Enquiry,
    Language,
    Purpose,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message hashed at its source: base64url SHA-256 values as `sigill.text.nu1` defines them."""

    h: str
    hx: str
    n: int
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All that an operator says of a message but its content: what messages of one kind have in common.

    `attestation` is no word of the operator's: it is how sure the service is of who wrote it, by the credential used.
    """

    authorship: Authorship
    channel: Channel
    enquiry: Enquiry
    purpose: Purpose = Purpose.SERVICE
    direction: Direction | None = None
    language: Language | None = None
    jurisdiction: str | None = None
    vulnerable: bool = False
    scope: tuple[str, ...] = ()
    disclosure: DisclosureMode | None = None
    ai_system: str | None = None
    draft: Draft | None = None
    role: Role = Role.OPERATOR
    attestation: AttestationLevel = AttestationLevel.C


@dataclass(frozen=True, slots=True)
class Attestation:
    """The release a message is to be sealed with: its id, and the AI system's signature where no person released it."""

    release_id: str
    jws: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """One message. Exactly one of `text`, `html` and `digest` is given; `edits` is the id of what it replaces.

    With an `attestation` it is sealed at level A, or not at all.
    """

    declared: Declared
    text: str | None = None
    html: str | None = None
    digest: Digest | None = None
    files: tuple[str, ...] = ()
    conversation: str | None = None
    recipient: str | dict[str, str] | None = field(default=None, hash=False)
    agent: str | None = None
    sent_at: datetime | None = None
    edits: str | None = None
    attestation: Attestation | None = None


_DECLARED = frozenset(each.name for each in fields(Declared))


def make_request(**values: Any) -> SignRequest:  # noqa: ANN401 - the fields of both classes
    """Return the request with these fields of `Declared` and `SignRequest`, by name."""
    declared = {name: value for name, value in values.items() if name in _DECLARED}
    content = {name: value for name, value in values.items() if name not in _DECLARED}
    return SignRequest(declared=Declared(**declared), **content)
