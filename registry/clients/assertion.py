"""Client assertions: `private_key_jwt` (RFC 7523 section 2.2) by the rules of draft-ietf-oauth-rfc7523bis-11, e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"client-authentication+jwt"}
    {"aud":"https://guarantor.example","exp":1795305660,"iat":1795305600,"iss":"cl-…","jti":"…","sub":"cl-…"}

`aud` is the issuer of this service alone, as one string: an assertion for an endpoint, or for several audiences, could
have been meant for somebody else (section 4). `typ` may be missing or `JWT`, as that draft lets it be; any other is of
another kind of token. `jti` is required and counts once (`registry.clients.replay`).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.clients.compact import SignedStatement, check_freshness, parse_statement
from registry.clients.model import ClientId
from registry.clients.public_key import PublicKey
from registry.clients.reasons import Reason, Untrusted
from sigill.keys.client_statements import ASSERTION_TYP

_TYPS: Final = frozenset({ASSERTION_TYP, f"application/{ASSERTION_TYP}", "jwt"})
CLIENT_ID: Final = re.compile(r"cl-[0-9a-hjkmnp-tv-z]{20}\Z")


@dataclass(frozen=True, slots=True)
class ClaimedAssertion:
    """An assertion as it was read: whose it claims to be. Not verified."""

    client_id: ClientId
    statement: SignedStatement

    @property
    def kid(self) -> str | None:
        """The key it claims to be signed with."""
        return self.statement.kid


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion: its client, the key that signed it, and until when its `jti` is not to be used again."""

    client_id: ClientId
    thumbprint: str
    jti: str
    expires_at: datetime


def parse_assertion(text: str) -> ClaimedAssertion:
    """Read an assertion. Raises Untrusted."""
    statement = parse_statement(text)
    if statement.typ is not None and statement.typ.lower() not in _TYPS:
        raise Untrusted(Reason.WRONG_TYPE, f"typ is {ASSERTION_TYP}: another kind of token is no client assertion")
    issuer, subject = statement.claims.get("iss"), statement.claims.get("sub")
    if not isinstance(issuer, str) or not CLIENT_ID.match(issuer):
        raise Untrusted(Reason.WRONG_ISSUER, "iss is the client's id, such as cl-7k3f9q2mxt4b7k3f9q2m")
    if subject != issuer:
        raise Untrusted(Reason.WRONG_SUBJECT, "sub is the same as iss: the client's id")
    return ClaimedAssertion(ClientId(issuer), statement)


def verify_assertion(claimed: ClaimedAssertion, *, key: PublicKey, issuer: str, at: datetime) -> Assertion:
    """Return the assertion if `key` signed it for this `issuer` and it is good at `at`. Raises Untrusted."""
    claimed.statement.check_signature(key)
    check_audience(claimed.statement, issuer=issuer)
    fresh = check_freshness(claimed.statement.claims, at=at)
    return Assertion(claimed.client_id, key.thumbprint, fresh.jti, fresh.expires_at)


def check_audience(statement: SignedStatement, *, issuer: str) -> None:
    """Raise Untrusted unless `aud` is this issuer alone, as one string."""
    audience = statement.claims.get("aud")
    if isinstance(audience, list):
        raise Untrusted(Reason.WRONG_AUDIENCE, "aud is one string, not a list: the issuer of this service alone")
    if audience != issuer:
        raise Untrusted(Reason.WRONG_AUDIENCE, f"aud is the issuer of this service: {issuer}")
