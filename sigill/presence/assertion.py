"""One passkey assertion over a statement, checked with nothing but itself (WebAuthn level 3, section 7.2).

1. client data   what the browser says: the challenge, and on which page it was asked (steps 9 to 14)
2. rp id hash    for whom the authenticator answered (step 15)
3. flags         somebody was there (UP) and was verified (UV); a backed-up key is one that can be (steps 16 to 19)
4. signature     by the registered key over authenticator data and the hash of the client data (steps 21 and 22)

The signature counter is the service's business: it remembers the last one (step 23).
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding, SignatureInvalid
from sigill.presence.cose import parse_cose_key
from sigill.presence.errors import (
    MalformedRelease,
    ReleaseChallenge,
    ReleaseOrigin,
    ReleaseRelyingParty,
    ReleaseSignature,
    ReleaseUserNotVerified,
)

MAX_CLIENT_DATA_BYTES: Final = 2048
MAX_AUTHENTICATOR_DATA_BYTES: Final = 1024
MAX_SIGNATURE_BYTES: Final = 512
_FIXED_BYTES: Final = 37  # the hash, the flags, the counter (section 6.1)
_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator and its browser answered, as bytes; nothing is believed."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CheckedAssertion:
    """What an assertion that verified says beside that: its counter (0 where nothing counts)."""

    sign_count: int


def check_assertion(
    assertion: Assertion, *, public_key: bytes, challenge: bytes, origin: str, rp_id: str
) -> CheckedAssertion:
    """Verify one assertion by a COSE key.

    `origin` is the one exact origin; no page within another page counts. Raises MalformedRelease, and every kind of
    ReleaseInvalid but ReleaseOfAnother.
    """
    _check_sizes(assertion)
    _check_client_data(assertion.client_data, challenge=challenge, origin=origin)
    sign_count = _check_authenticator_data(assertion.authenticator_data, rp_id=rp_id)
    message = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        parse_cose_key(public_key).verify(signature=assertion.signature, message=message)
    except SignatureInvalid:
        raise ReleaseSignature("the signature does not verify with the registered passkey") from None
    return CheckedAssertion(sign_count)


def check_origin_of(*, origin: str, rp_id: str) -> None:
    """Raise ReleaseOrigin unless `rp_id` is the origin's host or a domain above it (section 5.1.3)."""
    host = urlsplit(origin).hostname or ""
    if host != rp_id and not host.endswith(f".{rp_id}"):
        raise ReleaseOrigin("the relying party is not the web page's own")


def _check_sizes(assertion: Assertion) -> None:
    bounds = (
        ("clientDataJSON", assertion.client_data, MAX_CLIENT_DATA_BYTES),
        ("authenticatorData", assertion.authenticator_data, MAX_AUTHENTICATOR_DATA_BYTES),
        ("signature", assertion.signature, MAX_SIGNATURE_BYTES),
    )
    for name, data, most in bounds:
        if not 0 < len(data) <= most:
            raise MalformedRelease(f"{name} has 1 to {most} bytes, not {len(data)}")


def _check_client_data(data: bytes, *, challenge: bytes, origin: str) -> None:
    try:
        value: Any = parse_json(data, max_bytes=MAX_CLIENT_DATA_BYTES)
    except MalformedEncoding as error:
        raise MalformedRelease(f"clientDataJSON: {error}") from None
    if not isinstance(value, dict) or value.get("type") != "webauthn.get":
        raise MalformedRelease("clientDataJSON is an object whose type is webauthn.get")
    if value.get("challenge") != format_base64url(challenge):
        raise ReleaseChallenge("the challenge is that of another statement")
    if value.get("origin") != origin:
        raise ReleaseOrigin("the assertion was made on another web page")
    if value.get("crossOrigin", False) is not False or "topOrigin" in value:
        raise ReleaseOrigin("the assertion was made on a page within another page")


def _check_authenticator_data(data: bytes, *, rp_id: str) -> int:
    if len(data) < _FIXED_BYTES:
        raise MalformedRelease("authenticatorData is cut off")
    flags = data[32]
    if data[:32] != hashlib.sha256(rp_id.encode("utf-8")).digest():
        raise ReleaseRelyingParty("the authenticator answered another relying party")
    if flags & _ATTESTED or bool(flags & _EXTENDED) != (len(data) > _FIXED_BYTES):
        raise MalformedRelease("authenticatorData of an assertion ends with the counter, or with extensions it names")
    if not flags & _USER_PRESENT or not flags & _USER_VERIFIED:
        raise ReleaseUserNotVerified("the authenticator did not verify who used it")
    if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
        raise MalformedRelease("a passkey that is backed up is one that can be")
    return int.from_bytes(data[33:37], "big")
