"""Asking for a release, and giving one: what happens before a message is sealed at attestation level A.

`ask_release` sets the message's id aside, derives the salts its seal will have, and states what is to be released.
The text itself is kept, for its page alone, under a key that goes into the page's address and nowhere else: the
service cannot read it, and forgets it after five minutes at the latest. `give_release_by` checks a person's passkey.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from registry.errors import PasskeyUnknown, PersonUnknown
from registry.model import Operator, Role
from registry.operators import check_may_seal
from registry.people.assertion import ClaimedAssertion
from registry.people.assertion import check_assertion as check_passkey
from registry.people.model import Passkey, Person
from registry.people.relying_party import RelyingParty
from registry.people.store import list_passkeys, load_passkey, load_person, note_passkey_used
from releases.errors import ReleaseExpired, ReleaseGiven, ReleaserRevoked, ReleaserUnknown
from releases.store import Release, give_release, load_release, make_release_id, save_release
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.encoding.ulid import format_ulid
from sigill.presence.assertion import Assertion, check_assertion
from sigill.presence.evidence import Evidence, PasskeyProof, format_evidence
from sigill.presence.statement import NONCE_BYTES, Statement, challenge_of
from sigill.presence.verify import LONGEST
from sigill.seal.salts import SALT_BYTES
from sigill.text.addresses import Address, AddressKind, parse_address
from sigill.text.html import read_html
from sigill.text.links import normalise_link
from sigill.text.nu1 import canonicalise
from sigill.vocabulary import Authorship, Draft
from signing.content import SealedContent, hash_content
from signing.errors import RequestInvalid
from signing.facts import system_of
from signing.request import Declared, SignRequest
from signing.sealing import check_claimable, salt_key_of
from signing.statement import seal_parts
from signing.world import SigningWorld
from storage.engine import reading, writing

_ID_BYTES: Final = 20
_ULID_BYTES: Final = 10
_KEY_BYTES: Final = 32
_IV_BYTES: Final = 12
_SHOWN_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRelease:
    """A release that waits. `key` opens what the page shows (None: an AI system needs no page)."""

    release: Release
    challenge: bytes
    passkeys: tuple[Passkey, ...] = ()
    key: bytes | None = None


def ask_release(
    request: SignRequest, *, person_id: str | None, operator: Operator, world: SigningWorld
) -> AskedRelease:
    """State what is to be released, by this person or (None) by the AI system that wrote it.

    Raises as `issue_seal` for a request that cannot be sealed, and ReleaserUnknown.
    """
    check_may_seal(operator)
    at = world.now()
    check_claimable(request, at=at)
    content = hash_content(request)
    system, person, passkeys = _releaser(request.declared, person_id, operator, world)
    if request.agent not in {None, person_id or system}:
        raise RequestInvalid("/message/agent", "agent is who releases it, or left out")
    recipient = None if request.recipient is None else parse_address(request.recipient)
    statement, salts = _state(request, content, recipient, operator, world, at, person=person_id, system=system)
    release = Release(
        id=make_release_id(world.random(_ID_BYTES)),
        operator_id=operator.id,
        statement=statement,
        expires_at=min(at + LONGEST, _next_month(at)),
    )
    key = None
    if person is not None:
        key = world.random(_KEY_BYTES)
        shown = _shown(request, recipient, salts)
        release = replace(release, shown=_encrypt(shown, key=key, iv=world.random(_IV_BYTES), name=release.id))
    with writing(world.engine) as connection:
        save_release(connection, release)
    return AskedRelease(release=release, challenge=challenge_of(statement), passkeys=passkeys, key=key)


def give_release_by(
    release_id: str,
    *,
    credential_id: str,
    assertion: Assertion,
    party: RelyingParty,
    pace: Callable[[str], None],
    world: SigningWorld,
) -> Release:
    """Take a person's assertion; return what was released.

    `pace` gets the person's id once the answer is known to be hers, before anything is written, and may refuse. Raises
    what it raises, ReleaseNotFound, ReleaseUsed, ReleaseGiven, ReleaseExpired, ReleaserUnknown, ReleaserRevoked,
    PasskeyRefused, MalformedRelease, ReleaseInvalid.
    """
    at = world.now()
    answer = _Answer(release_id, credential_id, assertion, party)
    with reading(world.engine) as connection:
        _, passkey, _ = _check_answer(connection, answer, at)
    pace(passkey.person_id)
    with writing(world.engine) as connection:
        release, passkey, sign_count = _check_answer(connection, answer, at)
        evidence = format_evidence(Evidence(release.statement, _proof(passkey, assertion, party)))
        give_release(connection, release.id, passkey_id=passkey.id, evidence=evidence)
        note_passkey_used(connection, passkey.id, sign_count=sign_count, at=at)
    return release


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an authenticator answered, to which release, on whose page."""

    release_id: str
    credential_id: str
    assertion: Assertion
    party: RelyingParty


