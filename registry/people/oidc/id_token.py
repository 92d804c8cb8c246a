"""Reading an ID token (OpenID Connect Core 1.0, section 3.1.3.7): whose sign-in it speaks of. Pure.

PyJWT checks the signature and the times; what is particular here is checked by hand: one audience, one exact issuer,
the nonce of this very browser, and a sign-in that is recent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from registry.errors import ProviderRefused

ALGORITHMS: Final = ("ES256", "RS256", "PS256", "EdDSA")
SKEW: Final = timedelta(seconds=30)
RECENT: Final = timedelta(minutes=15)
MAX_CHARACTERS: Final = 16_384
_MAX_SUBJECT: Final = 255


def kid_of(token: str) -> str | None:
    """Return the key a token names. Raises ProviderRefused."""
    if len(token) > MAX_CHARACTERS:
        raise ProviderRefused("token_too_long", "the ID token is too long")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        raise ProviderRefused("malformed_token", "the ID token cannot be read") from None
    return kid if isinstance(kid, str) else None


def read_id_token(token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str, at: datetime) -> str:
    """Return the subject an ID token speaks of. Raises ProviderRefused."""
    kid = kid_of(token)
    try:
        found = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if kid is None or key.key_id == kid]
        usable = [key for key in found if key.public_key_use in {None, "sig"}]
        if len(usable) != 1:
            raise ProviderRefused("unknown_key", "the ID token is signed with a key that the provider does not show")
        claims: dict[str, Any] = jwt.decode(
            token,
            usable[0],
            algorithms=list(ALGORITHMS),
            options={
                "require": ["iss", "sub", "aud", "exp", "iat"],
                "verify_aud": False,
                "verify_iat": False,
                "verify_exp": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise ProviderRefused("bad_token", f"the ID token does not verify ({type(error).__name__})") from None
    _check_claims(claims, issuer=issuer, client_id=client_id, nonce=nonce)
    _check_times(claims, at=at)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT or not subject.isprintable():
        raise ProviderRefused("bad_subject", "the ID token names nobody")
    return subject


def _check_claims(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str) -> None:
    if claims["iss"] != issuer:
        raise ProviderRefused("wrong_issuer", "the ID token is of another provider")
    if claims["aud"] not in (client_id, [client_id]):
        raise ProviderRefused("wrong_audience", "the ID token is for another service, or for several")
    if claims.get("azp", client_id) != client_id:
        raise ProviderRefused("wrong_audience", "the ID token was given to another service")
    if claims.get("nonce") != nonce:
        raise ProviderRefused("wrong_nonce", "the ID token is of another sign-in")


def _check_times(claims: Mapping[str, Any], *, at: datetime) -> None:
    if _time(claims["exp"]) + SKEW <= at:
        raise ProviderRefused("expired", "the ID token has run out")
    if _time(claims["iat"]) - SKEW > at:
        raise ProviderRefused("from_the_future", "the ID token was made later than now")
    if _time(claims.get("auth_time")) + RECENT + SKEW <= at:  # asked for by `max_age`
        raise ProviderRefused("stale", "the sign-in at the identity provider is too old: sign in there again")


def _time(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProviderRefused("bad_time", "a time in the ID token is missing or no number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise ProviderRefused("bad_time", "a time in the ID token is out of range") from None
