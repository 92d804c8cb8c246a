"""What is released: one message, by its digests, to one recipient, over one channel, at one time.

    {"at":1795305600,"by":"ai_assisted","ch":"chat","draft":"ai","files":"<digest>","iss":"https://guarantor.example",
     "jti":"<ULID>","links":"<digest>","msg":"<digest>","msgx":"<digest>","nonce":"<32 bytes>","op":"exempelbanken",
     "person":"pe-…","rcp":"<HMAC>","v":1}

Canonical JSON (RFC 8785). `msg`, `msgx`, `links` and `files` are the digests of the seal's disclosures (they stand in
its `_sd`), each with a salt that is not here: who holds a statement can test no guess about the words. `rcp` is the
seal's own. `person` is a pseudonym; an AI system has `system` in its place.

    challenge = SHA-256("sigill/presence/v1" ‖ 0x00 ‖ nonce ‖ SHA-256(statement))
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.presence.errors import MalformedRelease
from sigill.seal.frame import read_jti
from sigill.seal.members import check_members, read_hash, read_optional_hash, read_text, read_time, read_word
from sigill.vocabulary import Authorship, Channel, Draft

MAX_STATEMENT_BYTES: Final = 4096
NONCE_BYTES: Final = 32
_CONTEXT: Final = b"sigill/presence/v1\0"
_REQUIRED: Final = {"at", "by", "ch", "files", "iss", "jti", "links", "msg", "msgx", "nonce", "op", "v"}
_OPTIONAL: Final = frozenset({"draft", "person", "rcp", "system"})
_PERSON: Final = re.compile(r"pe-[0-9a-hjkmnp-tv-z]{20}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One message to release. `at` is aware UTC in whole seconds, hashes are base64url; either `person` or `system`."""

    iss: str
    op: str
    jti: str
    ch: Channel
    by: Authorship
    draft: Draft | None
    rcp: str | None
    msg: str
    msgx: str
    links: str
    files: str
    nonce: bytes
    at: datetime
    person: str | None = None
    system: str | None = None

    @property
    def digests(self) -> Mapping[str, str]:
        """The four digests by their disclosures' names."""
        return {"msg": self.msg, "msgx": self.msgx, "links": self.links, "files": self.files}


def format_statement(statement: Statement) -> bytes:
    """Return the statement's bytes; inverse of `parse_statement`."""
    return format_canonical_json(statement_value(statement))


def statement_value(statement: Statement) -> dict[str, Any]:
    """Return the statement as a JSON-able value."""
    value: dict[str, Any] = {
        "v": 1,
        "iss": statement.iss,
        "op": statement.op,
        "jti": statement.jti,
        "ch": statement.ch.value,
        "by": statement.by.value,
        "nonce": format_base64url(statement.nonce),
        "at": int(statement.at.timestamp()),
        **statement.digests,
    }
    draft = None if statement.draft is None else statement.draft.value
    beside = {"draft": draft, "rcp": statement.rcp, "person": statement.person, "system": statement.system}
    return value | {name: member for name, member in beside.items() if member is not None}


def parse_statement(data: bytes) -> Statement:
    """Read a statement's one spelling. Raises MalformedRelease."""
    try:
        value = parse_json(data, max_bytes=MAX_STATEMENT_BYTES)
        if format_canonical_json(value) != data:
            raise MalformedRelease("a statement is canonical JSON (RFC 8785)")
    except MalformedEncoding as error:
        raise MalformedRelease(f"statement: {error}") from None
    return read_statement(value)


def read_statement(value: object) -> Statement:
    """Return the statement that a JSON value is. Raises MalformedRelease naming the member."""
    try:
        statement = _read(value)
    except (MalformedSeal, MalformedEncoding) as error:
        raise MalformedRelease(f"statement: {error}") from None
    if (statement.by is Authorship.AI) != (statement.system is not None):
        raise MalformedRelease("an AI's message is released by its system, every other one by a person")
    if (statement.person is None) == (statement.system is None):
        raise MalformedRelease("a statement names either a person or an AI system")
    if (statement.by is Authorship.AI_ASSISTED) != (statement.draft is not None):
        raise MalformedRelease("draft is said of ai_assisted messages, and of no others")
    if len(set(statement.digests.values())) != len(statement.digests):
        raise MalformedRelease("the four digests differ")
    return statement


def challenge_of(statement: Statement) -> bytes:
    """Return what an authenticator signs for this statement, 32 bytes."""
    return challenge_over(format_statement(statement), nonce=statement.nonce)


def challenge_over(text: bytes, *, nonce: bytes) -> bytes:
    """Return the challenge of a statement's bytes."""
    return hashlib.sha256(_CONTEXT + nonce + hashlib.sha256(text).digest()).digest()


def _read(value: object) -> Statement:
    members = check_members(value, required=_REQUIRED, optional=_OPTIONAL, where="a statement")
    if members["v"] is True or members["v"] != 1:
        raise MalformedRelease("v is 1")
    nonce = parse_base64url(read_hash(members, "nonce"))
    person = read_text(members, "person") if "person" in members else None
    if person is not None and not _PERSON.match(person):
        raise MalformedRelease("person is the pseudonym of somebody")
    return Statement(
        iss=read_text(members, "iss"),
        op=read_text(members, "op", at_most=63),
        jti=read_jti(members),
        ch=read_word(members, "ch", Channel),
        by=read_word(members, "by", Authorship),
        draft=read_word(members, "draft", Draft) if "draft" in members else None,
        rcp=read_optional_hash(members, "rcp"),
        msg=read_hash(members, "msg"),
        msgx=read_hash(members, "msgx"),
        links=read_hash(members, "links"),
        files=read_hash(members, "files"),
        nonce=nonce,
        at=read_time(members, "at").astimezone(UTC),
        person=person,
        system=read_text(members, "system", at_most=63) if "system" in members else None,
    )
