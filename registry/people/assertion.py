"""What an authenticator's assertion proves (WebAuthn Level 3, section 7.2), step by step, each refusal with its name.

py_webauthn (`webauthn`) reads the structures and checks the signature; the steps before it are made here, so that each
fault is told apart, and so that nothing large reaches its CBOR reader. Pure: who may use the passkey, whether its
challenge was used before, and noting the new count, is for whoever calls.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography, verify_signature
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from registry.errors import PasskeyFault, PasskeyRefused
from registry.people.answer import (
    AuthenticatorFlags,
    ClientData,
    parse_answer,
    read_authenticator_data,
    read_client_data,
)
from registry.people.model import Passkey, PersonId
from registry.people.relying_party import RelyingParty
from sigill.encoding.base64url import format_base64url

ALGORITHMS: Final = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
"""ES256, EdDSA and RS256: what every authenticator of today has one of."""

_GET: Final = "webauthn.get"


@dataclass(frozen=True, slots=True, repr=False)
class ClaimedAssertion:
    """An assertion as it was read: of which passkey it claims to be. Not verified."""

    passkey_id: str
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenAssertion:
    """What was proven: this passkey of this person signed this very challenge here, and its user was verified.

    `sign_count` is the authenticator's newest count, 0 where it counts nothing. `backed_up` says whether the passkey
    is now kept on more than this device.
    """

    passkey_id: str
    person_id: PersonId
    challenge: bytes
    user_verified: bool
    sign_count: int
    device_bound: bool
    backed_up: bool


def parse_passkey_assertion(text: str) -> ClaimedAssertion:
    """Read the JSON of `PublicKeyCredential.toJSON()` after a `get`. Bounded and total: raises PasskeyRefused alone."""
    answer = parse_answer(text)
    return ClaimedAssertion(
        passkey_id=format_base64url(answer.raw_id),
        client_data=answer.part("clientDataJSON"),
        authenticator_data=answer.part("authenticatorData"),
        signature=answer.part("signature"),
        user_handle=answer.optional_part("userHandle"),
    )


def check_assertion(
    claimed: ClaimedAssertion, *, passkey: Passkey, challenge: bytes, party: RelyingParty
) -> ProvenAssertion:
    """Return what an assertion proves of `passkey`. Raises PasskeyRefused, its `fault` naming the step it failed.

    `challenge` is what the authenticator was asked to sign, `party` who we are. The numbers are the specification's.
    """
    if not hmac.compare_digest(claimed.passkey_id, passkey.id):  # 5, 6
        raise PasskeyRefused(PasskeyFault.WRONG_PASSKEY, "this is another passkey's answer")
    if claimed.user_handle is not None and claimed.user_handle != passkey.person_id.encode():
        raise PasskeyRefused(PasskeyFault.WRONG_PASSKEY, "the passkey names another person")
    if passkey.revoked_at is not None:
        raise PasskeyRefused(PasskeyFault.REVOKED, "this passkey was revoked")
    client_data = read_client_data(claimed.client_data)
    check_client_data(client_data, kind=_GET, challenge=challenge, party=party)
    told = read_authenticator_data(claimed.authenticator_data)
    check_flags(told, party=party)
    if told.backup_eligible == passkey.device_bound:  # 18: the flag never changes
        raise PasskeyRefused(PasskeyFault.BACKUP_CHANGED, "a passkey does not change whether it can be synced")
    _check_signature(claimed, passkey.public_key)
    _check_count(told.sign_count, before=passkey.sign_count)
    return ProvenAssertion(
        passkey_id=passkey.id,
        person_id=passkey.person_id,
        challenge=challenge,
        user_verified=told.user_verified,
        sign_count=told.sign_count,
        device_bound=passkey.device_bound,
        backed_up=told.backed_up,
    )


def check_client_data(told: ClientData, *, kind: str, challenge: bytes, party: RelyingParty) -> None:
    """Raise PasskeyRefused unless the browser says: this kind of ceremony, this challenge, on our own page (10-13)."""
    if told.kind != kind:
        raise PasskeyRefused(PasskeyFault.WRONG_TYPE, f"an answer of the kind {kind} is needed")
    if not hmac.compare_digest(told.challenge, challenge):
        raise PasskeyRefused(PasskeyFault.WRONG_CHALLENGE, "something else was signed than was asked for")
    if told.origin != party.origin:
        raise PasskeyRefused(PasskeyFault.WRONG_ORIGIN, f"passkeys are used on {party.origin} only")
    if told.cross_origin:
        raise PasskeyRefused(PasskeyFault.CROSS_ORIGIN, "passkeys are not used inside another site's page")


def check_flags(told: AuthenticatorFlags, *, party: RelyingParty) -> None:
    """Raise PasskeyRefused unless it was meant for us, and its user was there and verified (15-17)."""
    if not hmac.compare_digest(told.party_hash, hashlib.sha256(party.id.encode()).digest()):
        raise PasskeyRefused(PasskeyFault.WRONG_PARTY, f"the passkey was used for something else than {party.id}")
    if not told.user_present:
        raise PasskeyRefused(PasskeyFault.NOBODY_PRESENT, "nobody touched the authenticator")
    if not told.user_verified:
        raise PasskeyRefused(
            PasskeyFault.NOT_VERIFIED, "the authenticator did not verify who used it: a PIN, finger or face is needed"
        )


def _check_signature(claimed: ClaimedAssertion, public_key: bytes) -> None:
    try:
        key = decode_credential_public_key(public_key)
        if key.alg not in ALGORITHMS:
            raise PasskeyRefused(PasskeyFault.WRONG_ALGORITHM, "ES256, EdDSA or RS256 is needed")
        verify_signature(
            public_key=decoded_public_key_to_cryptography(key),
            signature_alg=key.alg,
            signature=claimed.signature,
            data=claimed.authenticator_data + hashlib.sha256(claimed.client_data).digest(),
        )
    except InvalidSignature:
        raise PasskeyRefused(PasskeyFault.WRONG_SIGNATURE, "the signature does not verify") from None


def _check_count(count: int, *, before: int) -> None:
    """Step 22: a count that does not rise is a copy of the authenticator, unless nothing is counted at all."""
    if (count or before) and count <= before:
        raise PasskeyRefused(
            PasskeyFault.SIGN_COUNT, "the authenticator counts backwards: there may be a copy of it; use another one"
        )