def _check_answer(connection: Connection, answer: _Answer, at: datetime) -> tuple[Release, Passkey, int]:
    """Return what is released, by which passkey, and its newest count. Raises as `give_release_by`."""
    release = load_release(connection, answer.release_id)
    if release.evidence is not None:
        raise ReleaseGiven("it was released already")
    if at >= release.expires_at:
        raise ReleaseExpired("the release is older than five minutes")
    try:
        passkey = load_passkey(connection, answer.credential_id)
    except PasskeyUnknown:
        raise ReleaserUnknown("there is no such passkey") from None
    if passkey.person_id != release.statement.person:
        raise ReleaserUnknown("the passkey is another person's than the one who was asked")
    _check_current(passkey, load_person(connection, passkey.person_id))
    challenge, party, key = challenge_of(release.statement), answer.party, passkey.public_key
    checked = check_assertion(
        answer.assertion, public_key=key, challenge=challenge, origin=party.origin, rp_id=party.id
    )
    _check_again(passkey, answer.assertion, challenge=challenge, party=party)
    return release, passkey, checked.sign_count


def _releaser(
    declared: Declared, person_id: str | None, operator: Operator, world: SigningWorld
) -> tuple[str | None, Person | None, tuple[Passkey, ...]]:
    """Return the AI system, or the person with the passkeys that are good. Raises RequestInvalid, ReleaserUnknown."""
    if declared.on_behalf_of is not None:
        raise RequestInvalid("/on_behalf_of", "what is sealed under a mandate is not released by a person or key yet")
    if declared.authorship is Authorship.AI:
        if person_id is not None:
            raise RequestInvalid(
                "/person", "what a person releases is human or ai_assisted; an AI's message names none"
            )
        used = system_of(declared, operator)
        return None if used is None else used.system.ref, None, ()
    if person_id is None:
        raise RequestInvalid("/person", "say who is to release this")
    system_of(declared, operator)
    with reading(world.engine) as connection:
        try:
            person = load_person(connection, person_id)
        except PersonUnknown:
            raise ReleaserUnknown("nobody of yours is called that") from None
        passkeys = tuple(each for each in list_passkeys(connection, person_id) if each.revoked_at is None)
    if person.operator_id != operator.id or person.role is not Role.SIGNER or person.ended_at is not None:
        raise ReleaserUnknown("nobody of yours who may release messages is called that")
    if not passkeys:
        raise ReleaserUnknown("this person has no passkey yet")
    return None, person, passkeys


def _check_current(passkey: Passkey, person: Person) -> None:
    if passkey.revoked_at is not None or person.ended_at is not None or person.role is not Role.SIGNER:
        raise ReleaserRevoked("this person, or this passkey, may no longer release messages")


def _check_again(passkey: Passkey, assertion: Assertion, *, challenge: bytes, party: RelyingParty) -> None:
    """Let the check that people sign in by have its say too: another implementation, which also looks at the counter.

    Raises PasskeyRefused.
    """
    claimed = ClaimedAssertion(
        passkey_id=passkey.id,
        client_data=assertion.client_data,
        authenticator_data=assertion.authenticator_data,
        signature=assertion.signature,
        user_handle=None,
    )
    check_passkey(claimed, passkey=passkey, challenge=challenge, party=party)


