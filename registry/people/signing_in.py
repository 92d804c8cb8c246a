"""Signing in with a passkey: what the browser is asked, its answer checked, and the session that begins with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, update
from webauthn import generate_authentication_options, options_to_json
from webauthn.helpers.structs import UserVerificationRequirement

from registry.audit import tell_refusal
from registry.errors import PasskeyFault, PasskeyRefused, PasskeyUnknown, RegistryError
from registry.people.answer import read_client_data
from registry.people.assertion import ProvenAssertion, check_assertion, parse_passkey_assertion
from registry.people.challenges import RANDOM_BYTES, Purpose, check_challenge, make_challenge, use_challenge
from registry.people.model import Passkey, Person
from registry.people.sessions import TOKEN_BYTES, start_session
from registry.people.store import load_passkey, load_person
from registry.people.world import PeopleWorld
from registry.tables import passkeys
from storage.engine import reading, writing
from storage.times import to_ms

_TIMEOUT_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and the value of the session's cookie."""

    person: Person
    token: str


def sign_in_options(*, binding: str, world: PeopleWorld) -> str:
    """Return what `navigator.credentials.get` is asked for, as JSON. Raises PasskeysUnavailable."""
    challenge = make_challenge(
        Purpose.SIGN_IN,
        binding=binding,
        secret=world.secret,
        at=world.now(),
        randomness=world.random(RANDOM_BYTES),
    )
    options = generate_authentication_options(
        rp_id=world.needed_party().id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def sign_in_by_passkey(answer: str, *, binding: str, world: PeopleWorld) -> SignedIn:
    """Begin a session for whose passkey answered. Refusals leave a line in the audit trail.

    Raises PasskeyRefused, PasskeysUnavailable.
    """
    person_id: str | None = None
    try:
        passkey, proven = _prove(answer, binding=binding, world=world)
        person_id = passkey.person_id
        with writing(world.engine) as connection:
            return _begin(connection, passkey, proven, world=world)
    except PasskeyRefused as error:
        tell_refusal("sign_in_refused", reason=error.fault, person=person_id or _named(answer, world))
        raise


def _prove(answer: str, *, binding: str, world: PeopleWorld) -> tuple[Passkey, ProvenAssertion]:
    party, claimed = world.needed_party(), parse_passkey_assertion(answer)
    challenge = read_client_data(claimed.client_data).challenge
    check_challenge(challenge, Purpose.SIGN_IN, binding=binding, secret=world.secret, at=world.now())
    try:
        with reading(world.engine) as connection:
            passkey = load_passkey(connection, claimed.passkey_id)
    except PasskeyUnknown:
        raise PasskeyRefused(PasskeyFault.WRONG_PASSKEY, "nobody here has this passkey") from None
    return passkey, check_assertion(claimed, passkey=passkey, challenge=challenge, party=party)


def _begin(connection: Connection, passkey: Passkey, proven: ProvenAssertion, *, world: PeopleWorld) -> SignedIn:
    at = world.now()
    use_challenge(connection, proven.challenge, at=at)
    note_proven(connection, proven, before=passkey.sign_count, at=at)
    person = load_person(connection, passkey.person_id)
    if person.ended_at is not None:
        raise PasskeyRefused(PasskeyFault.REVOKED, "whose passkey this is has left")
    randomness = world.random(TOKEN_BYTES)
    token = start_session(connection, person.id, passkey_id=passkey.id, at=at, randomness=randomness)
    return SignedIn(person, token)


def note_proven(connection: Connection, proven: ProvenAssertion, *, before: int, at: datetime) -> None:
    """Keep a passkey's newest count. Raises PasskeyRefused where it changed or was revoked since `before` was read."""
    same = (passkeys.c.sign_count == before) & passkeys.c.revoked_at_ms.is_(None)
    used = {"sign_count": proven.sign_count, "used_at_ms": to_ms(at)}
    if not connection.execute(
        update(passkeys).where((passkeys.c.id == proven.passkey_id) & same).values(used)
    ).rowcount:
        raise PasskeyRefused(PasskeyFault.SIGN_COUNT, "this passkey was used or revoked at the same time: try again")


def _named(answer: str, world: PeopleWorld) -> str | None:
    """Return whose passkey an answer names, for the audit trail; None where it names none of ours."""
    try:
        with reading(world.engine) as connection:
            return load_passkey(connection, parse_passkey_assertion(answer).passkey_id).person_id
    except RegistryError:
        return None
