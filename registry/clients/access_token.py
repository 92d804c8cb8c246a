"""Access tokens: JWTs of RFC 9068, signed by the guarantor's token key, good for ten minutes, e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"at+jwt"}
    {"aud":"https://guarantor.example/v1","client_id":"cl-…","client_key":"<RFC 7638>","exp":1795306200,
     "iat":1795305600,"iss":"https://guarantor.example","jti":"<ULID>","scope":"messages:read messages:sign",
     "sub":"cl-…"}

`client_key` names the key that the client showed for it: revoked, it takes its tokens with it. A token says which
scopes were asked for at most; what its client may do now is looked up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from registry.clients.assertion import CLIENT_ID
from registry.clients.model import ClientId
from registry.errors import CredentialExpired, CredentialUnknown
from registry.model import Scope
from sigill.encoding.ulid import format_ulid
from sigill.errors import MalformedSeal, SignatureInvalid
from sigill.keys.p256 import Signer, check_signature
from sigill.seal.jws import ACCESS_TOKEN_TYP, parse_jws, sign_jws

LASTS: Final = timedelta(minutes=10)
MAX_CHARACTERS: Final = 1600
_CLAIMS: Final = frozenset({"aud", "client_id", "client_key", "exp", "iat", "iss", "jti", "scope", "sub"})
_THUMBPRINT: Final = 43
_RANDOM_BYTES: Final = 10

KeyOf = Callable[[str, datetime], ec.EllipticCurvePublicKey | None]
"""The guarantor's token key of a kid, if what it signs is believed at this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a token says: whose it is, by which of its keys, for what, until when."""

    client_id: ClientId
    thumbprint: str
    scopes: frozenset[Scope]
    issued_at: datetime
    expires_at: datetime
    jti: str


def audience(issuer: str) -> str:
    """Return what `aud` of access tokens is: this service's API."""
    return f"{issuer}/v1"


def make_access_token(
    client_id: ClientId,
    thumbprint: str,
    scopes: frozenset[Scope],
    *,
    at: datetime,
    random: Callable[[int], bytes],
) -> AccessToken:
    """Return a new token's content, in whole seconds."""
    issued = at.replace(microsecond=0)
    jti = format_ulid(at=at, randomness=random(_RANDOM_BYTES))
    return AccessToken(
        client_id=client_id,
        thumbprint=thumbprint,
        scopes=scopes,
        issued_at=issued,
        expires_at=issued + LASTS,
        jti=jti,
    )


def sign_access_token(token: AccessToken, *, issuer: str, signer: Signer) -> str:
    """Return the token as it is handed out; `read_access_token` reads it back."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": token.client_id,
        "client_id": token.client_id,
        "client_key": token.thumbprint,
        "aud": audience(issuer),
        "scope": " ".join(sorted(token.scopes)),
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "jti": token.jti,
    }
    return sign_jws(claims, typ=ACCESS_TOKEN_TYP, signer=signer)


def read_access_token(text: str, *, issuer: str, key_of: KeyOf, at: datetime) -> AccessToken:
    """Return what a token of this issuer says that is good at `at`. Raises CredentialUnknown, CredentialExpired."""
    if len(text) > MAX_CHARACTERS:
        raise CredentialUnknown(f"an access token has at most {MAX_CHARACTERS} characters")
    try:
        jws = parse_jws(text, typ=ACCESS_TOKEN_TYP)
    except MalformedSeal as error:
        raise CredentialUnknown(f"this is no access token of ours: {error}") from None
    key = key_of(jws.kid, at)
    if key is None:
        raise CredentialUnknown("no token key of ours signed this access token")
    try:
        check_signature(key, signature=jws.signature, message=jws.signing_input)
    except SignatureInvalid:
        raise CredentialUnknown("the access token's signature does not verify") from None
    token = _read_claims(jws.payload, issuer=issuer)
    if at >= token.expires_at:
        raise CredentialExpired("the access token has run out: get a new one at /oauth/token")
    return token


def _read_claims(claims: Mapping[str, Any], *, issuer: str) -> AccessToken:
    if claims.keys() != _CLAIMS:
        raise CredentialUnknown("an access token has other claims")
    if claims["iss"] != issuer or claims["aud"] != audience(issuer):
        raise CredentialUnknown("the access token was made by or for another service")
    client_id, thumbprint, scope, jti = (claims[name] for name in ("client_id", "client_key", "scope", "jti"))
    if not all(isinstance(text, str) for text in (client_id, thumbprint, scope, jti)):
        raise CredentialUnknown("an access token has other claims")
    if claims["sub"] != client_id or not CLIENT_ID.match(client_id) or len(thumbprint) != _THUMBPRINT:
        raise CredentialUnknown("the access token names no client")
    known = {each.value: each for each in Scope}
    return AccessToken(
        client_id=ClientId(client_id),
        thumbprint=thumbprint,
        scopes=frozenset(known[word] for word in scope.split(" ") if word in known),
        issued_at=_time(claims["iat"]),
        expires_at=_time(claims["exp"]),
        jti=jti,
    )


def _time(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise CredentialUnknown("a time in an access token is a number of Unix seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise CredentialUnknown("a time in an access token is out of range") from None
