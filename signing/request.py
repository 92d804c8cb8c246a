"""What an operator asks to have sealed: a frozen value, checked field by field at the edge."""

from dataclasses import dataclass, field
from datetime import datetime

from sigill.vocabulary import Authorship, Channel, Direction, DisclosureMode, Draft, Enquiry, Language, Purpose, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message hashed at its source: base64url SHA-256 values as `sigill.text.nu1` defines them."""

    h: str
    hx: str
    n: int
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """One message. Exactly one of `text`, `html` and `digest` is given."""

    authorship: Authorship
    channel: Channel
    enquiry: Enquiry
    purpose: Purpose = Purpose.SERVICE
    direction: Direction | None = None
    language: Language | None = None
    text: str | None = None
    html: str | None = None
    digest: Digest | None = None
    files: tuple[str, ...] = ()
    conversation: str | None = None
    recipient: str | dict[str, str] | None = field(default=None, hash=False)
    jurisdiction: str | None = None
    vulnerable: bool = False
    scope: tuple[str, ...] = ()
    disclosure: DisclosureMode | None = None
    ai_system: str | None = None
    draft: Draft | None = None
    agent: str | None = None
    role: Role = Role.OPERATOR
    sent_at: datetime | None = None
