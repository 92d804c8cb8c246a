"""A compact JWS (RFC 7515) that a client signed: read strictly, before anything of it is believed.

The header has `alg`, and may have `kid` and `typ`; nothing else is understood, so nothing else is let pass (`crit`
least of all). Members that appear twice, padding, and other spellings of base64url are refused (RFC 8725).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from registry.clients.public_key import PublicKey
from registry.clients.reasons import Reason, Untrusted
from sigill.encoding.compact_jws import split_compact
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding, SignatureInvalid

MAX_CHARACTERS: Final = 8192
LONGEST: Final = timedelta(minutes=5)
"""How long before its end a statement of a client may have been made."""

SKEW: Final = timedelta(seconds=30)
"""How far a client's clock may be from ours."""

ALGORITHMS: Final = ("ES256", "EdDSA", "Ed25519", "PS256")
MAX_JTI: Final = 255
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_MAX_UNIX_S: Final = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """Well-formed, not verified."""

    alg: str
    kid: str | None
    typ: str | None
    claims: Mapping[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def check_signature(self, key: PublicKey) -> None:
        """Raise Untrusted unless `key` signed this, by the algorithm of that key."""
        if self.alg not in key.algorithms:
            raise Untrusted(Reason.WRONG_ALGORITHM, f"alg does not fit the key: it is {key.algorithms[0]}")
        try:
            key.verify(signature=self.signature, message=self.signing_input)
        except SignatureInvalid:
            raise Untrusted(Reason.WRONG_SIGNATURE, "the signature does not verify with this key") from None


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a statement ends, and the id under which it counts once."""

    jti: str
    expires_at: datetime


def parse_statement(text: str) -> SignedStatement:
    """Read a compact JWS of at most 8192 characters. Raises Untrusted."""
    if len(text) > MAX_CHARACTERS:
        raise Untrusted(Reason.TOO_LONG, f"a signed statement has at most {MAX_CHARACTERS} characters")
    try:
        parts = split_compact(text, max_characters=MAX_CHARACTERS)
        claims = parse_json(parts.payload, max_bytes=MAX_CHARACTERS)
    except MalformedEncoding as error:
        reason = Reason.DUPLICATE_MEMBER if "duplicate member" in str(error) else Reason.MALFORMED
        raise Untrusted(reason, f"the JWT cannot be read: {error}") from None
    header = parts.header
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Untrusted(Reason.MALFORMED, "header and payload of a JWT are objects")
    return SignedStatement(
        alg=_checked_alg(header),
        kid=_text(header, "kid"),
        typ=_text(header, "typ"),
        claims=claims,
        signing_input=parts.signing_input,
        signature=parts.signature,
    )


def check_freshness(claims: Mapping[str, Any], *, at: datetime) -> Freshness:
    """Return the id and the end of a statement that is good at `at`, and has at most five minutes to live.

    `jti` and `exp` are required; `iat` and `nbf`, where they are, are not in the future. Raises Untrusted.
    """
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI:
        raise Untrusted(Reason.NO_ID, f"jti is required: 1 to {MAX_JTI} characters that are never used again")
    expires_at = _time(claims, "exp")
    if expires_at is None:
        raise Untrusted(Reason.NO_END, "exp is required")
    if at >= expires_at + SKEW:
        raise Untrusted(Reason.EXPIRED, "exp is past")
    if expires_at > at + LONGEST + SKEW:
        raise Untrusted(Reason.TOO_FAR_AHEAD, "exp is more than five minutes ahead")
    for name in ("iat", "nbf"):
        moment = _time(claims, name)
        if moment is not None and moment > at + SKEW:
            raise Untrusted(Reason.IN_THE_FUTURE, f"{name} is in the future")
    return Freshness(jti, expires_at)


def _checked_alg(header: Mapping[str, Any]) -> str:
    if "crit" in header:
        raise Untrusted(Reason.CRITICAL_EXTENSION, "crit names extensions that are not understood here")
    if not header.keys() <= _HEADER:
        raise Untrusted(Reason.MALFORMED, "the header has alg, kid and typ, and nothing else")
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise Untrusted(Reason.WRONG_ALGORITHM, "alg is ES256, EdDSA or PS256")
    return alg


def _text(header: Mapping[str, Any], name: str) -> str | None:
    value = header.get(name)
    if value is not None and not isinstance(value, str):
        raise Untrusted(Reason.MALFORMED, f"{name} is a string")
    return value


def _time(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_UNIX_S:
        raise Untrusted(Reason.MALFORMED, f"{name} is a time in Unix seconds")
    return datetime.fromtimestamp(value, UTC)
