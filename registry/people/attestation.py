"""What a new passkey's attestation proves (WebAuthn Level 3, section 7.1): its key, and the kind of authenticator.

The statement is checked against what it covers, but against no list of makers: its format is on record, not a promise
that the maker is who it says. Pure.
"""

from dataclasses import dataclass
from typing import Final

from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
from webauthn.helpers.structs import AttestationFormat, CredentialDeviceType

from registry.errors import PasskeyFault, PasskeyRefused
from registry.people.answer import parse_answer, read_client_data
from registry.people.assertion import ALGORITHMS, check_client_data
from registry.people.relying_party import RelyingParty
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import parse_json

_CREATE: Final = "webauthn.create"
_TRANSPORTS: Final = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})
_MAX_ATTESTATION: Final = 16_384
_MAX_PUBLIC_KEY: Final = 1024
_MAX_ANSWER_BYTES: Final = 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEnrolment:
    """A new passkey, as its authenticator told of it. `attestation` is the format of its statement."""

    passkey_id: str
    public_key: bytes
    sign_count: int
    aaguid: str
    attestation: str
    device_bound: bool
    transports: tuple[str, ...]


def claimed_challenge(text: str) -> bytes:
    """Return the challenge an answer says it signs. Raises PasskeyRefused."""
    return read_client_data(parse_answer(text).part("clientDataJSON")).challenge


def check_enrolment(text: str, *, challenge: bytes, party: RelyingParty) -> ProvenEnrolment:
    """Return what the JSON of `PublicKeyCredential.toJSON()` after a `create` proves. Raises PasskeyRefused."""
    answer = parse_answer(text)
    told = read_client_data(answer.part("clientDataJSON"))
    check_client_data(told, kind=_CREATE, challenge=challenge, party=party)
    if len(answer.part("attestationObject")) > _MAX_ATTESTATION:
        raise PasskeyRefused(PasskeyFault.TOO_LARGE, f"an attestation has at most {_MAX_ATTESTATION} bytes")
    credential = parse_json(text.encode("utf-8", "surrogatepass"), max_bytes=_MAX_ANSWER_BYTES)
    try:
        proven = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        decoded_public_key_to_cryptography(decode_credential_public_key(proven.credential_public_key))
    except Exception as error:  # noqa: BLE001 - a parser of CBOR, X.509 and ASN.1 over a stranger's bytes
        says = f"the authenticator's answer cannot be taken ({type(error).__name__})"
        raise PasskeyRefused(PasskeyFault.ATTESTATION, says) from None
    if proven.credential_id != answer.raw_id or len(proven.credential_public_key) > _MAX_PUBLIC_KEY:
        raise PasskeyRefused(PasskeyFault.MALFORMED, "the passkey's id or key is not what was attested")
    return ProvenEnrolment(
        passkey_id=format_base64url(proven.credential_id),
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        aaguid=proven.aaguid,
        attestation=AttestationFormat(proven.fmt).value,
        device_bound=proven.credential_device_type is CredentialDeviceType.SINGLE_DEVICE,
        transports=_transports(answer.response.get("transports")),
    )


def _transports(told: object) -> tuple[str, ...]:
    """Return the words of what a browser says of transports that there are: hints, and nothing depends on them."""
    return (
        tuple(sorted(_TRANSPORTS & {each for each in told if isinstance(each, str)})) if isinstance(told, list) else ()
    )
