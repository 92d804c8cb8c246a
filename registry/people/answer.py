"""Reading what an authenticator answered: JSON, client data, authenticator data. Bounded, total, nothing believed.

    {"id":"…","rawId":"…","type":"public-key","response":{"clientDataJSON":"…","authenticatorData":"…","signature":"…"}}

as `PublicKeyCredential.toJSON()` gives it (WebAuthn Level 3, section 5.1); binary parts are base64url.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.errors import PasskeyFault, PasskeyRefused
from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding

MAX_ANSWER: Final = 32_768
"""Characters of a whole answer: an attestation with three certificates has some 8,000."""

_MAX_CLIENT_DATA: Final = 4096
_MAX_ID: Final = 1023
_LEAST_AUTHENTICATOR_DATA: Final = 37
_MAX_AUTHENTICATOR_DATA: Final = 8192
_PRESENT, _VERIFIED, _ELIGIBLE, _BACKED_UP, _EXTENSIONS = 0x01, 0x04, 0x08, 0x10, 0x80


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An authenticator's answer: the passkey's id, and the parts of its response, still in base64url."""

    raw_id: bytes
    response: Mapping[str, Any]

    def part(self, name: str) -> bytes:
        """Return a part's bytes. Raises PasskeyRefused."""
        found = self.optional_part(name)
        if found is None:
            raise _malformed(f"the answer has no {name}")
        return found

    def optional_part(self, name: str) -> bytes | None:
        """Return a part's bytes, None where it is not there. Raises PasskeyRefused."""
        value = self.response.get(name)
        return None if value is None else _bytes_of(value, name)


@dataclass(frozen=True, slots=True)
class ClientData:
    """What the browser says of a ceremony (section 5.8.1)."""

    kind: str
    challenge: bytes
    origin: str
    cross_origin: bool


@dataclass(frozen=True, slots=True)
class AuthenticatorFlags:
    """The fixed part of the authenticator data (section 6.1)."""

    party_hash: bytes
    user_present: bool
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    sign_count: int


def parse_answer(text: str) -> Answer:
    """Read an answer. Raises PasskeyRefused."""
    if len(text) > MAX_ANSWER:
        raise PasskeyRefused(PasskeyFault.TOO_LARGE, f"an authenticator's answer has at most {MAX_ANSWER} characters")
    value = _object(text.encode("utf-8", "surrogatepass"), MAX_ANSWER * 4)
    if value.get("type") != "public-key":
        raise _malformed("the answer's type is public-key")
    response = value.get("response")
    if not isinstance(response, dict):
        raise _malformed("the answer has no response")
    raw_id = _bytes_of(value.get("rawId"), "rawId")
    if not 0 < len(raw_id) <= _MAX_ID or value.get("id") != value.get("rawId"):
        raise _malformed("id and rawId are the same, of 1 to 1023 bytes")
    return Answer(raw_id, response)


def read_client_data(data: bytes) -> ClientData:
    """Read the client data a signature covers. Raises PasskeyRefused.

    Members of newer browsers are passed over. A member written twice is refused: two readers may differ on it.
    """
    if len(data) > _MAX_CLIENT_DATA:
        raise PasskeyRefused(PasskeyFault.TOO_LARGE, f"client data has at most {_MAX_CLIENT_DATA} bytes")
    value = _object(data, _MAX_CLIENT_DATA)
    kind, challenge, origin = (value.get(name) for name in ("type", "challenge", "origin"))
    if not (isinstance(kind, str) and isinstance(challenge, str) and isinstance(origin, str)):
        raise _malformed("client data names type, challenge and origin")
    cross = value.get("crossOrigin", False)
    if not isinstance(cross, bool):
        raise _malformed("crossOrigin is true or false")
    return ClientData(kind, _bytes_of(challenge, "challenge"), origin, cross or "topOrigin" in value)


def read_authenticator_data(data: bytes) -> AuthenticatorFlags:
    """Read the fixed part of an authenticator's data: 37 bytes; what may follow is signed and not looked at.

    Raises PasskeyRefused. No CBOR is read.
    """
    if len(data) > _MAX_AUTHENTICATOR_DATA:
        raise PasskeyRefused(PasskeyFault.TOO_LARGE, f"authenticator data has at most {_MAX_AUTHENTICATOR_DATA} bytes")
    if len(data) < _LEAST_AUTHENTICATOR_DATA:
        raise _malformed(f"authenticator data has at least {_LEAST_AUTHENTICATOR_DATA} bytes")
    flags = data[32]
    if flags & _BACKED_UP and not flags & _ELIGIBLE:
        raise _malformed("a passkey that cannot be synced says that it was")
    return AuthenticatorFlags(
        party_hash=data[:32],
        user_present=bool(flags & _PRESENT),
        user_verified=bool(flags & _VERIFIED),
        backup_eligible=bool(flags & _ELIGIBLE),
        backed_up=bool(flags & _BACKED_UP),
        sign_count=int.from_bytes(data[33:37], "big"),
    )


def _object(data: bytes, max_bytes: int) -> dict[str, Any]:
    try:
        value = parse_json(data, max_bytes=max_bytes)
    except MalformedEncoding:
        raise _malformed("an authenticator's answer is a JSON object") from None
    if not isinstance(value, dict):
        raise _malformed("an authenticator's answer is a JSON object")
    return value


def _bytes_of(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise _malformed(f"{name} is base64url")
    try:
        return parse_base64url(value)
    except MalformedEncoding:
        raise _malformed(f"{name} is base64url") from None


def _malformed(says: str) -> PasskeyRefused:
    return PasskeyRefused(PasskeyFault.MALFORMED, says)