def _state(  # noqa: PLR0913 - everything that a seal is made of
    request: SignRequest,
    content: SealedContent,
    recipient: Address | None,
    operator: Operator,
    world: SigningWorld,
    at: datetime,
    *,
    person: str | None,
    system: str | None,
) -> tuple[Statement, bytes]:
    """Return the statement, and the salts of the four disclosures it names."""
    jti = format_ulid(at=at, randomness=world.random(_ULID_BYTES))
    salts, name = salt_key_of(world.salt_key(operator.id, at)), jti.encode("ascii")
    parts = seal_parts(content, recipient, person or system, dec=b"{}", salts=salts, jti=name)
    msg, msgx, links, files = (format_base64url(sha256(text).digest()) for text in parts.disclosures[:4])
    statement = Statement(
        iss=world.issuer,
        op=operator.id,
        jti=jti,
        ch=request.declared.channel,
        by=request.declared.authorship,
        draft=_draft(request.declared),
        rcp=None if parts.rcp is None else parts.rcp.decode("ascii"),
        msg=msg,
        msgx=msgx,
        links=links,
        files=files,
        nonce=world.random(NONCE_BYTES),
        at=at.replace(microsecond=0),
        person=person,
        system=system,
    )
    return statement, salts.block(name, decoys=0)[: 4 * SALT_BYTES]


def _draft(declared: Declared) -> Draft | None:
    """Return who drafted it, as its seal will say it."""
    if declared.authorship is not Authorship.AI_ASSISTED:
        return None
    return Draft.PERSON if declared.draft is Draft.PERSON else Draft.AI


def _shown(request: SignRequest, recipient: Address | None, salts: bytes) -> dict[str, Any]:
    """Return what the page shows, and what it takes to prove that this is what is signed."""
    visible = None if request.html is None else read_html(request.html)
    text = request.text if visible is None else visible.text
    if text is None:
        raise RequestInvalid("/message/text", "a person releases what she can read: send text or html, not digest")
    names = ("msg", "msgx", "links", "files")
    return {
        "text": canonicalise(text).body,
        "links": [] if visible is None else [normalise_link(target) for target in visible.links],
        "files": sorted(request.files),
        "recipient": None if recipient is None else mask(recipient),
        "salts": {
            name: format_base64url(salts[SALT_BYTES * place : SALT_BYTES * (place + 1)])
            for place, name in enumerate(names)
        },
    }


def mask(address: Address) -> str:
    """Return an address as somebody recognises it who knows it: `+467•••••605`, `a•••@example.se`."""
    text = address.normalised
    if address.kind is AddressKind.TEL:
        return text[: _SHOWN_DIGITS + 1] + "•" * (len(text) - 2 * _SHOWN_DIGITS - 1) + text[-_SHOWN_DIGITS:]
    if address.kind is AddressKind.EMAIL:
        local, _, domain = text.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return text[:1] + "•••"


def _encrypt(shown: dict[str, Any], *, key: bytes, iv: bytes, name: str) -> bytes:
    return iv + AESGCM(key).encrypt(iv, format_canonical_json(shown), name.encode("ascii"))


def _proof(passkey: Passkey, assertion: Assertion, party: RelyingParty) -> PasskeyProof:
    return PasskeyProof(
        credential_id=passkey.id,
        public_key=passkey.public_key,
        assertion=assertion,
        origin=party.origin,
        rp_id=party.id,
        aaguid=passkey.aaguid,
        attestation=passkey.attestation,
        device_bound=passkey.device_bound,
    )


def _next_month(at: datetime) -> datetime:
    """Return when the month ends: salts are a month's, and a seal has those of the month it is sealed in."""
    return (datetime(at.year, at.month, 1, tzinfo=UTC) + timedelta(days=32)).replace(day=1)
