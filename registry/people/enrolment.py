"""Enrolling a passkey: what the browser is asked, and its answer checked and kept, as one logged step."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from webauthn import generate_registration_options, options_to_json
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from registry.application import check_text
from registry.errors import PasskeyFault, PasskeyRefused, PasskeyUnknown, PersonUnknown
from registry.people.assertion import ALGORITHMS
from registry.people.attestation import ProvenEnrolment, check_enrolment, claimed_challenge
from registry.people.challenges import RANDOM_BYTES, Purpose, check_challenge, make_challenge, use_challenge
from registry.people.links import find_link, use_link
from registry.people.model import Passkey, Person
from registry.people.staff import public_name, take_step
from registry.people.store import list_passkeys, load_passkey, load_person, save_passkey
from registry.people.world import PeopleWorld
from registry.steps import Act
from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import Json
from storage.engine import reading

MAX_PASSKEYS: Final = 20
_TIMEOUT_MS: Final = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPasskey:
    """A passkey to enrol: the browser's answer, what to call it, and what ties it to this browser.

    `link` is the token of the link it is enrolled with, `invited_by` who made that; None for somebody signed in.
    """

    answer: str
    name: str
    binding: str
    link: str | None = None
    invited_by: str | None = None


def enrolment_options(person: Person, *, binding: str, world: PeopleWorld) -> str:
    """Return what `navigator.credentials.create` is asked for, as JSON. Raises PasskeysUnavailable.

    A passkey that the person has already is not made again on the same authenticator; attestation is asked for.
    """
    party = world.needed_party()
    with reading(world.engine) as connection:
        held = [each for each in list_passkeys(connection, person.id) if each.revoked_at is None]
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_name=person.name,
        user_id=person.id.encode(),
        user_display_name=person.name,
        challenge=make_challenge(
            Purpose.ENROL,
            binding=_bound(person, binding),
            secret=world.secret,
            at=world.now(),
            randomness=world.random(RANDOM_BYTES),
        ),
        timeout=_TIMEOUT_MS,
        attestation=AttestationConveyancePreference.DIRECT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=parse_base64url(each.id)) for each in held],
        supported_pub_key_algs=list(ALGORITHMS),
    )
    return options_to_json(options)


def enrol_passkey(person: Person, asked: AskedPasskey, *, by: str, world: PeopleWorld) -> Passkey:
    """Keep a new passkey of somebody, logged; a link it came with is used up in the same commit.

    Raises PasskeyRefused, EnrolmentRefused, ApplicationInvalid (its name), PasskeysUnavailable, StoreUnavailable.
    """
    name, at = check_text("name", asked.name), world.now().replace(microsecond=0)
    challenge = claimed_challenge(asked.answer)
    bound = _bound(person, asked.binding)
    check_challenge(challenge, Purpose.ENROL, binding=bound, secret=world.secret, at=world.now())
    proven = check_enrolment(asked.answer, challenge=challenge, party=world.needed_party())
    passkey = Passkey(
        id=proven.passkey_id,
        person_id=person.id,
        name=name,
        public_key=proven.public_key,
        sign_count=proven.sign_count,
        aaguid=proven.aaguid,
        attestation=proven.attestation,
        device_bound=proven.device_bound,
        transports=proven.transports,
        created_at=at,
    )

    def guard(connection: Connection) -> None:
        if load_person(connection, person.id).ended_at is not None:
            raise PersonUnknown("this person has left")
        if asked.link is not None and find_link(connection, asked.link, world=world).person.id != person.id:
            raise PasskeyRefused(PasskeyFault.WRONG_PASSKEY, "this link is of somebody else")
        _check_new(connection, person, passkey.id)

    def write(connection: Connection, _index: int) -> None:
        use_challenge(connection, challenge, at=world.now())
        if asked.link is not None:
            use_link(connection, asked.link)
        save_passkey(connection, passkey)

    take_step(
        person.operator_id,
        Act.PASSKEY_ADDED,
        _said(person, proven, asked),
        by=by,
        world=world,
        guard=guard,
        write=write,
    )
    return passkey


def _said(person: Person, proven: ProvenEnrolment, asked: AskedPasskey) -> dict[str, Json]:
    invited: dict[str, Json] = {} if asked.invited_by is None else {"invited_by": asked.invited_by}
    return invited | {
        "person": person.id,
        "passkey": public_name(proven.passkey_id),
        "attestation": proven.attestation,
        "aaguid": proven.aaguid,
        "device_bound": proven.device_bound,
    }


def _check_new(connection: Connection, person: Person, passkey_id: str) -> None:
    try:
        load_passkey(connection, passkey_id)
    except PasskeyUnknown:
        held = sum(each.revoked_at is None for each in list_passkeys(connection, person.id))
        if held >= MAX_PASSKEYS:
            raise PasskeyRefused(
                PasskeyFault.WRONG_PASSKEY, f"{MAX_PASSKEYS} passkeys are enough: revoke one"
            ) from None
        return
    raise PasskeyRefused(PasskeyFault.WRONG_PASSKEY, "this passkey is enrolled already")


def _bound(person: Person, binding: str) -> str:
    return f"{person.id} {binding}"
