"""Proof that whoever registers a public key holds its private half: a statement signed with that very key, e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"sigill-key-proof+jwt"}
    {"aud":"https://guarantor.example","exp":1795305660,"iat":1795305600,"jti":"…","sub":"exempelbanken"}

`sub` is the operator for which the key is to act, so that nobody can register somebody else's key as theirs; `aud` is
the issuer of this service. A key is registered once, ever (its thumbprint is unique), so a proof counts once too.
"""

from datetime import datetime

from registry.clients.assertion import check_audience
from registry.clients.compact import SignedStatement, check_freshness, parse_statement
from registry.clients.public_key import PublicKey
from registry.clients.reasons import Reason, Untrusted
from registry.errors import ClientKeyRefused
from sigill.keys.client_statements import PROOF_TYP


def check_possession(proof: str, *, key: PublicKey, operator_id: str | None, issuer: str, at: datetime) -> None:
    """Raise ClientKeyRefused unless `proof` was signed with `key` for this operator and issuer within five minutes.

    `operator_id` is None for a client of no operator: then `sub` is the issuer.
    """
    try:
        _check(parse_statement(proof), key=key, subject=operator_id or issuer, issuer=issuer, at=at)
    except Untrusted as error:
        raise ClientKeyRefused(f"the proof of possession does not hold: {error}") from None


def _check(statement: SignedStatement, *, key: PublicKey, subject: str, issuer: str, at: datetime) -> None:
    if statement.typ != PROOF_TYP:
        raise Untrusted(Reason.WRONG_TYPE, f"typ is {PROOF_TYP}")
    if statement.kid not in {None, key.thumbprint}:
        raise Untrusted(Reason.UNKNOWN_KEY, "kid is the thumbprint of the key that is registered")
    statement.check_signature(key)
    check_audience(statement, issuer=issuer)
    if statement.claims.get("sub") != subject:
        raise Untrusted(Reason.WRONG_SUBJECT, "sub is the operator's id")
    check_freshness(statement.claims, at=at)
