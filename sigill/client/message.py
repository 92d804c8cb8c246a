"""The message to sign, from keyword arguments to the request's body. The text itself never leaves: only its hashes do.

Words may be given as strings or as members of `sigill.vocabulary`; the service refuses unknown ones with a list.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Required, TypedDict

from sigill.client.errors import NotSealable
from sigill.encoding.base64url import format_base64url
from sigill.errors import Malformed
from sigill.text.addresses import Address, parse_address
from sigill.text.links import link_hash
from sigill.text.nu1 import canonicalise, exact


class Question(TypedDict, total=False):
    """Everything a decision needs. `conversation` is the operator's own reference, `jurisdiction` as in `SE`.

    `on_behalf_of` is the operator to send for, where it is not one's own: it must have given a mandate. `ai_of` is then
    the operator whose AI system is named, where both have one of that name.
    """

    authorship: Required[str]
    channel: Required[str]
    enquiry: Required[str]
    purpose: str
    direction: str
    language: str
    conversation: str
    jurisdiction: str
    vulnerable: bool
    scope: Sequence[str]
    disclosure: str
    ai_system: str
    ai_of: str
    on_behalf_of: str
    draft: str
    role: str


class Message(Question, total=False):
    """One message besides its text.

    `recipient` is a phone number, an e-mail address or `{"reference": "…"}`; `links` are link targets as written;
    `attachments` maps names to contents, or to SHA-256 values in base64url; `sent_at` is an aware time.
    """

    recipient: str | Mapping[str, str]
    agent: str
    sent_at: datetime
    links: Sequence[str]
    attachments: Mapping[str, bytes | str]


@dataclass(frozen=True, slots=True)
class HashedMessage:
    """The hashes of a message, base64url; `n` in bytes. `text` stays here."""

    text: str
    h: str
    hx: str
    n: int
    links: tuple[str, ...]
    files: Mapping[str, str]
    recipient: Address | None

    @property
    def digest(self) -> dict[str, Any]:
        """The `digest` of the request."""
        return {"canon": "nu1", "h": self.h, "hx": self.hx, "n": self.n, "links": list(self.links)}


_QUESTION: Final = Question.__required_keys__ | Question.__optional_keys__
_MESSAGE: Final = _QUESTION | Message.__optional_keys__ | Message.__required_keys__
_AS_THEY_ARE: Final = (
    "authorship",
    "channel",
    "enquiry",
    "purpose",
    "direction",
    "language",
    "conversation",
    "disclosure",
    "draft",
    "role",
    "agent",
    "on_behalf_of",
)


def hash_message(text: str, fields: Mapping[str, Any]) -> HashedMessage:
    """Return the hashes of a text and what goes with it. Raises NotSealable, saying what to change."""
    recipient = fields.get("recipient")
    try:
        canonical = canonicalise(text)
        hx, length = exact(text)
        links = tuple(format_base64url(link_hash(target)) for target in fields.get("links", ()))
        address = None if recipient is None else parse_address(recipient)
    except Malformed as error:
        raise NotSealable(f"The message cannot be sealed: {error}. Change that and sign again.") from error
    if not canonical.text:
        raise NotSealable("There is no text to seal. Give the message's text.")
    if canonical.code is not None:
        raise NotSealable("The text already carries a Sigill code. Sign the text without it.")
    files = {name: _file_hash(content) for name, content in fields.get("attachments", {}).items()}
    h = format_base64url(canonical.h)
    return HashedMessage(text, h, format_base64url(hx), length, links, files, address)


def message_body(message: HashedMessage, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /v1/messages`. Raises TypeError for unknown or missing arguments."""
    _check_names(fields, known=_MESSAGE)
    body = _question(fields) | {"digest": message.digest}
    if message.files:
        body["attachments"] = [{"name": name, "h": h} for name, h in message.files.items()]
    if "recipient" in fields:
        body["recipient"] = fields["recipient"]
    if "sent_at" in fields:
        body["sent_at"] = fields["sent_at"].isoformat()
    return body


def question_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /v1/decisions`. Raises TypeError for unknown or missing arguments."""
    _check_names(fields, known=_QUESTION)
    return _question(fields)


def _check_names(fields: Mapping[str, Any], *, known: frozenset[str]) -> None:
    if unknown := set(fields) - known:
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    if missing := Question.__required_keys__ - set(fields):
        raise TypeError(f"missing arguments: {', '.join(sorted(missing))}")


def _question(fields: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {name: str(fields[name]) for name in _AS_THEY_ARE if name in fields}
    customer = {name: fields[name] for name in ("jurisdiction", "vulnerable") if name in fields}
    if customer:
        body["customer"] = customer
    if "scope" in fields:
        body["scope"] = [str(word) for word in fields["scope"]]
    if "ai_system" in fields:
        body["ai"] = {"system": fields["ai_system"]} | ({"of": fields["ai_of"]} if "ai_of" in fields else {})
    return body


def _file_hash(content: bytes | str) -> str:
    return content if isinstance(content, str) else format_base64url(hashlib.sha256(content).digest())
